import { expect, test } from "vitest";
import { AcpShown } from "./acp-shown.ts";
import type { AgentEvent } from "./driver.ts";

function shown(): { readonly told: AgentEvent[]; readonly shows: AcpShown } {
  const told: AgentEvent[] = [];
  return { told, shows: new AcpShown((event) => told.push(event)) };
}

test("pieces are one text until a tool begins; each tool begins and ends once, with what it changes and what came of it", () => {
  const { told, shows } = shown();
  shows.said("Look");
  shows.said("ing at it.\n");
  const call = { toolCallId: "t1", kind: "edit", title: "Edit a.ts", rawInput: { command: "sed -i s/a/b/ a.ts" } } as const;
  shows.called({ ...call, status: "pending", content: [{ type: "diff", path: "a.ts", oldText: "a", newText: "b" }] });
  shows.called({ ...call, status: "in_progress" });
  const content = [{ type: "content", content: { type: "text", text: "1 line changed" } }] as const;
  shows.called({ ...call, status: "completed", content: [...content] });
  shows.called({ ...call, status: "completed", content: [...content] });
  shows.said("Done.");
  shows.flush();
  expect(told).toEqual([
    { type: "said", text: "Looking at it." },
    {
      type: "tool-begun",
      toolId: "t1",
      title: "edit: Edit a.ts",
      detail: "sed -i s/a/b/ a.ts",
      diffs: [{ path: "a.ts", before: "a", after: "b" }],
    },
    { type: "tool-ended", toolId: "t1", output: "1 line changed", failed: false },
    { type: "said", text: "Done." },
  ]);
});

test("a failed tool says so; a change of mode is not shown; a text without end is told in parts", () => {
  const { told, shows } = shown();
  shows.called({ toolCallId: "m", kind: "switch_mode", title: "Ready", status: "pending" });
  shows.called({ toolCallId: "t", title: "Run", status: "pending" });
  shows.called({ toolCallId: "t", status: "failed" });
  shows.said("x".repeat(9_000));
  expect(told).toEqual([
    { type: "tool-begun", toolId: "t", title: "tool: Run" },
    { type: "tool-ended", toolId: "t", output: "", failed: true },
    { type: "said", text: "x".repeat(9_000) },
  ]);
});
