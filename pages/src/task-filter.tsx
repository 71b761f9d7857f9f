import type { JSX } from "preact";
import { GivenOption } from "./given-option.tsx";
import { projects } from "./mesh-store.ts";

/** Which tasks are shown; empty = all. */
export interface TaskFilter {
  readonly status: string;
  readonly capability: string;
  readonly project: string;
  readonly agent: string;
}

const statuses = ["pending", "dispatched", "running", "completed", "failed", "cancelled"] as const;
/** What a capability or an agent may be called; anything else would be refused. */
const pattern = String.raw`[a-z0-9][a-z0-9._\-]{0,63}`;

/** What an address asks for; whatever the API would refuse is left out. */
export function parseTaskFilter(query: URLSearchParams): TaskFilter {
  const of = (name: keyof TaskFilter) => (query.get(name) ?? "").trim();
  const named = (text: string) => (new RegExp(`^${pattern}$`).test(text) ? text : "");
  return {
    status: statuses.find((status) => status === of("status")) ?? "",
    capability: named(of("capability")),
    project: of("project").slice(0, 200),
    agent: named(of("agent")),
  };
}

interface Props {
  readonly filter: TaskFilter;
  readonly onFilter: (filter: TaskFilter) => void;
}

/** Status and project to choose, capability and agent to type; what is typed counts once the field is left or Enter is pressed. */
export function TaskFilterForm({ filter, onFilter }: Props): JSX.Element {
  function typed(event: Event & { currentTarget: HTMLInputElement }, name: "capability" | "agent"): void {
    const { currentTarget } = event;
    currentTarget.value = currentTarget.value.trim();
    if (currentTarget.reportValidity()) onFilter({ ...filter, [name]: currentTarget.value });
  }
  const names = projects.value?.flatMap(({ name }) => name ?? []) ?? [];
  return (
    <form class="filters" aria-label="Which tasks" onSubmit={(event) => event.preventDefault()}>
      <label>
        Status
        <select value={filter.status} onChange={(event) => onFilter({ ...filter, status: event.currentTarget.value })}>
          <option value="">every</option>
          {statuses.map((status) => (
            <option key={status}>{status}</option>
          ))}
        </select>
      </label>
      <label>
        Project
        <select value={filter.project} onChange={(event) => onFilter({ ...filter, project: event.currentTarget.value })}>
          <option value="">every</option>
          <GivenOption value={filter.project} known={["", ...names]} />
          {names.map((name) => (
            <option key={name}>{name}</option>
          ))}
        </select>
      </label>
      <label>
        Capability
        <input pattern={pattern} value={filter.capability} autocapitalize="off" onChange={(event) => typed(event, "capability")} />
      </label>
      <label>
        Agent
        <input pattern={pattern} value={filter.agent} autocapitalize="off" onChange={(event) => typed(event, "agent")} />
      </label>
    </form>
  );
}
