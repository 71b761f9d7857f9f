import { useComputed, useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import type { AgentView } from "../../core/pool/views.ts";
import type { RunView } from "../../core/project/views.ts";
import { get, type Listed } from "./api.ts";
import { Dialog } from "./dialog.tsx";
import { findingOfRun, findingsOf, issueAsked, matching, type Finding } from "./findings.ts";
import { projects } from "./mesh-store.ts";
import { closeOverlay } from "./overlay.tsx";
import { goTo } from "./place.ts";

const pauseMs = 250;

/** Finds pages, projects, runs and agents by what is typed, and goes there; all by keyboard. */
export function SearchDialog(): JSX.Element {
  const typed = useSignal("");
  const chosen = useSignal(0);
  const agents = useSignal<readonly AgentView[]>([]);
  const asked = useAskedRun(typed.value);
  useEffect(() => {
    void get<Listed<AgentView>>("/agents").then((answer) => {
      if (answer.ok) agents.value = answer.value.items;
    });
  }, []);
  const known = useComputed(() => findingsOf(projects.value ?? [], agents.value));
  const found = asked ? [asked] : matching(known.value, typed.value);
  const at = Math.min(chosen.value, Math.max(0, found.length - 1));

  function press(event: KeyboardEvent): void {
    const by = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (by !== 0 && found.length > 0) {
      event.preventDefault();
      chosen.value = (at + by + found.length) % found.length;
    }
  }
  function open(finding: Finding | undefined): void {
    if (!finding) return;
    closeOverlay();
    goTo(finding.address);
  }
  return (
    <Dialog title="Search" onClose={closeOverlay}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          open(found[at]);
        }}
      >
        <input
          type="text"
          enterkeyhint="go"
          autofocus
          role="combobox"
          list={undefined}
          aria-label="Search projects, runs, agents and pages"
          aria-expanded="true"
          aria-controls="found"
          aria-activedescendant={found.length > 0 ? `found-${at}` : undefined}
          autocomplete="off"
          placeholder="a title, owner/name#12, an agent, a page"
          value={typed.value}
          onInput={(event) => {
            typed.value = event.currentTarget.value;
            chosen.value = 0;
          }}
          onKeyDown={press}
        />
      </form>
      <ul id="found" role="listbox" aria-label="Found" class="found">
        {found.map((finding, place) => (
          <li
            key={finding.address + finding.title}
            id={`found-${place}`}
            role="option"
            aria-selected={place === at}
            onClick={() => open(finding)}
          >
            <bdi>{finding.title}</bdi> <span class="quiet">{finding.about}</span>
          </li>
        ))}
      </ul>
      <p role="status" class="quiet">
        {found.length === 0 ? `Nothing here is like “${typed.value.trim()}”.` : ""}
      </p>
    </Dialog>
  );
}

/** The run of an issue that was typed by its key, also one that ended long ago; undefined while there is none. */
function useAskedRun(typed: string): Finding | undefined {
  const run = useSignal<{ readonly key: string; readonly finding: Finding } | undefined>(undefined);
  const issue = issueAsked(typed, projects.value ?? []);
  const key = issue ? `${issue.project}/${issue.issue}` : "";
  useEffect(() => {
    if (key === "") return;
    let left = false;
    const timer = setTimeout(() => {
      void get<RunView>(`/runs/${key}`).then((answer) => {
        if (!left && answer.ok) run.value = { key, finding: findingOfRun(answer.value) };
      });
    }, pauseMs);
    return () => {
      left = true;
      clearTimeout(timer);
    };
  }, [key]);
  return run.value?.key === key && key !== "" ? run.value.finding : undefined;
}
