import type { Applied, InputOf } from "../inputs.ts";
import type { Run } from "../lifecycle/state.ts";
import { tellRun } from "./tell-run.ts";
import type { WorkingSet } from "./working-set.ts";

/** Stops or starts every active run along with the mesh. An older word that comes late changes nothing, nor does the same one again. */
export function changeMeshState(set: WorkingSet, { state }: InputOf<"mesh-state-changed">): Applied {
  const { configuration, policy } = set;
  if (configuration === null) return { status: "ignored", reason: "not-configured" };
  const before = configuration.meshState ?? { n: 0, stopped: null };
  if (state.n <= before.n) return { status: "ignored", reason: state.n === before.n ? "unchanged" : "stale" };
  set.configure({ ...configuration, meshState: state }, policy);
  const runs = [...set.runs()];
  if (state.stopped !== null) {
    set.emit({ type: "mesh-stopped", data: { ...state.stopped } });
    stopRuns(set, runs);
  } else if (before.stopped !== null) {
    set.emit({ type: "mesh-started", data: {} });
    for (const run of runs) tellRun(set, run, { id: set.input.id, at: set.at, type: "mesh-started" });
  }
  return { status: "applied" };
}

/** Holds the runs while the mesh stands still; otherwise nothing. */
export function stopRuns(set: WorkingSet, runs: readonly Run[]): void {
  const stop = set.configuration?.meshState?.stopped;
  if (!stop) return;
  for (const run of runs) tellRun(set, run, { id: set.input.id, at: set.at, type: "mesh-stopped", stop });
}
