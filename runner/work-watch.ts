import { readdirSync, readFileSync } from "node:fs";
import { minuteMs, type Moment } from "../core/time.ts";
import type { Conversation } from "./drivers/driver.ts";
import { collect } from "./git/run-git.ts";
import { agentEnvironment, type Isolation } from "./isolation.ts";
import type { RunPlace } from "./run-place.ts";
import {
  familyOf,
  isAtWork,
  liveCommands,
  processKey,
  signOfWork,
  workRhythm,
  type SeenProcess,
  type WorkRhythm,
} from "./signs-of-work.ts";

export interface WorkWatchOptions {
  readonly place: RunPlace;
  readonly isolation: Isolation;
  /** Without a sign for so long the mesh takes the session for stalled; 10 min. */
  readonly stallAfterMs: number | undefined;
  /** Whether the mesh can be told now. */
  readonly connected: () => boolean;
  /** Tells it of work. */
  readonly tell: (summary: string | undefined) => void;
}

/** A change is dated by a clock that is a little behind. */
const coarseClockMs = 20;

/** Watches a session for signs of work, from its agent's events to what its commands do to the worktree, and tells the mesh now and then. */
export class WorkWatch {
  readonly rhythm: WorkRhythm;
  readonly #options: WorkWatchOptions;
  readonly #stallAfterMs: number;
  #untold: { summary?: string } | undefined;
  #toldAt: Moment = 0;
  #signAt: Moment = Date.now();
  #lookedAt: Moment = Date.now();
  #looking = false;
  #own: ReadonlySet<string> = new Set();

  constructor(options: WorkWatchOptions) {
    this.#options = options;
    this.#stallAfterMs = options.stallAfterMs ?? 10 * minuteMs;
    this.rhythm = workRhythm(options.stallAfterMs);
  }

  /** The agent is there and has done nothing yet: what runs now are no commands of its. */
  began({ pid }: Pick<Conversation, "pid">): void {
    if (pid !== undefined) this.#own = new Set(familyOf(pid, listProcesses() ?? []).map(processKey));
  }

  /** A sign of work; `summary` is one line for people. */
  active(summary?: string): void {
    this.#signAt = Date.now();
    this.#untold = summary === undefined ? (this.#untold ?? {}) : { summary };
    this.#tell();
  }

  /** What the runner does itself (a large clone, a push, with limits of their own) is work. */
  async during<T>(work: Promise<T>): Promise<T> {
    const timer = setInterval(() => this.active(), this.rhythm.lookEveryMs);
    try {
      return await work;
    } finally {
      clearInterval(timer);
      this.#signAt = this.#lookedAt = Date.now();
    }
  }

  /** Looks at a session that has been silent for a while, and tells what is not told yet. */
  tick(agent: Pick<Conversation, "busy" | "pid">): void {
    if (!this.#looking && Date.now() - Math.max(this.#signAt, this.#lookedAt) >= this.rhythm.lookEveryMs) void this.#look(agent);
    this.#tell();
  }

  /** False when the agent has been silent indeed; else the mesh is told at once that it is at work, and nobody disturbs it. */
  contradicts(): boolean {
    if (!isAtWork(this.#signAt, this.#stallAfterMs, Date.now())) return false;
    this.#untold ??= {};
    this.#toldAt = 0;
    this.#tell();
    return true;
  }

  async #look(agent: Pick<Conversation, "busy" | "pid">): Promise<void> {
    this.#looking = true;
    const since = Math.max(this.#signAt, this.#lookedAt);
    const at = Date.now();
    const { busy, pid } = agent;
    const processes = busy && pid !== undefined ? listProcesses() : null;
    const commands = processes === null || pid === undefined ? null : liveCommands(pid, this.#own, processes);
    const bySight = signOfWork({ busy, commands, changed: false });
    if (bySight !== null || (await this.#changedSince(since))) this.active();
    this.#lookedAt = at;
    this.#looking = false;
  }

  /** Asked as the run's user; what is in `node_modules` is too much to look at, and nobody's work. */
  async #changedSince(since: Moment): Promise<boolean> {
    const { place, isolation } = this.#options;
    const looked = [".", "-name", "node_modules", "-prune", "-o", "-newerct", `@${(since - coarseClockMs) / 1_000}`, "-print", "-quit"];
    const { command, args } = isolation.wrap(place, "find", looked);
    const found = await collect(command, args, { cwd: place.tree, env: agentEnvironment(place, {}), timeoutMs: minuteMs });
    return found.ok && found.value !== "";
  }

  #tell(): void {
    if (this.#untold === undefined || !this.#options.connected() || Date.now() - this.#toldAt < this.rhythm.tellEveryMs) return;
    const { summary } = this.#untold;
    this.#untold = undefined;
    this.#toldAt = Date.now();
    this.#options.tell(summary);
  }
}

/** All processes that can be seen; null on a machine without /proc. */
export function listProcesses(): SeenProcess[] | null {
  if (process.platform !== "linux") return null;
  return readdirSync("/proc").flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      const stat = readFileSync(`/proc/${name}/stat`, "latin1");
      // The name of the program, in parentheses, may hold anything.
      const [state = "", parent, ...rest] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      return [{ pid: Number(name), parent: Number(parent), state, startedAt: rest[17] ?? "" }];
    } catch {
      return []; // it has ended meanwhile
    }
  });
}
