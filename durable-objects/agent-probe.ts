import { projectOf } from "../core/ids.ts";
import type { AgentFrame, Assignment, MeshFrame, Report } from "../core/protocol/frames.ts";
import { probeProject } from "../core/protocol/probe-work.ts";
import type { ProbeAction, ProbeEntry, ProbeSaying } from "../core/protocol/probe-work.ts";
import { minuteMs, secondMs } from "../core/time.ts";
import type { Moment } from "../core/time.ts";
import { now } from "../platform/clock.ts";
import { LongPolls } from "./agent-mailbox-polls.ts";
import type { Closing } from "./agent-mailbox-frames.ts";
import type { AttemptRef } from "./agent-mailbox-work.ts";

/** How a probe reaches its agent. */
export interface ProbeWay {
  /** Sends frames down the socket; false without one. */
  send(frames: readonly MeshFrame[]): boolean;
  /** Wakes requests that wait, so that they take what is queued. */
  wake(): void;
  hangUp(closing: Closing): void;
}

const forgottenAfterMs = 10 * minuteMs;
const mostEntries = 2_000;
/** The agent's other reports wait meanwhile, so whoever tests must not be able to forget it. */
const withheldAtMostMs = 30 * secondMs;

/**
 * The test of one agent by `mesh agents test`, in memory: frames that whoever tests makes up are sent, and what the agent does is written down. Its
 * attempts belong to no project, so no orchestrator, no repository and no account hears of them; the agent's other work goes on beside it.
 */
export class AgentProbe {
  readonly #way: ProbeWay;
  #usedAt: Moment = 0;
  #entries: ProbeEntry[] = [];
  #queued: MeshFrame[] = [];
  #live = new Map<string, AttemptRef>();
  /** Reports that came while they are withheld from acknowledgement. */
  #withheld: { readonly commit: () => void; readonly fail: (reason: Error) => void }[] | null = null;
  #withheldEnd: ReturnType<typeof setTimeout> | null = null;
  readonly #readers = new LongPolls();

  constructor(way: ProbeWay) {
    this.#way = way;
  }

  get isActive(): boolean {
    return now() - this.#usedAt < forgottenAfterMs;
  }

  /** Answers whether a probe is under way: after a restart of its mailbox it is not. */
  act(action: ProbeAction): boolean {
    if (action.do === "begin") this.#begin();
    if (!this.isActive) return false;
    this.#usedAt = now();
    if (action.do === "send") this.#send(action.frames as MeshFrame[]);
    if (action.do === "withhold") this.#withhold();
    if (action.do === "commit") this.#settle(({ commit }) => commit());
    if (action.do === "cut") this.#cut();
    if (action.do === "end") this.#end();
    return true;
  }

  /** What the agent did after entry `after`, as soon as there is something; null when no probe is under way. */
  async entries(after: number, waitMs: number): Promise<readonly ProbeEntry[] | null> {
    const found = await this.#readers.items(waitMs, () => (this.isActive ? this.#entries.filter(({ n }) => n > after) : [null]));
    if (!this.isActive) return null;
    this.#usedAt = now();
    return found.filter((each) => each !== null);
  }

  /** Frames for an agent without a socket. */
  take(): MeshFrame[] {
    return this.#queued.splice(0);
  }

  /** Writes down what the agent said. */
  heard(frame: Extract<AgentFrame, { type: "hello" }> | { type: "reports"; reports: readonly Report[] }): void {
    if (!this.isActive) return;
    if (frame.type === "hello") return this.#note(frame);
    for (const report of frame.reports) {
      if (!isProbe(report.body)) continue;
      this.#note({ type: "report", report });
      if (endings.has(report.body.type)) this.#live.delete(keyOf(report.body));
    }
  }

  /** Writes down how a connection was ended by the mesh for what the agent did. */
  closed({ code, reason }: Closing): void {
    if (this.isActive) this.#note({ type: "closed", code, reason });
  }

  /** Resolves when reports of the probe count as committed; rejects when their connection is cut before. */
  committed(): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#withheld === null) resolve();
      else this.#withheld.push({ commit: resolve, fail: reject });
    });
  }

  /** Whether an attempt is one of a probe under way. */
  owns(ref: AttemptRef): boolean {
    return this.isActive && isProbe(ref);
  }

  #begin(): void {
    this.#end();
    [this.#usedAt, this.#entries] = [now(), []];
  }

  #send(frames: readonly MeshFrame[]): void {
    for (const frame of frames) if (frame.type === "assign") for (const each of frame.assignments) this.#live.set(keyOf(each), refOf(each));
    if (this.#way.send(frames)) return;
    this.#queued.push(...frames);
    this.#way.wake();
  }

  #withhold(): void {
    clearTimeout(this.#withheldEnd);
    this.#withheld ??= [];
    this.#withheldEnd = setTimeout(() => this.#settle(({ commit }) => commit()), withheldAtMostMs);
  }

  #cut(): void {
    const waiting = this.#withheld?.length ?? 0;
    this.#settle(({ fail }) => fail(new Error("cut by the test of the agent")));
    if (waiting === 0) this.#way.hangUp({ code: 1012, reason: "cut by the test of the agent; connect again" });
  }

  #end(): void {
    this.#settle(({ commit }) => commit());
    const reason = "the test of the agent is over";
    const left = [...this.#live.values()].map(({ taskId, attempt }): MeshFrame => {
      const body = { type: "stop", mode: "now", reason } as const;
      return { type: "command", command: { commandId: `stop.${taskId}.${attempt}`, taskId, attempt, body } };
    });
    if (left.length > 0) this.#send(left);
    [this.#live, this.#usedAt] = [new Map(), 0];
    this.#readers.wake();
  }

  #settle(each: (one: { commit: () => void; fail: (reason: Error) => void }) => void): void {
    clearTimeout(this.#withheldEnd);
    const withheld = this.#withheld ?? [];
    this.#withheld = null;
    for (const one of withheld) each(one);
  }

  #note(saying: ProbeSaying): void {
    if (this.#entries.length >= mostEntries) return;
    this.#entries.push({ n: (this.#entries.at(-1)?.n ?? 0) + 1, at: now(), ...saying });
    this.#readers.wake();
  }
}

const endings = new Set<Report["body"]["type"]>(["task-done", "task-failed", "task-declined", "stopped", "parked"]);

function isProbe({ taskId }: { readonly taskId: string }): boolean {
  return projectOf(taskId) === probeProject;
}

function keyOf({ taskId, attempt }: AttemptRef): string {
  return `${taskId}:${attempt}`;
}

function refOf({ taskId, attempt }: Assignment): AttemptRef {
  return { taskId, attempt };
}
