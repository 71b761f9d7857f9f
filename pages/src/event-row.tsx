import type { JSX } from "preact";
import { around, eventsAddress, type EventFilter } from "./event-filter.ts";
import { eventLine } from "./event-words.ts";
import type { ListedEvent } from "./event-tail.ts";
import { eventTone, eventTypeWord } from "./event-type-words.ts";
import { Fact } from "./fact.tsx";
import { OutsideText } from "./outside-text.tsx";
import { now, renderSecond } from "./when.tsx";

interface Props {
  readonly event: ListedEvent;
  /** `owner/name`, where the project is known; null for the mesh itself. */
  readonly name: string | null;
  /** What is shown now: each value adds itself to it. */
  readonly filter: EventFilter;
  readonly tail: boolean;
  readonly open: boolean;
  readonly onOpen: (open: boolean) => void;
}

/** One event: when, what, where and by whom, each a link that filters by it, with what it says in a line and, opened, all of it. */
export function EventItem({ event, name, filter, tail, open, onOpen }: Props): JSX.Element {
  const { at, type, project, issue, run, task, agent } = event;
  const by = (more: Partial<EventFilter>) => eventsAddress({ ...filter, ...more }, tail);
  const projectFilter = name ?? project;
  return (
    <article class="event" aria-label={`${eventTypeWord(type)}, ${renderSecond(at, now.value)}`}>
      <a class="event-time" href={by(around(at))} title="Only what happened within a minute of it">
        <time dateTime={new Date(at).toISOString()}>{renderSecond(at, now.value)}</time>
      </a>
      <a class={`event-type tone-${eventTone(type)}`} href={by({ type, without: "" })}>
        {eventTypeWord(type)}
      </a>
      <span class="event-where">
        <a href={by({ project: projectFilter, issue: "" })}>
          <bdi>{name ?? (project === "mesh" ? "the mesh" : project)}</bdi>
        </a>
        {issue !== null && (
          <a href={by({ project: projectFilter, issue: String(issue) })}>
            #{issue}
            {(run ?? 1) > 1 && `.${run}`}
          </a>
        )}
        {agent !== null && (
          <a href={by({ agent })}>
            <bdi>{agent}</bdi>
          </a>
        )}
        {task !== null && (
          <a href={by({ task })}>
            task <bdi>{task.slice(task.lastIndexOf(".") + 1)}</bdi>
          </a>
        )}
      </span>
      <bdi class="event-line">{eventLine(event)}</bdi>
      <button type="button" class="more" aria-expanded={open} onClick={() => onOpen(!open)}>
        {open ? "Less" : "Details"}
      </button>
      {open && <Whole event={event} name={name} by={by} />}
    </article>
  );
}

interface WholeProps {
  readonly event: ListedEvent;
  readonly name: string | null;
  readonly by: (more: Partial<EventFilter>) => string;
}

function Whole({ event: { type, seq, trace, issue, run, task, agent, inputId, data }, name, by }: WholeProps): JSX.Element {
  return (
    <div class="event-whole">
      <dl class="facts">
        <Fact name="Type">{type}</Fact>
        <Fact name="Number">{seq}</Fact>
        <Fact name="Trace">
          <a href={by({ trace })}>
            <bdi>{trace}</bdi>
          </a>
        </Fact>
        <Fact name="Input">
          <bdi>{inputId}</bdi>
        </Fact>
        {name !== null && (
          <Fact name="Opens">
            {issue === null ? (
              <a href={`#/projects/${name}`}>the project</a>
            ) : (
              <a href={`#/runs/${name}/${issue}${run === null ? "" : `/${run}`}`}>the run</a>
            )}
          </Fact>
        )}
        {task !== null && (
          <Fact name="Task">
            <a href={`#/tasks/${encodeURIComponent(task)}`}>
              <bdi>{task}</bdi>
            </a>
          </Fact>
        )}
        {agent !== null && (
          <Fact name="Agent">
            <a href={`#/agents/${encodeURIComponent(agent)}`}>
              <bdi>{agent}</bdi>
            </a>
          </Fact>
        )}
      </dl>
      <div class="json">
        <OutsideText text={asJson(data)} most={4_000} block />
      </div>
    </div>
  );
}

/** Signs that turn the direction of text are written out: they would make it read as something else. */
function asJson(data: unknown): string {
  return JSON.stringify(data, null, 2).replaceAll(
    /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g,
    (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
