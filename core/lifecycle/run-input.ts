import type { Effect, EffectResult } from "../effects.ts";
import type { AgentId, TaskId } from "../ids.ts";
import type { InputOf, MeshStop, ProjectProfile } from "../inputs.ts";
import type { Policy } from "../policy.ts";
import type { ReportBody } from "../protocol/frames.ts";
import type { TaskError, TaskSpec } from "../task/state.ts";
import type { Moment } from "../time.ts";
import type { DaySpend } from "./day-budget.ts";
import type { MeshDay } from "./mesh-day.ts";

/** What a run hears: the project's inputs that concern it, and what became of its tasks and effects. */
export type RunInput =
  | InputOf<
      | "card-observed"
      | "card-gone"
      | "comment-observed"
      | "pull-request-observed"
      | "branch-observed"
      | "time-passed"
      | "human-answered"
      | "operator-commanded"
    >
  | ({ readonly id: string; readonly at: Moment } & (
      | { readonly type: "effect-done"; readonly effect: Effect; readonly result: EffectResult }
      /** For good: the outbox has given up. */
      | { readonly type: "effect-gave-up"; readonly effect: Effect; readonly code: string; readonly message: string }
      /** It failed, and is tried again; said of `ask-human` only. */
      | { readonly type: "effect-delayed"; readonly effect: Effect; readonly message: string }
      /** An agent accepted the task. */
      | { readonly type: "task-started"; readonly task: TaskId; readonly attempt: number; readonly agent: AgentId }
      /** For good, after all attempts. `usd` = what it cost, for model work. */
      | {
          readonly type: "task-ended";
          readonly task: TaskId;
          readonly capability: string;
          readonly agent: AgentId | null;
          readonly usd: number;
          readonly outcome: { readonly done: unknown } | { readonly failed: TaskError };
        }
      /** A report of the live attempt of the run's session task; others never get here. */
      | { readonly type: "session-report"; readonly agent: AgentId; readonly attempt: number; readonly body: ReportBody }
      /** Everything stands still by someone's word, or goes on. */
      | { readonly type: "mesh-stopped"; readonly stop: MeshStop }
      | { readonly type: "mesh-started" }
      /** Another run has spent what was left of the project's day. */
      | { readonly type: "day-spent" }
      /** The mesh's spend of the day, or its cap, has changed. */
      | { readonly type: "mesh-day-weighed" }
      /** The project is being deleted. */
      | { readonly type: "project-closed"; readonly by: string }
      /** The project has room for one more active run. */
      | { readonly type: "turn-granted" }
    ));

export type RunInputType = RunInput["type"];

/** What a run wants of its project. Ids are derived from the run and its counter. */
export type RunAction =
  | { readonly type: "effect"; readonly effect: Effect }
  | { readonly type: "submit"; readonly spec: TaskSpec }
  | { readonly type: "cancel-task"; readonly task: TaskId; readonly reason: string };

/** What the run's decisions depend on besides itself. */
export interface RunContext {
  readonly policy: Policy;
  readonly profile: ProjectProfile;
  /** US dollars that earlier runs of the issue have cost. */
  readonly earlierUsd: number;
  /** What the whole project has cost on a day, as far as it is known; absent: nothing. */
  readonly day?: DaySpend;
  /** What the whole mesh has cost on a day, as last told, and may cost; absent: nothing, or there is no cap. */
  readonly meshDay?: MeshDay;
}
