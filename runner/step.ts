import type { Command, ReportBody, SessionAssignment } from "../core/protocol/frames.ts";
import type { Result } from "../core/result.ts";
import type { FailureKind } from "../core/task/state.ts";
import type { AgentDriver } from "./drivers/driver.ts";
import type { Repository, WorkFailure } from "./git/repository.ts";
import type { Isolation } from "./isolation.ts";
import type { AttemptRecord } from "./journal.ts";
import type { Log } from "./log.ts";
import type { GitCredential } from "./mesh-api.ts";
import type { RunPlace } from "./run-place.ts";

/** What a step of a session works with. */
export interface StepTools {
  readonly driver: AgentDriver;
  readonly isolation: Isolation;
  readonly repository: Repository;
  readonly place: RunPlace;
  /** Where is kept what people allowed sessions to do with tools; the runner's own. */
  readonly grantsFolder: string;
  /** Of the agent and of test commands, with what the mesh keeps for the project; waits out an unreachable mesh as `credential` does. */
  readonly environment: (givenUp: () => boolean) => Promise<Result<Readonly<Record<string, string>>, WorkFailure>>;
  /** Values of it that nothing may carry to the mesh or to a log. Reports are freed of them by themselves. */
  readonly secrets: () => readonly string[];
  /** A fresh credential for this attempt; waits out an unreachable mesh for up to 10 min, or until it is given up. */
  readonly credential: (givenUp: () => boolean) => Promise<Result<GitCredential, WorkFailure>>;
  /** Durable, what decides nothing within some milliseconds; sent when there is a connection. */
  readonly report: (body: ReportBody) => void;
  /** Resolves when all that was reported is durable. */
  readonly reported: () => Promise<void>;
  /** Shows what a command writes to whoever watches the session, filtered and freed of secrets. */
  readonly show: (text: string) => void;
  readonly connected: () => boolean;
  readonly log: Log;
}

export interface StepOrder {
  readonly record: AttemptRecord;
  readonly session: SessionAssignment;
  /** The runner was restarted in the middle of it. */
  readonly recovered: boolean;
}

/** A step under way. It ends with exactly one ending report (`task-done`, `task-failed`, `stopped` or `parked`). */
export interface Step {
  readonly ended: Promise<void>;
  /** Whether the command was given to the session. */
  apply(command: Command): boolean;
  stop(mode: "after-step" | "now", reason: string): void;
  /** Ends it as failed, keeping the worktree. */
  abandon(kind: FailureKind, message: string): void;
}
