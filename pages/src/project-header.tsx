import type { JSX } from "preact";
import type { ProjectView } from "../../core/project/views.ts";
import type { Listed } from "./api.ts";
import { FailedState } from "./failed-state.tsx";
import { Mark, type Standing } from "./mark.tsx";
import { OutsideLink } from "./outside-link.tsx";
import { addressWith } from "./place.ts";
import { boardHealth, hookHealth, type BoardReading, type HealthLine, type HookReading } from "./project-health.ts";
import { useAnswer } from "./use-answer.ts";
import { Ago, now } from "./when.tsx";

interface Props {
  readonly project: ProjectView;
  readonly name: string;
}

const minuteMs = 60_000;

/** A project's name, where else it can be looked at, and whether the mesh hears of it. */
export function ProjectHeader({ project, name }: Props): JSX.Element {
  const { repositoryUrl, board, tasks } = project;
  const active = tasks.pending + tasks.dispatched + tasks.running;
  return (
    <section class="project" aria-label={name}>
      <header>
        <h2>{name}</h2>
        <p class="quiet">
          {repositoryUrl && (
            <>
              <OutsideLink to={repositoryUrl}>
                repository<span class="unseen"> of {name}</span>
              </OutsideLink>{" "}
              ·{" "}
            </>
          )}
          {board && (
            <>
              <OutsideLink to={board.url}>
                board<span class="unseen"> of {name}</span>
              </OutsideLink>{" "}
              by {board.observedBy} ·{" "}
            </>
          )}
          <a href={`#/projects/${name}/settings`}>
            settings<span class="unseen"> of {name}</span>
          </a>{" "}
          ·{" "}
          <a href={addressWith("/events", { project: name })}>
            events<span class="unseen"> of {name}</span>
          </a>{" "}
          ·{" "}
          <a href={addressWith("/cost", { project: name })}>
            cost<span class="unseen"> of {name}</span>
          </a>{" "}
          · {active === 0 ? "no task open" : `${tasks.running} of ${active} tasks running`}
        </p>
      </header>
      <Health name={name} hasBoard={board !== null} />
    </section>
  );
}

interface HealthProps {
  readonly name: string;
  readonly hasBoard: boolean;
}

function Health({ name, hasBoard }: HealthProps): JSX.Element {
  const every5min = Math.floor(now.value / (5 * minuteMs));
  const hooks = useAnswer<Listed<HookReading>>(`/projects/${name}/webhooks`, every5min);
  const board = useAnswer<BoardReading>(`/projects/${name}/board`, Math.floor(now.value / minuteMs));
  const told = hooks.value.value;
  const read = board.value.value;
  return (
    <div class="panel health">
      <h3>How GitHub is heard</h3>
      <ul class="activities">
        {told?.items.map((hook) => (
          <Line key={hook.kind} line={hookHealth(hook)} />
        ))}
        {read && boardHealth(read, now.value).map((line) => <Line key={line.text} line={line} />)}
        {!hasBoard && <Line line={{ standing: "next", text: "There is no board: runs begin by command only." }} />}
        {!told && !hooks.failure.value && <Line line={{ standing: "next", text: "GitHub is asked about the webhooks…" }} />}
        {!read && hasBoard && !board.failure.value && <Line line={{ standing: "next", text: "The board is asked about…" }} />}
      </ul>
      {hooks.failure.value && (
        <FailedState what="what GitHub says of the webhooks" failure={hooks.failure.value} old={told !== undefined} again={hooks.again} />
      )}
      {hasBoard && board.failure.value && (
        <FailedState what="how the board is read" failure={board.failure.value} old={read !== undefined} again={board.again} />
      )}
    </div>
  );
}

const standingWords: Readonly<Record<Standing, string>> = {
  done: "Well",
  now: "Now",
  next: "Not known",
  failed: "Failing",
  warned: "Look here",
};

function Line({ line: { standing, text, at, todo } }: { readonly line: HealthLine }): JSX.Element {
  return (
    <li>
      <Mark standing={standing} word={standingWords[standing]} />
      <span>
        <span>
          {text}
          {at !== undefined && (
            <span class="quiet">
              {" "}
              <Ago at={at} />
            </span>
          )}
        </span>
        {todo !== undefined && <span class="fix">{todo}</span>}
      </span>
    </li>
  );
}
