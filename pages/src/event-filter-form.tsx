import type { JSX } from "preact";
import { everyEvent, eventRanges, type EventFilter } from "./event-filter.ts";
import { eventTypeWord, eventTypeWords } from "./event-type-words.ts";
import { GivenOption } from "./given-option.tsx";
import { projects } from "./mesh-store.ts";
import { MomentField } from "./moment-field.tsx";

interface Props {
  readonly filter: EventFilter;
  /** Only what changes. */
  readonly onFilter: (more: Partial<EventFilter>) => void;
}

/** `run-changed` comes with every change of a run, and says nothing that other events do not. */
const noisy = "run-changed";
const allBut = `-${noisy}`;
const types = Object.entries(eventTypeWords).toSorted(([, one], [, other]) => one.localeCompare(other));

/** Project, type and time to choose; the others are typed, and count once the field is left or Enter is pressed. */
export function EventFilterForm({ filter, onFilter: set }: Props): JSX.Element {
  const names = projects.value?.flatMap(({ name }) => name ?? []) ?? [];
  const isRare = [filter.issue, filter.agent, filter.task, filter.trace, filter.since, filter.until].some((value) => value !== "");
  return (
    <form class="filter-form" aria-label="Which events" onSubmit={(event) => event.preventDefault()}>
      <div class="filters">
        <label>
          Project
          <select value={filter.project} onChange={(event) => set({ project: event.currentTarget.value, issue: "" })}>
            <option value="">every</option>
            <option value="mesh">of the mesh itself</option>
            <GivenOption value={filter.project} known={["", "mesh", ...names]} />
            {names.map((name) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </label>
        <label>
          Type
          <select
            value={filter.type || (filter.without === noisy ? allBut : filter.without === "" ? "" : `-${filter.without}`)}
            onChange={({ currentTarget: { value } }) =>
              set(value.startsWith("-") ? { type: "", without: value.slice(1) } : { type: value, without: "" })
            }
          >
            <option value="">every</option>
            <option value={allBut}>{`all but “${eventTypeWord(noisy)}”`}</option>
            {filter.without !== "" && filter.without !== noisy && (
              <option value={`-${filter.without}`}>{`all but ${filter.without}`}</option>
            )}
            <GivenOption value={filter.type} known={["", ...Object.keys(eventTypeWords)]} />
            {types.map(([type, words]) => (
              <option key={type} value={type}>
                {words}
              </option>
            ))}
          </select>
        </label>
        <label>
          Time
          <select
            value={filter.since !== "" || filter.until !== "" ? "exact" : filter.range}
            onChange={({ currentTarget: { value } }) =>
              set(
                value === "exact"
                  ? { range: "", since: new Date(Date.now() - 3_600_000).toISOString() }
                  : { range: value, since: "", until: "" },
              )
            }
          >
            <option value="">all there is</option>
            {Object.entries(eventRanges).map(([range, { word }]) => (
              <option key={range} value={range}>{`the last ${word}`}</option>
            ))}
            <option value="exact">exactly …</option>
          </select>
        </label>
      </div>
      <details open={isRare}>
        <summary>More filters</summary>
        <div class="filters">
          <MomentField label="From" value={filter.since} onValue={(since) => set({ since, range: "" })} />
          <MomentField label="Until" value={filter.until} onValue={(until) => set({ until, range: "" })} />
          <Typed label="Agent" name="agent" filter={filter} set={set} />
          <Typed label="Task" name="task" filter={filter} set={set} />
          <Typed label="Trace" name="trace" filter={filter} set={set} />
          <Typed label="Issue" name="issue" filter={filter} set={set} disabled={filter.project === ""} />
        </div>
      </details>
      {Object.values(filter).some((value) => value !== "") && (
        <button type="button" class="plain" onClick={() => set(everyEvent)}>
          Show all
        </button>
      )}
    </form>
  );
}

interface TypedProps {
  readonly label: string;
  readonly name: "agent" | "task" | "trace" | "issue";
  readonly filter: EventFilter;
  readonly set: (more: Partial<EventFilter>) => void;
  readonly disabled?: boolean;
}

function Typed({ label, name, filter, set, disabled = false }: TypedProps): JSX.Element {
  return (
    <label>
      {label}
      <input
        value={filter[name]}
        disabled={disabled}
        placeholder={disabled ? "of one project" : undefined}
        inputMode={name === "issue" ? "numeric" : undefined}
        pattern={name === "issue" ? "[1-9][0-9]{0,8}" : undefined}
        autocapitalize="off"
        spellcheck={false}
        onChange={({ currentTarget }) => {
          currentTarget.value = currentTarget.value.trim();
          if (currentTarget.reportValidity()) set({ [name]: currentTarget.value });
        }}
      />
    </label>
  );
}
