import type { ProjectKey } from "../../core/ids.ts";
import type { LiveMessage, ProjectView, RunView } from "../../core/project/views.ts";
import { isOpen } from "./question-list.ts";

/** What a live message makes of the projects shown, and which one must be fetched anew. */
export interface Heard {
  readonly projects: readonly ProjectView[];
  readonly refetch: ProjectKey | null;
}

/**
 * A run's view is shown at once when it is newer than what is shown. Numbers missing between, a project not shown yet, and
 * every message without a view ask for a refetch.
 */
export function hear(projects: readonly ProjectView[], message: LiveMessage): Heard {
  switch (message.type) {
    case "run-changed": {
      const shown = projects.find(({ key }) => key === message.run.project);
      if (!shown) return { projects, refetch: message.run.project };
      if (message.seq <= shown.seq) return { projects, refetch: null };
      const next = { ...shown, seq: message.seq, runs: withRun(shown.runs, message.run) };
      return {
        projects: projects.map((project) => (project === shown ? next : project)),
        refetch: message.seq > shown.seq + 1 ? shown.key : null,
      };
    }
    case "project-changed":
    case "tasks-changed": {
      const shown = projects.find(({ key }) => key === message.project);
      return { projects, refetch: !shown || message.seq > shown.seq ? message.project : null };
    }
    default:
      return { projects, refetch: null };
  }
}

/** A fetched list may be older than what the socket said while it was under way; the newer view of each project stays. */
export function newest(shown: readonly ProjectView[], fetched: readonly ProjectView[]): readonly ProjectView[] {
  const before = new Map(shown.map((project) => [project.key, project]));
  return fetched.map((project) => {
    const known = before.get(project.key);
    return known && known.seq > project.seq ? known : project;
  });
}

/** Active runs first, those that need a person before the others; then the newest. */
export function inOrder(runs: readonly RunView[]): readonly RunView[] {
  const rank = (run: RunView) => (run.endedAt !== null ? 2 : openQuestions(run).length > 0 ? 0 : 1);
  return runs.toSorted((one, other) => rank(one) - rank(other) || (other.endedAt ?? other.startedAt) - (one.endedAt ?? one.startedAt));
}

export function openQuestions(run: RunView): RunView["questions"] {
  return run.questions.filter(isOpen);
}

/** US dollars as people read them: cents, and tenths of a cent below ten cents. */
export function renderUsd(usd: number): string {
  return usd > 0 && usd < 0.1 ? `$${usd.toFixed(3)}` : `$${usd.toFixed(2)}`;
}

function withRun(runs: readonly RunView[], run: RunView): readonly RunView[] {
  return runs.some(({ id }) => id === run.id) ? runs.map((shown) => (shown.id === run.id ? run : shown)) : [run, ...runs];
}
