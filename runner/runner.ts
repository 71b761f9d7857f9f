import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { sessionAssignment, type Assignment, type Command, type ReportBody } from "../core/protocol/frames.ts";
import { deviceLogin } from "../core/onboarding/device-login.ts";
import type { Result } from "../core/result.ts";
import { dayMs, minuteMs, secondMs } from "../core/time.ts";
import { agentVariables } from "./agent-env.ts";
import { keyOf, payloadOf, refOf } from "./attempt-record.ts";
import { AttemptVariables } from "./attempt-variables.ts";
import { Bundles } from "./bundles.ts";
import type { AgentLogin } from "./agent-login.ts";
import { beginConversationStep } from "./conversation-step.ts";
import { allEnded, drainSteps } from "./drain-steps.ts";
import type { AgentDriver } from "./drivers/driver.ts";
import type { Repository, WorkFailure } from "./git/repository.ts";
import type { Isolation } from "./isolation.ts";
import { lockFolder } from "./folder-lock.ts";
import { maySoon, openJournal, type AttemptRecord, type AttemptRef, type Journal } from "./journal.ts";
import { logToStderr, type Log } from "./log.ts";
import { askForCredential, type GitCredential } from "./mesh-api.ts";
import { connectMesh, type LinkEnd, type MeshLink } from "./mesh-link.ts";
import { OutputSender } from "./output/output-sender.ts";
import { watchStep } from "./output/watch-step.ts";
import { isOwnWork, leastOwnSlots, OwnWork, ownSlots } from "./own-work.ts";
import { registrationOf } from "./registration.ts";
import { Repositories } from "./repositories.ts";
import type { RunnerOptions } from "./runner-options.ts";
import { environmentFile, hostedAgent, RunnerSetupError } from "./runner-setup.ts";
import { placeOf, repositoryOf, type RunPlace } from "./run-place.ts";
import type { Step, StepTools } from "./step.ts";
import { sweepAndSay, touch } from "./sweep.ts";
import { beginTestStep } from "./test-step.ts";

export interface RunnerEnd {
  readonly reason: "drained" | LinkEnd["reason"];
  /** For the person who started it. */
  readonly message: string;
  readonly exitCode: number;
}

export interface Runner {
  readonly isolation: Isolation["kind"];
  readonly ended: Promise<RunnerEnd>;
  /**
   * Takes nothing more, lets running steps come to a stopping point (at most `withinMs`, 30 s), reports, and ends. A session that waits for an answer is
   * stopped at once and goes on with it later. A step that has not ended `leaveMs` (10 s) after that is left: the next start takes it up from the journal.
   */
  drain(withinMs?: number, leaveMs?: number): Promise<void>;
}

/** Stop by itself after this time without contact; the mesh gives the work to another only later (15 min). */
export const defaultContactLimitMs = 10 * minuteMs;

/** Starts a runner: takes up what its journal says was under way, and connects. Throws `RunnerSetupError`. */
export async function startRunner(options: RunnerOptions): Promise<Runner> {
  const log = options.log ?? logToStderr;
  const dir = resolve(options.dir);
  mkdirSync(dir, { recursive: true, mode: 0o711 });
  const locked = lockFolder(dir);
  if (!locked.ok) throw new RunnerSetupError(locked.error);
  const unlock = locked.value;
  try {
    const { isolation, workFolder, driver, login } = hostedAgent(options, dir);
    log("info", "runner starts", {
      agent: options.id,
      driver: driver.name,
      isolation: isolation.kind,
      ...(isolation.kind === "none" ? { reason: isolation.reason } : {}),
    });
    for (const reason of isolation.gaps) log("warn", "the wall around agents has a gap", { reason });
    return new HostingRunner(options, { dir, workFolder, isolation, driver, login, log, unlock });
  } catch (error) {
    unlock();
    throw error;
  }
}

/** What a runner found out and opened before it began. */
interface RunnerSetup {
  readonly dir: string;
  readonly workFolder: string;
  readonly isolation: Isolation;
  readonly driver: AgentDriver;
  readonly login: AgentLogin | undefined;
  readonly log: Log;
  readonly unlock: () => void;
}

class HostingRunner implements Runner {
  readonly isolation: Isolation["kind"];
  readonly ended: Promise<RunnerEnd>;
  readonly #options: RunnerOptions;
  readonly #setup: RunnerSetup;
  readonly #journal: Journal;
  readonly #link: MeshLink;
  readonly #output: OutputSender;
  readonly #own: OwnWork;
  readonly #bundles: Bundles;
  readonly #steps = new Map<string, Step>();
  readonly #repositories: Repositories;
  readonly #refusedCommands = new Set<string>();
  readonly #watch: NodeJS.Timeout;
  readonly #sweeper: NodeJS.Timeout;
  #draining = false;
  #closed = false;
  #end: (end: RunnerEnd) => void = () => undefined;

  constructor(options: RunnerOptions, setup: RunnerSetup) {
    this.#options = options;
    this.#setup = setup;
    const { dir, workFolder, isolation, log } = setup;
    this.isolation = isolation.kind;
    this.#journal = openJournal(join(dir, "journal"));
    this.ended = new Promise((done) => (this.#end = done));
    this.#bundles = new Bundles(options, log);
    this.#repositories = new Repositories(dir, options.localRemotes);
    this.#own = new OwnWork({
      workFolder,
      isolation,
      isTrusted: (project) => this.#isTrusted(project),
      agentEnv: () => this.#agentVariables(),
      login: setup.login,
      device: options.device,
      loginTimeLimitMs: options.loginTimeLimitMs ?? deviceLogin.timeLimitMs,
      report: (body) => this.#report(body),
      credential: (ref, givenUp) => this.#credential(ref, "read", givenUp),
      variables: (project, ref) => this.#variables(project, ref),
      repository: (repository) => this.#repositories.named(repository),
    });
    this.#output = new OutputSender(join(dir, "output"), (frame) => this.#link?.sendOutput(frame) ?? false, log);
    const recovered = this.#journal.live();
    this.#link = connectMesh({
      mesh: { url: options.url, id: options.id, token: options.token },
      registration: registrationOf(options.slots, isolation, ownSlots, setup.driver.name),
      leastRegistration: registrationOf(options.slots, isolation, leastOwnSlots, setup.driver.name),
      journal: this.#journal,
      log,
      heartbeatMs: options.heartbeatMs,
      onAssign: (assignment) => this.#assigned(assignment),
      onCommand: (command) => this.#commanded(command),
      onDrain: () => log("info", "the mesh gives this runner nothing new for now", { agent: options.id }),
      onConnected: () => this.#output.connected(),
      onOutput: (said) => this.#output.heard(said),
    });
    this.#sweep(recovered);
    this.#sweeper = setInterval(() => this.#sweep(this.#journal.live()), dayMs);
    for (const record of recovered) this.#begin(record, true);
    this.#watch = setInterval(() => this.#watchContact(), Math.min(15 * secondMs, this.#contactLimitMs / 4));
    void this.#link.ended.then(async ({ reason, message }) => {
      for (const step of this.#steps.values()) step.stop("now", message);
      await allEnded(this.#steps);
      this.#close({ reason, message, exitCode: reason === "unauthorized" ? 77 : 78 });
    });
  }

  async drain(withinMs = 30 * secondMs, leaveMs = 10 * secondMs): Promise<void> {
    this.#draining = true;
    const message = await drainSteps(this.#steps, "the runner was shut down", { withinMs, leaveMs });
    await Promise.all([this.#link.settled(5 * secondMs), this.#output.settled(5 * secondMs)]);
    this.#setup.log("info", "drained", { reason: message });
    this.#close({ reason: "drained", message, exitCode: 0 });
  }

  #close(end: RunnerEnd): void {
    if (this.#closed) return;
    this.#closed = true;
    clearInterval(this.#watch);
    clearInterval(this.#sweeper);
    this.#own.close();
    this.#link.close();
    this.#journal.close();
    this.#setup.unlock();
    this.#end(end);
  }

  #assigned(assignment: Assignment): void {
    const refusal = this.#refusalOf(assignment);
    if (!this.#journal.assigned(assignment)) return; // a repeat
    const ref = refOf(assignment);
    if (refusal !== undefined) {
      this.#setup.log("warn", "declined", { ...ref, reason: refusal });
      return this.#report({ ...ref, type: "task-declined", reason: refusal });
    }
    this.#report({ ...ref, type: "task-accepted" });
    const record = this.#journal.attempt(ref);
    if (record !== undefined) this.#begin(record, false);
  }

  #refusalOf(assignment: Assignment): string | undefined {
    if (this.#draining) return "this runner is shutting down";
    if (isOwnWork(assignment)) return this.#own.refusalOf(assignment, this.#journal.live());
    const session = sessionAssignment.safeParse(assignment.payload);
    if (!session.success) return "this runner does steps of coding sessions, in the form of protocol version 1, trials, logins and probes";
    if (placeOf(this.#setup.workFolder, session.data) === undefined) return "the project or branch has not the form of a run's";
    const sessions = this.#journal.live().filter((record) => !isOwnWork(record.assignment));
    if (sessions.length >= this.#options.slots) return "no free slot";
    if (this.#setup.isolation.kind === "none" && !this.#isTrusted(session.data.project)) {
      return `agents are not isolated on this machine (${this.#setup.isolation.reason}), and ${session.data.project} is not named with --trust`;
    }
    const { branch, project } = session.data;
    const twin = sessions.find((live) => payloadOf(live)?.branch === branch && payloadOf(live)?.project === project);
    return twin !== undefined && keyOf(twin.assignment) !== keyOf(assignment)
      ? "another step of this run is still under way here"
      : undefined;
  }

  #isTrusted(project: string): boolean {
    return (this.#options.trust ?? []).some((name) => name.toLowerCase() === project.toLowerCase());
  }

  #begin(record: AttemptRecord, recovered: boolean): void {
    const ref = refOf(record.assignment);
    if (isOwnWork(record.assignment)) {
      const { capability } = record.assignment;
      this.#setup.log("info", recovered ? "begins anew after a restart" : "task begins", { ...ref, capability });
      return this.#under(record, this.#own.begin(record), () => undefined);
    }
    const session = payloadOf(record);
    const place = session === undefined ? undefined : placeOf(this.#setup.workFolder, session);
    const repository = session === undefined ? undefined : repositoryOf(session);
    if (session === undefined || place === undefined || repository === undefined) {
      return this.#report({
        ...ref,
        type: "task-failed",
        kind: "infrastructure",
        message: "the runner can no longer read this assignment",
      });
    }
    this.#setup.log("info", recovered ? "going on after a restart" : "step begins", { ...ref, run: session.runId, step: session.step });
    void this.#repositories.named(repository).then(
      (open) => {
        const order = { record, session, recovered };
        const tools = this.#toolsOf(ref, place, open, session.project);
        const begin = session.step === "test" ? beginTestStep : beginConversationStep;
        this.#under(record, watchStep({ sender: this.#output, ref, order }, tools, begin), () => touch(place));
      },
      (error: Error) => this.#report({ ...ref, type: "task-failed", kind: "infrastructure", message: error.message.slice(0, 4_000) }),
    );
  }

  #under(record: AttemptRecord, step: Step, after: () => void): void {
    const ref = refOf(record.assignment);
    this.#steps.set(keyOf(ref), step);
    for (const command of [...record.pending]) this.#give(command);
    void step.ended.then(() => {
      this.#steps.delete(keyOf(ref));
      after();
      this.#setup.log("info", "step ended", { ...ref });
    });
  }

  #sweep(live: readonly AttemptRecord[]): void {
    const places = live.flatMap((record) => {
      const session = payloadOf(record);
      return session === undefined ? [] : (placeOf(this.#setup.workFolder, session) ?? []);
    });
    for (const place of places) touch(place);
    void sweepAndSay(this.#setup, new Set(places.map(({ root }) => root)), this.#options.sweep);
  }

  #toolsOf(ref: AttemptRef, place: RunPlace, repository: Repository, project: string): StepTools {
    const variables = this.#variables(project, ref);
    return {
      driver: this.#setup.driver,
      isolation: this.#setup.isolation,
      repository,
      place,
      grantsFolder: join(this.#setup.dir, "grants"),
      environment: (givenUp) => variables.environment(place, givenUp),
      secrets: () => variables.secrets,
      credential: async (givenUp) => variables.learned(await this.#credential(ref, "push", givenUp)),
      show: () => undefined,
      report: (body) => this.#report(variables.redacted(body)),
      reported: () => this.#journal.synced(),
      connected: () => this.#link.connected,
      log: this.#setup.log,
    };
  }

  #agentVariables(): Record<string, string> {
    return agentVariables(this.#options.agentEnv ?? {}, join(this.#setup.dir, environmentFile), this.#setup.log);
  }

  #variables(project: string, ref: AttemptRef): AttemptVariables {
    return new AttemptVariables(this.#agentVariables(), (givenUp) =>
      this.#bundles.variablesFor(project, ref, () => givenUp() || this.#silentMs() > this.#contactLimitMs),
    );
  }

  #credential(ref: AttemptRef, purpose: "read" | "push", givenUp: () => boolean): Promise<Result<GitCredential, WorkFailure>> {
    return askForCredential(this.#options, ref, purpose, () => givenUp() || this.#silentMs() > this.#contactLimitMs);
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
    if (this.#closed) return; // of a step that was left
    if (maySoon.has(body.type)) return this.#journal.reportSoon(body, () => this.#link?.flush());
    this.#journal.report(body);
    this.#link?.flush();
  }

  get #contactLimitMs(): number {
    return this.#options.contactLimitMs ?? defaultContactLimitMs;
  }

  #silentMs(): number {
    return Date.now() - this.#link.lastContactAt;
  }

  #watchContact(): void {
    if (this.#silentMs() < this.#contactLimitMs) return;
    const limit =
      this.#contactLimitMs < minuteMs ? `${this.#contactLimitMs / secondMs} s` : `${Math.round(this.#contactLimitMs / minuteMs)} min`;
    for (const step of this.#steps.values())
      step.abandon("infrastructure", `no contact with the mesh for ${limit}: the agent was stopped, its worktree kept`);
  }
}
