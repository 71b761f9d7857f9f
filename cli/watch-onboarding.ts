import { setTimeout as delay } from "node:timers/promises";
import { onboardingActivities, phaseOfActivity, type LoginPrompt, type OnboardingView } from "../core/onboarding/view.ts";
import { minuteMs } from "../core/time.ts";
import type { Mesh } from "./command.ts";
import { exitCodes } from "./exit-codes.ts";
import { Failure, usage } from "./failure.ts";
import { showError, showLogin, showOnboarding, showPermissions, statusColour, stepLine, tookText } from "./onboarding-text.ts";
import { askSecret, everythingOnStdin, isAttended } from "./prompt.ts";
import { startSpinner, type Spinner } from "./spinner.ts";
import { shortWhen } from "./when.ts";

export interface KeyFlags {
  readonly keyEnv?: string;
  readonly keyStdin?: true;
  /** Under which name agents get the key. */
  readonly variable: string;
}

const everyMs = 700;
/** The onboarding goes on by itself; whoever watches gives up on a mesh that is away this long. */
const patienceMs = 2 * minuteMs;

/**
 * Shows phases and activities as they happen, asks for what a person has to do, and ends with the onboarding: exit code 0 only when it completed,
 * 7 when it waits for a person and none is here. Ctrl-C leaves it running.
 */
export async function watchOnboarding(mesh: Mesh, first: OnboardingView, flags: KeyFlags): Promise<void> {
  const key = keyOf(flags);
  const watch = new Watch(mesh, first, key, flags.variable);
  const leave = (): void => watch.leave();
  process.once("SIGINT", leave);
  process.once("SIGTERM", leave);
  try {
    await watch.untilEnd();
  } finally {
    watch.close();
    process.off("SIGINT", leave);
    process.off("SIGTERM", leave);
  }
}

/** A key given beforehand: never on the command line, where others can see it. */
function keyOf({ keyEnv, keyStdin }: KeyFlags): string | undefined {
  if (keyEnv !== undefined) {
    const key = process.env[keyEnv];
    if (!key) throw usage(`${keyEnv} is not set in this environment.`);
    return key;
  }
  if (!keyStdin) return undefined;
  const key = everythingOnStdin().trim();
  if (key === "") throw usage("The standard input holds no key.");
  return key;
}

class Watch {
  readonly #mesh: Mesh;
  readonly #key: string | undefined;
  readonly #variable: string;
  readonly #spinner: Spinner;
  readonly #left = new AbortController();
  #view: OnboardingView;
  #steps = 0;
  #phase: string | null = null;
  #permissionsShown = false;
  /** The login that was shown, as text: another code is another one. */
  #loginShown = "";
  #attempt: number;
  #keySent = false;

  constructor(mesh: Mesh, first: OnboardingView, key: string | undefined, variable: string) {
    this.#mesh = mesh;
    this.#view = first;
    this.#key = key;
    this.#variable = variable;
    this.#attempt = first.attempt;
    const { out } = mesh;
    if (!out.json) out.line(`${out.colours.bold(first.repository)}  ${out.colours.dim(first.id)}`);
    this.#spinner = startSpinner(out, "beginning");
  }

  leave(): void {
    this.#left.abort();
  }

  close(): void {
    this.#spinner.stop();
  }

  async untilEnd(): Promise<void> {
    for (;;) {
      this.#show();
      if (this.#view.status === "completed" || this.#view.status === "failed") return this.#end();
      if (this.#left.signal.aborted) return this.#leaveRunning();
      if (this.#view.status === "waiting_auth" && !(await this.#seeToLogin())) return undefined;
      await delay(everyMs, undefined, { signal: this.#left.signal }).catch(() => undefined);
      if (!this.#left.signal.aborted) this.#view = await this.#look();
    }
  }

  async #look(): Promise<OnboardingView> {
    const end = Date.now() + patienceMs;
    for (;;) {
      try {
        return await this.#mesh.api.onboarding(this.#view.id);
      } catch (error) {
        const isAway = error instanceof Failure && error.parts.exitCode === exitCodes.unreachable;
        if (!isAway || Date.now() > end || this.#left.signal.aborted) throw error;
        this.#spinner.say("the mesh does not answer; the onboarding goes on without us");
        await delay(1_000, undefined, { signal: this.#left.signal }).catch(() => undefined);
      }
    }
  }

  #show(): void {
    const { out } = this.#mesh;
    if (out.json) return;
    const view = this.#view;
    if (view.attempt !== this.#attempt) {
      this.#attempt = view.attempt;
      this.#loginShown = "";
    }
    this.#spinner.above(() => {
      for (const { activity, summary } of view.completed.slice(this.#steps)) {
        this.#enter(phaseOfActivity[activity]);
        stepLine(out, activity, summary);
      }
      this.#steps = Math.max(this.#steps, view.completed.length);
      if (!this.#permissionsShown && view.permissions.length > 0) {
        this.#permissionsShown = true;
        showPermissions(out, view);
      }
      if (view.phase !== null && view.status !== "failed") this.#enter(view.phase);
    });
    if (view.activity === null) return;
    const wait = view.pause ? `, waits until ${shortWhen(view.pause.until)} because ${view.pause.service} asks` : "";
    this.#spinner.say(`${view.activity} (${view.completed.length + 1} of ${onboardingActivities.length})${wait}`);
  }

  #enter(phase: string): void {
    if (phase === this.#phase) return;
    this.#phase = phase;
    this.#mesh.out.line(`\n${this.#mesh.out.colours.cyan(phase)}`);
  }

  /** False: it waits for a person, and nobody is here. */
  async #seeToLogin(): Promise<boolean> {
    const { out } = this.#mesh;
    const { login } = this.#view;
    if (login === null) return true;
    const shown = JSON.stringify(login);
    if (shown !== this.#loginShown) {
      this.#loginShown = shown;
      if (!out.json) this.#spinner.above(() => showLogin(out, login));
      if (login.mode === "api-key") return this.#giveKey(login);
    }
    this.#spinner.say(login.mode === "api-key" ? "the key is on its way" : "waiting for the login; it is noticed by itself");
    return true;
  }

  async #giveKey(_login: LoginPrompt): Promise<boolean> {
    const { api, out } = this.#mesh;
    if (this.#keySent && this.#key !== undefined) return true;
    if (this.#key === undefined && !isAttended()) {
      this.#spinner.stop();
      out.answer(this.#view, () => {
        out.line("Nobody can be asked for the key here. Give it with one of:");
        out.line(`  mesh onboard watch ${this.#view.id} --key-env ANTHROPIC_API_KEY`);
        out.line(`  mesh onboard watch ${this.#view.id} --key-stdin < file`);
      });
      process.exitCode = exitCodes.waiting;
      return false;
    }
    this.#spinner.stop();
    const key = this.#key ?? (await askSecret(`${out.colours.bold(this.#variable)} (hidden):`, this.#left.signal));
    if (key === null || key === "") {
      this.#leaveRunning();
      return false;
    }
    await api.tellLogin(this.#view.id, { [this.#variable]: key });
    this.#keySent = true;
    return true;
  }

  #end(): void {
    const { out } = this.#mesh;
    const view = this.#view;
    this.#spinner.stop();
    out.answer(view, () => {
      out.line();
      if (view.status === "failed") return showError(out, view);
      out.line(`${statusColour(view.status, out.colours)("Ready")} after ${tookText(view)}: ${view.board?.url ?? view.repository}`);
      out.line("Put a card into its first column, and the mesh goes to work.");
    });
    process.exitCode = view.status === "completed" ? exitCodes.ok : exitCodes.failed;
  }

  #leaveRunning(): void {
    const { out } = this.#mesh;
    this.#spinner.stop();
    if (out.json) out.answer(this.#view, () => showOnboarding(out, this.#view));
    out.note(`\nThe onboarding goes on without you. mesh onboard watch ${this.#view.id} comes back to it.`);
    process.exitCode = exitCodes.interrupted;
  }
}
