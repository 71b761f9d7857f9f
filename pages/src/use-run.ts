import type { RunView } from "../../core/project/views.ts";
import { get, type ApiResult } from "./api.ts";
import { changes } from "./changes.ts";
import { failure, projects } from "./mesh-store.ts";
import { useAsked, type Answer } from "./use-answer.ts";

/** A run as it is known best: live where it is shown live, else as the mesh has it, else as the read model has it. */
export interface KnownRun {
  readonly run: RunView | undefined;
  readonly answer: Omit<Answer<RunView>, "show">;
}

/** The issue's newest run, or the one given. */
export function useRun(name: string, issue: number, run: number | null): KnownRun {
  const live = liveRun(name, issue, run);
  // Nothing is asked for what is live, and not before it is known whether it is.
  const isLive = live !== undefined;
  const waits = projects.value === undefined && failure.value === undefined;
  const answer = useAsked<RunView | undefined>(`${name} ${issue} ${run ?? ""} ${isLive} ${waits}`, isLive ? 0 : changes.runs.value, () =>
    isLive || waits ? Promise.resolve({ ok: true, value: undefined }) : ask(name, issue, run),
  );
  return { run: live ?? answer.value.value, answer: answer as KnownRun["answer"] };
}

/** What is shown live has the issue's newest run whenever it has any of its runs: the newest ended last, or is under way. */
function liveRun(name: string, issue: number, run: number | null): RunView | undefined {
  const runs = projects.value?.find((project) => project.name === name.toLowerCase())?.runs.filter((one) => one.issue === issue) ?? [];
  if (run !== null) return runs.find((one) => one.run === run);
  return runs.toSorted((one, other) => other.run - one.run)[0];
}

async function ask(name: string, issue: number, run: number | null): Promise<ApiResult<RunView>> {
  const path = `/runs/${name}/${issue}`;
  const answer = await get<RunView>(run === null ? path : `${path}?run=${run}`);
  if (answer.ok || answer.error.status !== 404 || run === null) return answer;
  // The mesh forgets what ended long ago; the read model does not.
  const told = await get<RunView>(`/read-model/runs/${name}/${issue}/${run}`);
  return told.ok || told.error.status !== 404 ? told : answer;
}
