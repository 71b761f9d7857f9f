import { mkdirSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { sessionAssignment, type Assignment, type Command, type ReportBody, type SessionAssignment } from "../core/protocol/frames.ts";
import { ok, refused } from "../core/result.ts";
import { dayMs, minuteMs, secondMs } from "../core/time.ts";
import { claudeExecutables } from "./agent-executable.ts";
import { beginConversationStep } from "./conversation-step.ts";
import type { AgentDriver } from "./drivers/driver.ts";
import { openRepository, type Repository } from "./git/repository.ts";
import { agentEnvironment, detectIsolation, type Isolation } from "./isolation.ts";
import { lockFolder } from "./folder-lock.ts";
import { openJournal, type AttemptRecord, type AttemptRef, type Journal } from "./journal.ts";
import { logToStderr, type Log } from "./log.ts";
import { fetchGitCredential } from "./mesh-api.ts";
import { connectMesh, type LinkEnd, type MeshLink } from "./mesh-link.ts";
import { registrationOf } from "./registration.ts";
import { claudeDriver, reachableFolder, RunnerSetupError } from "./runner-setup.ts";
import { placeOf, repositoryOf, type RunPlace } from "./run-place.ts";
import type { Step, StepTools } from "./step.ts";
import { sweep, touch } from "./sweep.ts";
import { beginTestStep } from "./test-step.ts";

export interface RunnerOptions {
  /** The Worker's origin. */
  readonly url: string;
  /** The agent id that the token names. */
  readonly id: string;
  readonly token: string;
  /** Sessions at a time. */
  readonly slots: number;
  /** Journal, clones and worktrees; one runner per folder. */
  readonly dir: string;
  /** Repositories (`owner/name`) taken even without isolation. */
  readonly trust?: readonly string[];
  /** Given to the agent and to test commands, e.g. `ANTHROPIC_API_KEY`. */
  readonly agentEnv?: Readonly<Record<string, string>>;
  /** Path of Claude Code; by default the installed one, else the one that comes with the SDK. */
  readonly claude?: string;
  /** Replaces Claude Code; for tests and other agents. */
  readonly driver?: AgentDriver;
  /** Allows file URLs as repositories; for tests. */
  readonly localRemotes?: boolean;
  readonly log?: Log;
}

export interface RunnerEnd {
  readonly reason: "drained" | LinkEnd["reason"];
  /** For the person who started it. */
  readonly message: string;
  readonly exitCode: number;
}

export interface Runner {
  readonly isolation: Isolation["kind"];
  readonly ended: Promise<RunnerEnd>;
  /** Takes nothing more, lets running steps come to a stopping point (at most `withinMs`, 30 s), reports, and ends. */
  drain(withinMs?: number): Promise<void>;
}

/** Stop by itself after this time without contact; the mesh gives the work to another only later (15 min). */
const contactLimitMs = 10 * minuteMs;

/** Starts a runner: takes up what its journal says was under way, and connects. Throws `RunnerSetupError`. */
export async function startRunner(options: RunnerOptions): Promise<Runner> {
  const log = options.log ?? logToStderr;
  const dir = resolve(options.dir);
  mkdirSync(dir, { recursive: true, mode: 0o711 });
  const locked = lockFolder(dir);
  if (!locked.ok) throw new RunnerSetupError(locked.error);
  const unlock = locked.value;
  try {
    const candidates = options.driver === undefined ? claudeExecutables(options.claude) : [];
    const isolation = detectIsolation({ stateFolder: dir, readable: [...candidates, dirname(dirname(process.execPath))] });
    const workFolder = reachableFolder(dir, isolation);
    const driver = options.driver ?? claudeDriver(candidates, isolation, workFolder);
    log("info", "runner starts", {
      agent: options.id,
      isolation: isolation.kind,
      ...(isolation.kind === "none" ? { reason: isolation.reason } : {}),
    });
    return new HostingRunner(options, dir, workFolder, isolation, driver, log, unlock);
  } catch (error) {
    unlock();
    throw error;
  }
}

class HostingRunner implements Runner {
  readonly isolation: Isolation["kind"];
  readonly ended: Promise<RunnerEnd>;
  readonly #options: RunnerOptions;
  readonly #dir: string;
  readonly #workFolder: string;
  readonly #isolation: Isolation;
  readonly #driver: AgentDriver;
  readonly #log: Log;
  readonly #journal: Journal;
  readonly #link: MeshLink;
  readonly #steps = new Map<string, Step>();
  readonly #repositories = new Map<string, Promise<Repository>>();
  readonly #refusedCommands = new Set<string>();
  readonly #watch: NodeJS.Timeout;
  readonly #sweeper: NodeJS.Timeout;
  readonly #unlock: () => void;
  #draining = false;
  #end: (end: RunnerEnd) => void = () => undefined;

  constructor(
    options: RunnerOptions,
    dir: string,
    workFolder: string,
    isolation: Isolation,
    driver: AgentDriver,
    log: Log,
    unlock: () => void,
  ) {
    this.#options = options;
    this.#dir = dir;
    this.#workFolder = workFolder;
    this.#isolation = isolation;
    this.isolation = isolation.kind;
    this.#driver = driver;
    this.#log = log;
    this.#unlock = unlock;
    this.#journal = openJournal(join(dir, "journal"));
    this.ended = new Promise((done) => (this.#end = done));
    const recovered = this.#journal.live();
    this.#link = connectMesh({
      mesh: { url: options.url, id: options.id, token: options.token },
      registration: registrationOf(options.slots, isolation),
      journal: this.#journal,
      log,
      onAssign: (assignment) => this.#assigned(assignment),
      onCommand: (command) => this.#commanded(command),
      onDrain: () => (this.#draining = true),
    });
    this.#sweep(recovered);
    this.#sweeper = setInterval(() => this.#sweep(this.#journal.live()), dayMs);
    for (const record of recovered) this.#begin(record, true);
    this.#watch = setInterval(() => this.#watchContact(), 15 * secondMs);
    void this.#link.ended.then(async ({ reason, message }) => {
      for (const step of this.#steps.values()) step.stop("now", message);
      await this.#close({ reason, message, exitCode: reason === "unauthorized" ? 77 : 78 });
    });
  }

  async drain(withinMs = 30 * secondMs): Promise<void> {
    this.#draining = true;
    const reason = "the runner was shut down";
    for (const step of this.#steps.values()) step.stop("after-step", reason);
    const patience = setTimeout(() => {
      for (const step of this.#steps.values()) step.stop("now", reason);
    }, withinMs);
    await Promise.all([...this.#steps.values()].map(({ ended }) => ended));
    clearTimeout(patience);
    await this.#link.settled(5 * secondMs);
    await this.#close({ reason: "drained", message: "every session was stopped and reported", exitCode: 0 });
  }

  async #close(end: RunnerEnd): Promise<void> {
    clearInterval(this.#watch);
    clearInterval(this.#sweeper);
    await Promise.all([...this.#steps.values()].map(({ ended }) => ended));
    this.#link.close();
    this.#journal.close();
    this.#unlock();
    this.#end(end);
  }

  #assigned(assignment: Assignment): void {
    const refusal = this.#refusalOf(assignment);
    if (!this.#journal.assigned(assignment)) return; // a repeat
    const ref = refOf(assignment);
    if (refusal !== undefined) {
      this.#log("warn", "declined", { ...ref, reason: refusal });
      return this.#report({ ...ref, type: "task-declined", reason: refusal });
    }
    this.#report({ ...ref, type: "task-accepted" });
    const record = this.#journal.attempt(ref);
    if (record !== undefined) this.#begin(record, false);
  }

  #refusalOf(assignment: Assignment): string | undefined {
    if (this.#draining) return "this runner is shutting down";
    const session = sessionAssignment.safeParse(assignment.payload);
    if (!session.success) return "this runner does steps of coding sessions only, in the form of protocol version 1";
    if (placeOf(this.#workFolder, session.data) === undefined) return "the project or branch has not the form of a run's";
    if (this.#journal.live().length >= this.#options.slots) return "no free slot";
    const trusted = (this.#options.trust ?? []).some((name) => name.toLowerCase() === session.data.project.toLowerCase());
    if (this.#isolation.kind === "none" && !trusted) {
      return `agents are not isolated on this machine (${this.#isolation.reason}), and ${session.data.project} is not named with --trust`;
    }
    const twin = this.#journal
      .live()
      .find((live) => payloadOf(live)?.branch === session.data.branch && payloadOf(live)?.project === session.data.project);
    return twin !== undefined && !sameAttempt(twin.assignment, assignment) ? "another step of this run is still under way here" : undefined;
  }

  #begin(record: AttemptRecord, recovered: boolean): void {
    const ref = refOf(record.assignment);
    const session = payloadOf(record);
    const place = session === undefined ? undefined : placeOf(this.#workFolder, session);
    const repository = session === undefined ? undefined : repositoryOf(session);
    if (session === undefined || place === undefined || repository === undefined) {
      return this.#report({
        ...ref,
        type: "task-failed",
        kind: "infrastructure",
        message: "the runner can no longer read this assignment",
      });
    }
    this.#log("info", recovered ? "going on after a restart" : "step begins", { ...ref, run: session.runId, step: session.step });
    void this.#repository(repository).then(
      (open) => {
        const order = { record, session, recovered };
        const tools = this.#toolsOf(ref, place, open);
        const step = session.step === "test" ? beginTestStep(order, tools) : beginConversationStep(order, tools);
        this.#steps.set(keyOf(ref), step);
        for (const command of [...record.pending]) this.#give(command);
        void step.ended.then(() => {
          this.#steps.delete(keyOf(ref));
          touch(place);
          this.#log("info", "step ended", { ...ref });
        });
      },
      (error: Error) => this.#report({ ...ref, type: "task-failed", kind: "infrastructure", message: error.message.slice(0, 4_000) }),
    );
  }

  #sweep(live: readonly AttemptRecord[]): void {
    const places = live.flatMap((record) => {
      const session = payloadOf(record);
      return session === undefined ? [] : (placeOf(this.#workFolder, session) ?? []);
    });
    for (const place of places) touch(place);
    for (const path of sweep(this.#workFolder, new Set(places.map(({ root }) => root))))
      this.#log("info", "old worktree removed", { path });
  }

  #toolsOf(ref: AttemptRef, place: RunPlace, repository: Repository): StepTools {
    const { url, id, token, agentEnv = {} } = this.#options;
    return {
      driver: this.#driver,
      isolation: this.#isolation,
      repository,
      place,
      environment: agentEnvironment(place, agentEnv),
      credential: async (givenUp) => {
        for (let tries = 1; ; tries++) {
          const answer = await fetchGitCredential({ url, id, token }, ref);
          if (answer.ok) return ok(answer.value);
          const { reason, message } = answer.error;
          if (reason !== "unreachable" || givenUp() || this.#silentMs() > contactLimitMs) {
            // Not this runner's attempt any more, or no mesh: nothing that a person has to mend.
            return refused({ kind: "infrastructure", message });
          }
          await pause(Math.min(15, tries) * secondMs);
        }
      },
      report: (body) => this.#report(body),
      connected: () => this.#link.connected,
      log: this.#log,
    };
  }

  #commanded(command: Command): void {
    const received = this.#journal.received(command);
    if (received === "new") return this.#give(command);
    if (received === "ended" && !this.#refusedCommands.has(command.commandId)) {
      this.#refusedCommands.add(command.commandId);
      this.#confirm(command, false);
    }
  }

  /** A command that comes before its step stands is given when it does. */
  #give(command: Command): void {
    const step = this.#steps.get(keyOf(command));
    if (step !== undefined) this.#confirm(command, step.apply(command));
  }

  #confirm(command: Command, applied: boolean): void {
    this.#report({ ...refOf(command), type: "command-received", commandId: command.commandId, applied });
  }

  #report(body: ReportBody): void {
    this.#journal.report(body);
    this.#link?.flush();
  }

  #repository(repository: { owner: string; name: string }): Promise<Repository> {
    const key = `${repository.owner}/${repository.name}`;
    const open = this.#repositories.get(key) ?? this.#open(repository);
    this.#repositories.set(key, open);
    return open;
  }

  #open(repository: { owner: string; name: string }): Promise<Repository> {
    const folder = join(this.#dir, "repositories");
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    return openRepository(folder, repository, this.#options.localRemotes);
  }

  #silentMs(): number {
    return Date.now() - this.#link.lastContactAt;
  }

  #watchContact(): void {
    if (this.#silentMs() < contactLimitMs) return;
    for (const step of this.#steps.values())
      step.abandon("infrastructure", "no contact with the mesh for 10 min: the agent was stopped, its worktree kept");
  }
}

function payloadOf(record: AttemptRecord): SessionAssignment | undefined {
  return sessionAssignment.safeParse(record.assignment.payload).data;
}

function refOf({ taskId, attempt }: AttemptRef): AttemptRef {
  return { taskId, attempt };
}

function keyOf({ taskId, attempt }: AttemptRef): string {
  return `${taskId} ${attempt}`;
}

function sameAttempt(one: AttemptRef, other: AttemptRef): boolean {
  return one.taskId === other.taskId && one.attempt === other.attempt;
}
