import { DurableObject } from "cloudflare:workers";
import { countCalls, KeptMeter } from "./cost-meter.ts";
import type { ObjectCosts } from "./cost-meter.ts";

/** The secrets of one project, sealed; see platform/sealing.ts. It makes no outside call. */
export class Vault extends DurableObject<Env> {
  readonly meter: KeptMeter;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.meter = new KeptMeter(ctx.storage);
  }

  costs(): ObjectCosts {
    return this.meter.costs();
  }
}

countCalls(Vault.prototype);
