import { createHash } from "node:crypto";
import { join } from "node:path";
import type { z } from "zod";
import type { Assignment, ReportBody } from "../core/protocol/frames.ts";
import { probeCapability, probeWork } from "../core/protocol/probe-work.ts";
import { loginWork, runnerCapabilities, trialWork, type LoginWork, type TrialWork } from "../core/protocol/runner-work.ts";
import { refused, ok, type Result } from "../core/result.ts";
import { loginStatus, type AgentLogin, type DeviceCommand } from "./agent-login.ts";
import type { AttemptVariables } from "./attempt-variables.ts";
import { answerProbe } from "./client/answer-probe.ts";
import { DeviceFlow } from "./device-flow.ts";
import type { Repository, WorkFailure } from "./git/repository.ts";
import { agentEnvironment, type Isolation } from "./isolation.ts";
import type { AttemptRecord, AttemptRef } from "./journal.ts";
import type { GitCredential } from "./mesh-api.ts";
import { beginPlainTask, type PlainWork } from "./plain-task.ts";
import { repositoryNamed, uidOf, type RunPlace } from "./run-place.ts";
import type { Step } from "./step.ts";
import { runTrial } from "./trial.ts";

/** How many of each at a time, beside the sessions' slots. */
export const ownSlots: Readonly<Record<string, number>> = {
  [runnerCapabilities.trial]: 1,
  [runnerCapabilities.login]: 2,
  [probeCapability]: 1,
};

/** Those of it that every token allows. */
export const leastOwnSlots: Readonly<Record<string, number>> = { [probeCapability]: 1 };

export interface OwnWorkOptions {
  /** Where trials have their worktrees, and logins their home. */
  readonly workFolder: string;
  readonly isolation: Isolation;
  /** Whether a repository may be worked on without isolation. */
  readonly isTrusted: (project: string) => boolean;
  /** What an agent is given to log in with, as it is now. */
  readonly agentEnv: () => Readonly<Record<string, string>>;
  /** Undefined: this agent has no login that could be asked for. */
  readonly login: AgentLogin | undefined;
  /** In place of the agent's own. */
  readonly device: DeviceCommand | undefined;
  readonly loginTimeLimitMs: number;
  readonly report: (body: ReportBody) => void;
  readonly credential: (ref: AttemptRef, givenUp: () => boolean) => Promise<Result<GitCredential, WorkFailure>>;
  /** What a trial is given, with what the mesh keeps for its project. */
  readonly variables: (project: string, ref: AttemptRef) => AttemptVariables;
  readonly repository: (repository: { owner: string; name: string }) => Promise<Repository>;
}

/** What a runner does beside sessions: plain tasks that try out a repository, are about the agent's login, or test the runner itself. */
export class OwnWork {
  readonly #options: OwnWorkOptions;
  readonly #loginPlace: RunPlace;
  #flow: DeviceFlow | undefined;

  constructor(options: OwnWorkOptions) {
    this.#options = options;
    this.#loginPlace = placeIn(join(options.workFolder, "login"));
  }

  /** Why this is not taken; `live` are the attempts under way. */
  refusalOf(assignment: Assignment, live: readonly AttemptRecord[]): string | undefined {
    const same = live.filter((record) => record.assignment.capability === assignment.capability);
    return same.length >= (ownSlots[assignment.capability] ?? 0) ? "no free slot" : undefined;
  }

  /** Begins it, or after a restart begins it anew. */
  begin({ assignment }: AttemptRecord): Step {
    return beginPlainTask(assignment, this.#options.report, this.#workOf(assignment));
  }

  /** Ends a login that waits. */
  close(): void {
    this.#flow?.close();
  }

  #workOf(assignment: Assignment): PlainWork {
    if (assignment.capability === runnerCapabilities.trial) {
      return parsed(trialWork, assignment, (work) => (signal) => this.#trial(work, assignment, signal));
    }
    if (assignment.capability === probeCapability) {
      // Nothing but time passes: no folder, no agent, no repository, no request.
      return parsed(probeWork, assignment, (payload) => async (signal) => ok(await answerProbe({ payload, signal })));
    }
    return parsed(loginWork, assignment, (work) => (signal) => this.#login(work, signal));
  }

  async #trial(work: TrialWork, ref: AttemptRef, signal: AbortSignal): Promise<Result<object, WorkFailure>> {
    const { isolation, workFolder, isTrusted } = this.#options;
    const repository = repositoryNamed(work.project);
    if (repository === undefined) return refused({ kind: "configuration", message: "the project has not the form owner/name" });
    if (isolation.kind === "none" && !isTrusted(work.project)) {
      const message = `commands are not isolated on this machine (${isolation.reason}), and ${work.project} is not named with --trust`;
      return refused({ kind: "refused", message });
    }
    const hash = createHash("sha256").update(`${ref.taskId} ${ref.attempt}`).digest("hex").slice(0, 12);
    const place = placeIn(join(workFolder, "worktrees", `${repository.owner}--${repository.name}`, `trial-${hash}`));
    const given = this.#options.variables(work.project, ref);
    const environment = await given.environment(place, () => signal.aborted);
    if (!environment.ok) return environment;
    return runTrial(
      work,
      {
        isolation,
        place,
        repository: await this.#options.repository(repository),
        environment: environment.value,
        secrets: given.secrets,
        credential: (givenUp) => this.#options.credential(ref, givenUp),
      },
      signal,
    );
  }

  async #login(work: LoginWork, signal: AbortSignal): Promise<Result<object, WorkFailure>> {
    const { login, isolation, agentEnv, loginTimeLimitMs: timeoutMs } = this.#options;
    const environment = agentEnvironment(this.#loginPlace, agentEnv());
    switch (work.type) {
      case "status":
        if (login === undefined) return refused({ kind: "configuration", message: "the agent of this runner has no login to ask for" });
        return loginStatus(login, this.#loginPlace, isolation, environment, { timeoutMs, signal });
      case "device-start": {
        const device = this.#options.device ?? login?.device;
        if (!device) {
          const message = `${login?.name ?? "the agent of this runner"} has no device flow; push an API key, or log in on the runner's machine`;
          return refused({ kind: "configuration", message });
        }
        this.#flow ??= new DeviceFlow({ device, place: this.#loginPlace, isolation, environment, timeLimitMs: timeoutMs });
        return this.#flow.start(signal);
      }
      case "device-status":
        return ok(this.#flow?.status() ?? { state: "none", message: "no login was begun here" });
    }
  }
}

/** Whether a runner does this beside sessions. */
export function isOwnWork({ capability }: Pick<Assignment, "capability">): boolean {
  return capability in ownSlots;
}

function parsed<T>(schema: z.ZodType<T>, assignment: Assignment, work: (payload: T) => PlainWork): PlainWork {
  const payload = schema.safeParse(assignment.payload);
  if (payload.success) return work(payload.data);
  const faults = payload.error.issues.map(({ path, message }) => `${path.join(".") || "payload"}: ${message}`).join("; ");
  return async () => refused({ kind: "configuration", message: `the payload has not the form of ${assignment.capability}: ${faults}` });
}

function placeIn(root: string): RunPlace {
  return { root, tree: join(root, "tree"), home: join(root, "home"), tmp: join(root, "tmp"), uid: uidOf(root) };
}
