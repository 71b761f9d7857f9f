import { spawn, type ChildProcess } from "node:child_process";
import { setTimeout as pause } from "node:timers/promises";
import { deviceLogin, devicePauseMs, parseDeviceOutput, type DeviceOutput } from "../core/onboarding/device-login.ts";
import type { DeviceStartResult, DeviceStatusResult } from "../core/protocol/runner-work.ts";
import { ok, refused, type Result } from "../core/result.ts";
import type { Moment } from "../core/time.ts";
import type { DeviceCommand } from "./agent-login.ts";
import type { WorkFailure } from "./git/repository.ts";
import type { Isolation } from "./isolation.ts";
import type { RunPlace } from "./run-place.ts";

/** Output beyond this is none of a login's. */
const readCharacters = 64 * 1024;
/** A second address or code may come right after the first. */
const settleMs = 250;

export interface DeviceFlowOptions {
  readonly device: DeviceCommand;
  readonly place: RunPlace;
  readonly isolation: Isolation;
  readonly environment: Readonly<Record<string, string>>;
  /** Address and code have to be there by then, in each try. */
  readonly timeLimitMs: number;
  /** Between tries; in tests shorter. */
  readonly pauseMs?: (failed: number) => number;
}

interface Waiting {
  readonly child: ChildProcess;
  readonly url: string;
  readonly code: string;
  readonly expiresAt: Moment;
}

/** The device flow of an agent: one at a time, kept running while a person types the code. What its command prints goes nowhere but to the parser. */
export class DeviceFlow {
  readonly #options: DeviceFlowOptions;
  #waiting: Waiting | undefined;
  #ended: DeviceStatusResult = { state: "none", message: "no login was begun here" };
  #starting: Promise<Result<DeviceStartResult, WorkFailure>> | undefined;

  constructor(options: DeviceFlowOptions) {
    this.#options = options;
  }

  /** Address and code of the flow that waits, or of a new one. Callers at the same time share one. */
  start(signal: AbortSignal): Promise<Result<DeviceStartResult, WorkFailure>> {
    const waiting = this.#waiting;
    if (waiting !== undefined) return Promise.resolve(ok(shown(waiting)));
    this.#starting ??= this.#tries(signal).finally(() => (this.#starting = undefined));
    return this.#starting;
  }

  status(): DeviceStatusResult {
    return this.#waiting === undefined ? this.#ended : { state: "waiting", message: "waiting for the code to be entered" };
  }

  close(): void {
    if (this.#waiting !== undefined) this.#end(this.#waiting.child);
    this.#waiting = undefined;
  }

  async #tries(signal: AbortSignal): Promise<Result<DeviceStartResult, WorkFailure>> {
    const pauseMs = this.#options.pauseMs ?? devicePauseMs;
    for (let failed = 0; ;) {
      const begun = await this.#try(signal);
      if (begun.ok || begun.error.kind !== "infrastructure" || ++failed >= deviceLogin.tries || signal.aborted) return begun;
      await pause(pauseMs(failed));
    }
  }

  async #try(signal: AbortSignal): Promise<Result<DeviceStartResult, WorkFailure>> {
    const { device, place, isolation, environment, timeLimitMs } = this.#options;
    const [program = "", ...args] = device.command;
    isolation.prepare(place);
    await isolation.endAll(place);
    const wrapped = isolation.wrap(place, program, args);
    const child = spawn(wrapped.command, [...wrapped.args], {
      cwd: place.tree,
      env: { ...environment },
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    const found = await this.#read(child, timeLimitMs, signal);
    if (found.ok) {
      this.#keep(child, found.value);
      return ok(shown({ child, ...found.value }));
    }
    this.#end(child);
    return found;
  }

  /** What the command prints until address and code are there and nothing else comes, or it is over. */
  #read(child: ChildProcess, timeLimitMs: number, signal: AbortSignal): Promise<Result<Omit<Waiting, "child">, WorkFailure>> {
    const { device } = this.#options;
    const name = device.command.map((part) => part.split("/").at(-1) ?? part).join(" ");
    const chunks: string[] = [];
    let characters = 0;
    return new Promise((resolve) => {
      let settling: NodeJS.Timeout | undefined;
      const done = (outcome: Result<Omit<Waiting, "child">, WorkFailure>) => {
        clearTimeout(limit);
        clearTimeout(settling);
        signal.removeEventListener("abort", aborted);
        child.removeListener("exit", exited);
        resolve(outcome);
      };
      const aborted = () => done(refused({ kind: "infrastructure", message: "the login was broken off" }));
      const limit = setTimeout(() => {
        const message = `${name} showed no address and code within ${timeLimitMs / 1_000} s, in ${deviceLogin.tries} tries`;
        done(refused({ kind: "infrastructure", message }));
      }, timeLimitMs);
      const exited = (code: number | null) => {
        const message = `${name} ended (${code === null ? "by a signal" : `exit code ${code}`}) before it showed an address and a code`;
        done(refused({ kind: "infrastructure", message }));
      };
      const settled = (output: DeviceOutput) => {
        if (output.status === "found") done(ok({ url: output.url, code: output.code, expiresAt: Date.now() + deviceLogin.codeLastsMs }));
        if (output.status !== "ambiguous") return;
        const message = `${name} showed two different ${output.what === "url" ? "addresses" : "codes"}: neither is passed on`;
        done(refused({ kind: "refused", message }));
      };
      const heard = (data: string) => {
        characters += data.length;
        if (characters > readCharacters) return;
        chunks.push(data);
        const output = parseDeviceOutput(chunks, device.vendor);
        if (output.status === "incomplete") return;
        clearTimeout(settling);
        settling = setTimeout(() => settled(parseDeviceOutput(chunks, device.vendor)), settleMs);
      };
      child.stdout?.setEncoding("utf8").on("data", heard);
      child.stderr?.setEncoding("utf8").on("data", heard);
      child.once("exit", exited);
      child.once("error", () => done(refused({ kind: "configuration", message: `${name} could not be started: is it installed?` })));
      signal.addEventListener("abort", aborted, { once: true });
      if (signal.aborted) aborted();
    });
  }

  #keep(child: ChildProcess, found: Omit<Waiting, "child">): void {
    const waiting: Waiting = { child, ...found };
    this.#waiting = waiting;
    const over = (ended: DeviceStatusResult) => {
      if (this.#waiting !== waiting) return;
      clearTimeout(expiry);
      this.#waiting = undefined;
      this.#ended = ended;
    };
    const expiry = setTimeout(() => {
      over({ state: "failed", message: "the code was not entered in time" });
      this.#end(child);
    }, waiting.expiresAt - Date.now());
    expiry.unref();
    const exited = (code: number | null) =>
      over(
        code === 0
          ? { state: "done", message: "the login command says that it is done" }
          : { state: "failed", message: `the login command ended (${code === null ? "by a signal" : `exit code ${code}`})` },
      );
    if (child.exitCode !== null || child.signalCode !== null) exited(child.exitCode);
    else child.once("exit", exited);
  }

  #end(child: ChildProcess): void {
    try {
      if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, "SIGKILL");
    } catch {
      child.kill("SIGKILL"); // the group is gone already
    }
    void this.#options.isolation.endAll(this.#options.place);
  }
}

function shown({ url, code, expiresAt }: Waiting): DeviceStartResult {
  return { url, code, expiresInMs: Math.max(1, expiresAt - Date.now()) };
}
