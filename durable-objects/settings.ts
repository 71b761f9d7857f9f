import { DurableObject } from "cloudflare:workers";
import { createDurable } from "itty-durable";
import type { MeshState, MeshStop } from "../core/inputs.ts";
import type { DaySpend } from "../core/lifecycle/day-budget.ts";
import { dayBudget, reachedAt, withReport } from "../core/mesh-spend.ts";
import type { DayBudget, MeshSpend, SpendReport } from "../core/mesh-spend.ts";
import { parsePolicy, patchOverrides } from "../core/policy.ts";
import type { PolicyOverrides } from "../core/policy.ts";
import { ok, refused } from "../core/result.ts";
import type { Issue, Result } from "../core/result.ts";
import type { Moment } from "../core/time.ts";
import { now } from "../platform/clock.ts";
import { countCalls, KeptMeter } from "./cost-meter.ts";
import type { ObjectCosts } from "./cost-meter.ts";
import { KeptAnswers } from "./kept-answers.ts";
import type { KeptCall } from "./kept-answers.ts";

/** A backup that is being brought back: how many of its parts are here. Stored. Fields are only added, as optional. */
export interface Restoring {
  readonly name: string;
  readonly parts: number;
}

/** What holds for the whole mesh, and is told to every orchestrator. */
export interface MeshSettings {
  readonly overrides: PolicyOverrides;
  readonly meshState: MeshState;
  /** What all projects have cost today, once that has reached `budget.meshPerDayUsd`; else null. */
  readonly spent: DaySpend | null;
}

/** What a project's report has come to. */
interface SpendNoted {
  readonly spent: DaySpend | null;
  readonly at: Moment;
  /** Whether the project that reported is the one to tell people. */
  readonly announce: boolean;
  /** The cap that is reached while some project may not know it. */
  readonly untoldCapUsd: number | null;
}

/**
 * Mesh-wide settings: overrides of the policy's defaults, the people mentioned among them (projects' own overrides lie over them), and whether
 * the mesh works or stands still.
 */
class SettingsRecord extends createDurable() {
  overrides: PolicyOverrides = {};
  meshState: MeshState = { n: 0, stopped: null };
  restoring: Restoring | null = null;
  spend: MeshSpend | null = null;
  /** How often all were logged out: a cookie of an earlier count is worth nothing. */
  logins = 0;

  read(): Pick<SettingsRecord, "overrides" | "meshState" | "restoring" | "spend" | "logins"> {
    return { overrides: this.overrides, meshState: this.meshState, restoring: this.restoring, spend: this.spend, logins: this.logins };
  }

  async write(change: Partial<ReturnType<SettingsRecord["read"]>>): Promise<void> {
    Object.assign(this, change);
    await this.persist();
  }
}

/** The one object whose whole state is a small record: itty-durable loads and keeps it, calls come by RPC. */
export class Settings extends DurableObject<Env> {
  readonly meter: KeptMeter;
  readonly #record: SettingsRecord;
  readonly #answers: KeptAnswers;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.meter = new KeptMeter(ctx.storage);
    this.#record = new SettingsRecord(ctx);
    this.#answers = new KeptAnswers(ctx.storage);
    void ctx.blockConcurrencyWhile(() => this.#record.loadFromStorage());
  }

  get(): PolicyOverrides {
    return this.#record.read().overrides;
  }

  all(): MeshSettings {
    const { overrides, meshState, spend } = this.#record.read();
    return { overrides, meshState, spent: reachedAt(spend, now(), this.#capUsd) };
  }

  /** What all projects have cost today, of what they may; null without a cap. */
  dayBudget(): DayBudget | null {
    return dayBudget(this.#record.read().spend, now(), this.#capUsd);
  }

  /** Adds what a project has cost on a day. The same again, and what came before it, change nothing. */
  async noteSpend(report: SpendReport): Promise<SpendNoted> {
    const at = now();
    const capUsd = this.#capUsd;
    const before = this.#record.read().spend;
    const spend = withReport(before, report, capUsd);
    if (spend !== before) await this.#write({ spend });
    const spent = reachedAt(spend, at, capUsd);
    const announce = spent !== null && spend.reached?.capUsd === capUsd && spend.reached?.by === report.project;
    return { spent, at, announce, untoldCapUsd: spent === null || spend.toldCapUsd === capUsd ? null : capUsd };
  }

  /** Every project was told that the day's cap is reached. */
  async noteDayTold(day: number, toldCapUsd: number): Promise<void> {
    const { spend } = this.#record.read();
    if (spend?.day === day) await this.#write({ spend: { ...spend, toldCapUsd } });
  }

  /** The count that a cookie must carry. */
  logins(): number {
    return this.#record.logins;
  }

  /** Ends every login made so far; answers the new count. */
  async endLogins(): Promise<number> {
    await this.#write({ logins: this.#record.logins + 1 });
    return this.#record.logins;
  }

  /** The backup that is being brought back; null when none is. */
  restoring(): Restoring | null {
    return this.#record.restoring;
  }

  /** How far it is; null at its end. */
  async noteRestoring(restoring: Restoring | null): Promise<void> {
    await this.#write({ restoring });
  }

  /** Takes the settings of a backup. Orchestrators were told others meanwhile, or older ones: the number says that these are the newest. */
  async restore({ overrides, meshState }: Pick<MeshSettings, "overrides" | "meshState">): Promise<void> {
    const n = Math.max(this.#record.read().meshState.n, meshState.n) + 1;
    await this.#write({ overrides, meshState: { ...meshState, n } });
  }

  /** Everything is to stand still. One that stands still already keeps who stopped it, when and why. */
  async stop(by: string, reason: string): Promise<MeshState> {
    return this.#record.read().meshState.stopped === null ? this.#change({ by, at: now(), reason }) : this.#record.read().meshState;
  }

  /** Everything is to go on; nothing happens when it does. */
  async start(): Promise<MeshState> {
    return this.#record.read().meshState.stopped === null ? this.#record.read().meshState : this.#change(null);
  }

  /** A command with an `Idempotency-Key` begins; `said`: the MACs of what it asks, that under the present signing key first. */
  callBegins(id: string, said: readonly string[], at: Moment): KeptCall {
    const call = this.#answers.begin(id, said, at);
    if (call.known === "first") this.meter.wrote();
    return call;
  }

  callAnswered(id: string, status: number, answer: string | null): void {
    this.#answers.keep(id, status, answer);
    this.meter.wrote();
  }

  callDropped(id: string): void {
    this.#answers.drop(id);
    this.meter.wrote();
  }

  costs(): ObjectCosts {
    return this.meter.costs();
  }

  /**
   * Changes what is named, section by section; null goes back to the default. Answers all that are set. Unknown keys and values out of range
   * are refused with their paths, and nothing changes.
   */
  async patch(overrides: unknown): Promise<Result<PolicyOverrides, readonly Issue[]>> {
    if (typeof overrides !== "object" || overrides === null || Array.isArray(overrides)) {
      return refused([{ path: "", message: "an object of settings is needed" }]);
    }
    const merged = patchOverrides(this.#record.read().overrides, overrides);
    const checked = parsePolicy(merged);
    if (!checked.ok) return refused(checked.error);
    await this.#write({ overrides: merged });
    return ok(merged);
  }

  get #capUsd(): number | null {
    return this.#record.read().overrides.budget?.meshPerDayUsd ?? null;
  }

  async #change(stopped: MeshStop | null): Promise<MeshState> {
    const meshState = { n: this.#record.read().meshState.n + 1, stopped };
    await this.#write({ meshState });
    return meshState;
  }

  async #write(change: Parameters<SettingsRecord["write"]>[0]): Promise<void> {
    await this.#record.write(change);
    this.meter.wrote();
  }
}

countCalls(Settings.prototype);
