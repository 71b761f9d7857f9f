import { DurableObject } from "cloudflare:workers";
import { createDurable } from "itty-durable";
import { parsePolicy, patchOverrides } from "../core/policy.ts";
import type { PolicyOverrides } from "../core/policy.ts";
import { ok, refused } from "../core/result.ts";
import type { Issue, Result } from "../core/result.ts";
import { countCalls, KeptMeter } from "./cost-meter.ts";
import type { ObjectCosts } from "./cost-meter.ts";

/** Mesh-wide settings: overrides of the policy's defaults, the people mentioned among them. Projects' own overrides lie over them. */
class SettingsRecord extends createDurable() {
  overrides: PolicyOverrides = {};

  read(): PolicyOverrides {
    return this.overrides;
  }

  async write(overrides: PolicyOverrides): Promise<void> {
    this.overrides = overrides;
    await this.persist();
  }
}

/** The one object whose whole state is a small record: itty-durable loads and keeps it, calls come by RPC. */
export class Settings extends DurableObject<Env> {
  readonly meter: KeptMeter;
  readonly #record: SettingsRecord;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.meter = new KeptMeter(ctx.storage);
    this.#record = new SettingsRecord(ctx);
    void ctx.blockConcurrencyWhile(() => this.#record.loadFromStorage());
  }

  get(): PolicyOverrides {
    return this.#record.read();
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
    const merged = patchOverrides(this.#record.read(), overrides);
    const checked = parsePolicy(merged);
    if (!checked.ok) return refused(checked.error);
    await this.#record.write(merged);
    this.meter.wrote();
    return ok(merged);
  }
}

countCalls(Settings.prototype);
