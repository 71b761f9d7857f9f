// @vitest-environment happy-dom
import { render, type ComponentChild } from "preact";
import { expect, test, vi } from "vitest";
import { EmptyState } from "./empty-state.tsx";
import { FailedState } from "./failed-state.tsx";
import { LoadingState } from "./loading-state.tsx";
import { StateBadge } from "./state-badge.tsx";
import { looks } from "./state-looks.ts";

function shown(child: ComponentChild): HTMLElement {
  const place = document.createElement("div");
  render(child, place);
  return place;
}

test("what failed is named with why and what is shown, and tried again when asked", () => {
  const again = vi.fn();
  const place = shown(<FailedState what="failed tasks" failure={{ detail: "The database does not answer." }} old again={again} />);
  expect(place.querySelector('[role="alert"]')?.textContent).toBe(
    "Failed tasks could not be loaded. What you see may be old. The database does not answer. Try again",
  );
  place.querySelector("button")?.click();
  expect(again).toHaveBeenCalledTimes(1);
  expect(shown(<FailedState what="the task" failure={{ detail: "It is gone." }} />).textContent).toBe(
    "The task could not be loaded. It is gone. ",
  );
});

test("what is being loaded says so once, and keeps as much room as is expected", () => {
  const place = shown(<LoadingState what="agents" rows={4} low />);
  expect(place.querySelector('[role="status"]')?.textContent).toBe("Loading agents…");
  expect(place.querySelectorAll('.row.low[aria-hidden="true"]')).toHaveLength(4);
});

test("nothing to show is said with what would bring something", () => {
  const place = shown(<EmptyState title="No project yet">Onboard one.</EmptyState>);
  expect([place.querySelector("h2")?.textContent, place.querySelector("p")?.textContent]).toEqual(["No project yet", "Onboard one."]);
  expect(shown(<EmptyState>Nothing.</EmptyState>).querySelector("h2")).toBeNull();
});

test("a state is told by its word, and by a shape that says nothing twice to a screen reader", () => {
  const place = shown(<StateBadge look={looks.task.lost} />);
  expect(place.textContent).toBe("lost");
  expect(place.querySelector("svg")?.getAttribute("aria-hidden")).toBe("true");
  expect(place.querySelector(".badge")?.className).toContain("tone-bad");
});
