import type { ProjectView, RunRow, RunView } from "../../core/project/views.ts";
import { isOpen } from "./question-list.ts";

/** One column of a project's board: the runs that stand in a phase. */
export interface BoardColumn {
  /** Upper case; `ENDED` has every phase that a run ends in. */
  readonly phase: string;
  readonly runs: readonly RunView[];
}

const active = ["INTAKE", "PLANNING", "IMPLEMENTATION", "QA", "REVIEW"];
const endedShown = 5;

/** Every column in the order of the lifecycle; in each, who needs a person comes first, then who is there the longest. The last has what ended lately. */
export function boardColumns({ runs }: Pick<ProjectView, "runs">): readonly BoardColumn[] {
  const ended = runs.filter(({ endedAt }) => endedAt !== null).toSorted((one, other) => (other.endedAt ?? 0) - (one.endedAt ?? 0));
  return [
    ...active.map((phase) => ({
      phase,
      runs: runs
        .filter((run) => run.endedAt === null && run.phase === phase)
        .toSorted((one, other) => Number(asks(other)) - Number(asks(one)) || one.phaseSince - other.phaseSince),
    })),
    { phase: "ENDED", runs: ended.slice(0, endedShown) },
  ];
}

/** Whether a question of the run is open. */
export function asks(run: Pick<RunView, "questions">): boolean {
  return run.questions.some(isOpen);
}

/** Which of the runs that ended are listed; empty texts take all. */
export interface EndedFilter {
  readonly phase: string;
  readonly title: string;
}

/**
 * The ended runs to list: those that the read model has told, overtaken by what is live, in the order of their start. While there is more to be
 * fetched, live ones that began before all that came are left to their page.
 */
export function endedRows(
  told: { readonly items: readonly RunRow[]; readonly cursor: unknown },
  live: readonly RunView[],
  { phase, title }: EndedFilter,
): readonly RunRow[] {
  const oldest = told.cursor === null ? 0 : (told.items.at(-1)?.startedAt ?? 0);
  const known = new Map(told.items.map((row, place) => [row.id, place]));
  const like = title.trim().toLowerCase();
  const fitting = live.filter(
    (run) =>
      run.endedAt !== null &&
      (phase === "" || run.phase === phase) &&
      run.title.toLowerCase().includes(like) &&
      (known.has(run.id) || run.startedAt >= oldest),
  );
  if (fitting.length === 0) return told.items;
  const rows = [...told.items];
  const added: RunRow[] = [];
  for (const run of fitting) {
    const at = known.get(run.id);
    if (at === undefined) added.push(run);
    else rows[at] = run;
  }
  return added.length === 0 ? rows : [...rows, ...added].toSorted(byStart);
}

function byStart(one: RunRow, other: RunRow): number {
  return other.startedAt - one.startedAt || other.issue - one.issue || other.run - one.run;
}
