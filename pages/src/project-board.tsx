import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import type { ProjectView, RunView } from "../../core/project/views.ts";
import { boardColumns, type BoardColumn } from "./board-columns.ts";
import { FilteredIssues } from "./filtered-issues.tsx";
import { PhaseBadge } from "./phase-badge.tsx";
import { openQuestions, renderUsd } from "./project-list.ts";
import { runAddress } from "./run-address.ts";
import { Shape, StateBadge } from "./state-badge.tsx";
import { looks, type Look } from "./state-looks.ts";
import { Ago } from "./when.tsx";

const endedLook: Look = { word: "ended", shape: "disc", tone: "idle" };
/** Longer ones are whole on the run's page. */
const longest = 300;

/** A project's runs by phase, live; on a phone one phase at a time. */
export function ProjectBoard({ project }: { readonly project: ProjectView }): JSX.Element {
  const columns = boardColumns(project);
  const first = columns.find(({ phase, runs }) => phase !== "ENDED" && runs.length > 0) ?? columns[0];
  const chosen = useSignal<string | undefined>(undefined);
  const shown = chosen.value ?? first?.phase;
  return (
    <section class="stack" aria-labelledby="board">
      <h2 id="board">Board</h2>
      <div class="switch" role="group" aria-label="Which phase">
        {columns.map(({ phase, runs }) => (
          <button
            key={phase}
            type="button"
            class={`plain tone-${lookOf(phase).tone}`}
            aria-pressed={phase === shown}
            onClick={() => (chosen.value = phase)}
          >
            <Shape name={lookOf(phase).shape} /> {lookOf(phase).word} <span class="quiet">{runs.length}</span>
          </button>
        ))}
      </div>
      <div class="board">
        {columns.map((column) => (
          <Column key={column.phase} column={column} project={project} shown={column.phase === shown} />
        ))}
      </div>
    </section>
  );
}

interface ColumnProps {
  readonly column: BoardColumn;
  readonly project: ProjectView;
  readonly shown: boolean;
}

function Column({ column: { phase, runs }, project, shown }: ColumnProps): JSX.Element {
  const { word } = lookOf(phase);
  const filtered = phase === "INTAKE" ? project.filtered : [];
  return (
    <section class={`column${shown ? " chosen" : ""}`} aria-label={`${word}: ${runs.length} ${runs.length === 1 ? "run" : "runs"}`}>
      <h3>
        <StateBadge look={lookOf(phase)} /> <span class="quiet">{runs.length}</span>
      </h3>
      {runs.length > 0 && (
        <ul class="cards">
          {runs.map((run) => (
            <Card key={run.id} run={run} ended={phase === "ENDED"} />
          ))}
        </ul>
      )}
      {runs.length === 0 && filtered.length === 0 && <p class="quiet">none</p>}
      {filtered.length > 0 && <FilteredIssues filtered={filtered} repositoryUrl={project.repositoryUrl} />}
    </section>
  );
}

function Card({ run, ended }: { readonly run: RunView; readonly ended: boolean }): JSX.Element {
  const open = openQuestions(run).length;
  return (
    <li class={`card${open > 0 ? " asks" : ""}`} data-row>
      {ended && <PhaseBadge phase={run.phase} />}
      <h3>
        <a href={runAddress(run)}>
          <span class="number">#{run.issue}</span> <bdi>{run.title.slice(0, longest)}</bdi>
        </a>
      </h3>
      <p class="why">
        <bdi>{run.explain.slice(0, longest)}</bdi>
      </p>
      <p class="quiet">
        {open > 0 && (
          <strong class="tone-warn">
            <Shape name="bubble" /> {open === 1 ? "asks" : `asks ${open} times`} ·{" "}
          </strong>
        )}
        <Ago at={run.endedAt ?? run.phaseSince} /> · {renderUsd(run.usd)}
        {run.session && (
          <>
            {" · "}
            <a href={`#/sessions/${encodeURIComponent(run.session.id)}`}>
              {run.endedAt === null ? "watch" : "replay"}
              <span class="unseen"> the session of #{run.issue}</span>
            </a>
          </>
        )}
      </p>
    </li>
  );
}

function lookOf(phase: string): Look {
  return phase === "ENDED"
    ? endedLook
    : phase === "INTAKE"
      ? { ...looks.phase.INTAKE, word: "todo" }
      : ((looks.phase as Readonly<Record<string, Look>>)[phase] ?? endedLook);
}
