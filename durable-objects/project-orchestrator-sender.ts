import { isGitHubWrite } from "../core/effects.ts";
import type { Effect } from "../core/effects.ts";
import type { AgentId, ProjectKey } from "../core/ids.ts";
import type { ProjectInput } from "../core/inputs.ts";
import type { AgentResult } from "../core/pool/history.ts";
import { outboxReady } from "../core/project/outbox.ts";
import type { LiveMessage } from "../core/project/views.ts";
import type { Assignment, Command } from "../core/protocol/frames.ts";
import { isSession, liveAttempt } from "../core/task/attempts.ts";
import type { Task } from "../core/task/state.ts";
import { secondMs } from "../core/time.ts";
import type { Moment } from "../core/time.ts";
import { now } from "../platform/clock.ts";
import { errorText, log } from "../platform/log.ts";
import type { EffectMessage, ProjectionMessage, TaskMessage } from "../platform/queue-messages.ts";
import type { ObjectCosts } from "./cost-meter.ts";
import type { Outgoing } from "./project-orchestrator-outgoing.ts";
import { liveFeed, mailbox, pool, sessionFeed } from "./remote.ts";
import type { StateStore } from "./state-store.ts";

/** Listeners are told at once that a run has ended, else of runs, and of what changes all the time, at most this often; what happens meanwhile goes along. */
const tellEveryMs = { end: 0, run: 300, other: secondMs } as const;
/** So often the pool is told results: a score hardly changes by one. */
const recordEveryMs = 5 * secondMs;
const pokeLastsMs = 30 * secondMs;
const batchSize = 100;

/** A handover its agent's mailbox did not take. */
export interface Declined {
  readonly task: Task;
  readonly attempt: number;
  readonly reason: string;
}

/** What is said outside and costs something. */
export interface SenderCounts {
  readonly queueMessages: (count: number) => void;
  /** A session's feed was ended, and has cost so much. */
  readonly endedFeed: (costs: ObjectCosts) => void;
}

type Tell = Extract<Effect, { kind: "tell-session" }>;

/**
 * Says outside what a commit has decided. Nothing here is the only record of anything and nothing rejects: what does not arrive is said
 * again by the alarm (handovers, effects), with the next commit (results, the poke), or not needed (listeners refetch).
 */
export class Sender {
  readonly #env: Env;
  readonly #project: ProjectKey;
  readonly #count: SenderCounts;
  #live: LiveMessage[] = [];
  #results: AgentResult[] = [];
  #upToSeq = 0;
  #toldAt: Moment = 0;
  /** When what waits is told, and by which timer. */
  #telling: { readonly at: Moment; readonly timer: ReturnType<typeof setTimeout> } | null = null;
  #recordedAt: Moment = 0;
  #recordsLater = false;
  #pokedAt: Moment = 0;
  #recorded = 0;
  #recording = 0;

  constructor(env: Env, project: ProjectKey, count: SenderCounts) {
    this.#env = env;
    this.#project = project;
    this.#count = count;
  }

  /** Says it all; answers the handovers that were declined. */
  async send(out: Outgoing, upToSeq: number, payloadOf: (task: Task) => unknown): Promise<Declined[]> {
    this.#live = merged(this.#live, out.live);
    if (out.results.length > 0) {
      this.#results.push(...out.results);
      this.#upToSeq = upToSeq;
    }
    const [declined] = await Promise.all([
      // Taken back first: a task given to the same agent again must not be taken back with it.
      out.revoked.length === 0
        ? this.#handOver(out.handovers, payloadOf)
        : this.#revoke(out.revoked).then(() => this.#handOver(out.handovers, payloadOf)),
      this.#sendEffects(out.effects),
      out.grown ? this.#poke() : undefined,
      this.#tell(urgencyOf(out.live)),
      this.#tellResults(),
    ]);
    return declined;
  }

  /** After a wake-up: the read model may lack events, and the poke for them may have been lost. */
  pokeAnew(): Promise<void> {
    return this.#poke();
  }

  /** The projection has read the journal to its end: the next commit pokes again. */
  readToEnd(): void {
    this.#pokedAt = 0;
  }

  /** After a wake-up: the pool has results up to `recorded`, and may not have these. */
  resume(recorded: number, results: readonly AgentResult[], upToSeq: number): void {
    this.#recorded = recorded;
    this.#results = [...results];
    this.#upToSeq = upToSeq;
  }

  /** How far the pool has counted this project's results; all of the journal when none is untold. */
  recordedUpTo(lastSeq: number): number {
    return this.#results.length === 0 && this.#recording === 0 ? lastSeq : this.#recorded;
  }

  /** Work waits that no agent takes; the pool says when that may have changed. */
  async sayWaiting(): Promise<void> {
    await this.#try("pool-not-told", () => pool(this.#env).waiting(this.#project));
  }

  async #handOver(tasks: readonly Task[], payloadOf: (task: Task) => unknown): Promise<Declined[]> {
    if (tasks.length === 0) return [];
    const byAgent = Map.groupBy(tasks, (task) => liveAttempt(task)?.agent);
    const batches = await Promise.all(
      [...byAgent].map(([agent, own]) => {
        if (agent === undefined) return [];
        return agent.startsWith("built-in.") ? this.#queue(own) : this.#deliver(agent, own, payloadOf);
      }),
    );
    return batches.flat();
  }

  async #queue(tasks: readonly Task[]): Promise<Declined[]> {
    const messages = tasks.map(
      (task) => ({ project: this.#project, task: task.id, attempt: liveAttempt(task)?.number ?? 0 }) satisfies TaskMessage,
    );
    await this.#batches("tasks-not-queued", this.#env.TASKS, messages);
    return [];
  }

  async #deliver(agent: AgentId, tasks: readonly Task[], payloadOf: (task: Task) => unknown): Promise<Declined[]> {
    const assignments = tasks.map((task) => assignmentOf(task, payloadOf(task)));
    const answer = await this.#try("handover-failed", () => mailbox(this.#env, agent).deliver(this.#project, assignments));
    return (answer?.declined ?? []).flatMap(({ taskId, attempt, reason }) => {
      const task = tasks.find(({ id }) => id === taskId);
      return task === undefined ? [] : [{ task, attempt, reason }];
    });
  }

  async #revoke(revoked: Outgoing["revoked"]): Promise<void> {
    const remote = revoked.filter(({ agent }) => !agent.startsWith("built-in."));
    await Promise.all(
      [...Map.groupBy(remote, ({ agent }) => agent)].map(([agent, own]) =>
        this.#try("revoke-failed", () => mailbox(this.#env, agent).revoke(own.map(({ taskId, attempt }) => ({ taskId, attempt })))),
      ),
    );
  }

  async #sendEffects(effects: readonly Effect[]): Promise<void> {
    if (effects.length === 0) return;
    const tells = effects.filter((effect): effect is Tell => effect.kind === "tell-session");
    const queued = effects.filter(({ kind }) => kind !== "tell-session");
    const messageOf = ({ id }: Effect): EffectMessage => ({ project: this.#project, effect: id });
    await Promise.all([
      ...tells.map((effect) =>
        this.#try("command-failed", () => mailbox(this.#env, effect.agent).command(this.#project, commandOf(effect))),
      ),
      this.#batches("effects-not-queued", this.#env.GITHUB_WRITES, queued.filter(isGitHubWrite).map(messageOf)),
      this.#batches("effects-not-queued", this.#env.EFFECTS, queued.filter((effect) => !isGitHubWrite(effect)).map(messageOf)),
    ]);
  }

  async #poke(): Promise<void> {
    const at = now();
    if (at < this.#pokedAt + pokeLastsMs) return;
    this.#pokedAt = at;
    const sent = await this.#batches("projection-not-poked", this.#env.PROJECTIONS, [
      { project: this.#project } satisfies ProjectionMessage,
    ]);
    if (!sent) this.#pokedAt = 0;
  }

  /** At once after a pause, else as soon as it may. */
  async #tell(urgency: keyof typeof tellEveryMs): Promise<void> {
    if (this.#live.length === 0) return;
    const at = Math.max(now(), this.#toldAt + tellEveryMs[urgency]);
    if (at > now()) {
      if (this.#telling !== null && this.#telling.at <= at) return;
      if (this.#telling !== null) clearTimeout(this.#telling.timer);
      this.#telling = { at, timer: setTimeout(() => void this.#tellNow(), at - now()) };
      return;
    }
    await this.#tellNow();
  }

  async #tellNow(): Promise<void> {
    if (this.#telling !== null) clearTimeout(this.#telling.timer);
    this.#telling = null;
    this.#toldAt = now();
    const live = this.#live;
    this.#live = [];
    await Promise.all([
      this.#try("live-feed-failed", () => liveFeed(this.#env).publish(live)),
      ...[...endedSessions(live)].map((session) => this.#try("session-feed-failed", () => this.#endFeed(session))),
    ]);
  }

  /** Results that come soon after others wait, and go together; what dies with them is read from the journal again. */
  async #tellResults(): Promise<void> {
    if (this.#results.length === 0 || this.#recordsLater) return;
    const waitMs = this.#recordedAt + recordEveryMs - now();
    if (waitMs > 0) {
      this.#recordsLater = true;
      setTimeout(() => {
        this.#recordsLater = false;
        this.#recordedAt = 0;
        void this.#tellResults();
      }, waitMs);
      return;
    }
    this.#recordedAt = now();
    const [results, upToSeq] = [this.#results, this.#upToSeq];
    this.#results = [];
    await this.#record(upToSeq, results);
  }

  async #endFeed(session: string): Promise<void> {
    const costs = await sessionFeed(this.#env, session).end();
    if (costs !== null) this.#count.endedFeed(costs);
  }

  async #record(upToSeq: number, results: AgentResult[]): Promise<void> {
    this.#recording += 1;
    const recorded = await this.#try("results-not-recorded", async () => {
      await pool(this.#env).record(this.#project, upToSeq, results);
      return true;
    });
    this.#recording -= 1;
    if (recorded === true) this.#recorded = Math.max(this.#recorded, upToSeq);
    else this.#results = [...results, ...this.#results];
  }

  async #batches<T>(reason: string, queue: Queue, bodies: readonly T[]): Promise<boolean> {
    let all = true;
    for (let from = 0; from < bodies.length; from += batchSize) {
      const batch = bodies.slice(from, from + batchSize);
      this.#count.queueMessages(batch.length);
      const sent = await this.#try(reason, async () => {
        await queue.sendBatch(batch.map((body) => ({ body })));
        return true;
      });
      all &&= sent === true;
    }
    return all;
  }

  async #try<T>(reason: string, say: () => Promise<T>): Promise<T | undefined> {
    try {
      return await say();
    } catch (thrown) {
      log("warn", "not said; it will be again", { project: this.#project, reason, error: errorText(thrown) });
      return undefined;
    }
  }
}

/** What an agent has been given, and what is to be said to it now. */
export interface Outstanding {
  readonly assignments: readonly Assignment[];
  readonly commands: readonly Command[];
}

export function outstandingOf(store: StateStore, agent: AgentId, at: Moment): Outstanding {
  const ready = outboxReady(store.outbox(), at).map(({ effect }) => effect);
  return {
    assignments: [...store.tasksOf(agent)].map((task) => assignmentOf(task, store.tasks.payloadOf(task))),
    commands: ready.flatMap((effect) => (effect.kind === "tell-session" && effect.agent === agent ? [commandOf(effect)] : [])),
  };
}

/** Handovers that were not taken, as inputs. */
export function declinedInputs(declined: readonly Declined[], at: Moment): ProjectInput[] {
  return declined.map(({ task, attempt, reason }) => ({
    id: `${task.id}:${attempt}:declined`,
    at,
    type: "handover-declined",
    task: task.id,
    attempt,
    reason,
  }));
}

/** A task as its agent gets it. */
function assignmentOf(task: Task, payload: unknown): Assignment {
  const live = liveAttempt(task);
  return {
    taskId: task.id,
    attempt: live?.number ?? 0,
    capability: task.capability,
    payload: (payload ?? null) as Assignment["payload"],
    priority: task.priority,
    timeoutSeconds: isSession(task) ? null : task.timeoutSeconds,
    ...(live?.ownSlots === undefined ? {} : { ownSlots: live.ownSlots }),
  };
}

function commandOf(effect: Tell): Command {
  return { commandId: effect.id, taskId: effect.task, attempt: effect.attempt, body: effect.command };
}

/** Only the newest of each run, of each onboarding and of each general message is worth saying. */
function merged(before: readonly LiveMessage[], more: readonly LiveMessage[]): LiveMessage[] {
  if (before.length === 0 || more.length === 0) return [...before, ...more];
  const newest = new Map<string, LiveMessage>();
  for (const message of [...before, ...more]) newest.set(subjectOf(message), message);
  return [...newest.values()];
}

function subjectOf(message: LiveMessage): string {
  if (message.type === "run-changed") return message.run.id;
  return message.type === "onboarding-changed" ? message.onboarding.id : message.type;
}

function urgencyOf(live: readonly LiveMessage[]): keyof typeof tellEveryMs {
  const runs = live.flatMap((message) => (message.type === "run-changed" ? message.run : []));
  if (runs.some(({ endedAt }) => endedAt !== null)) return "end";
  return runs.length > 0 ? "run" : "other";
}

/** Sessions whose run is over: their viewers are told. One that is missed costs nothing but the word. */
function endedSessions(live: readonly LiveMessage[]): Set<string> {
  return new Set(
    live.flatMap((message) => (message.type === "run-changed" && message.run.endedAt !== null ? (message.run.session?.id ?? []) : [])),
  );
}
