import { minuteMs, secondMs } from "../../core/time.ts";
import type { EffectResult } from "../../core/effects.ts";
import type { ProjectInput } from "../../core/inputs.ts";
import { ClientError } from "../../clients/client-error.ts";
import { now } from "../../platform/clock.ts";
import { errorText, log } from "../../platform/log.ts";
import type { EffectMessage } from "../../platform/queue-messages.ts";
import { randomId } from "../../platform/random-id.ts";
import type { Clients } from "../clients.ts";
import { orchestrator } from "../../durable-objects/remote.ts";
import { perform } from "./perform-effect.ts";
import { reportSpend } from "./report-spend.ts";

/** How long an effect is this consumer's own; a resend meanwhile finds it taken. */
const leaseMs = 3 * minuteMs;
const redeliverySeconds = 10;

/**
 * Carries out effects and tells the orchestrator what came of each. Those of one credential's writes go one after the other in the
 * client's lane; an effect that is not ours to take any more is done with.
 */
export async function consumeEffects(batch: MessageBatch<EffectMessage>, env: Env, clients: Clients): Promise<void> {
  await Promise.all(batch.messages.map((message) => carryOut(message, env, clients)));
}

async function carryOut(message: Message<EffectMessage>, env: Env, clients: Clients): Promise<void> {
  const { project, effect: id } = message.body;
  const owner = orchestrator(env, project);
  try {
    const claimed = await owner.claimEffect(id, leaseMs);
    if (!claimed) return message.ack();
    const { effect, profile, policy } = claimed;
    const inputs = await (
      effect.kind === "report-spend" ? reportSpend(env, profile, effect) : perform(effect, profile, policy, clients)
    ).then(
      ({ observed, result }) => [...observed, done(id, result)],
      (thrown: unknown) => [failed(id, thrown)],
    );
    await owner.applyAll(inputs);
    message.ack();
  } catch (error) {
    log("warn", "effect not settled; delivered again", { project, effect_id: id, error: errorText(error) });
    message.retry({ delaySeconds: redeliverySeconds });
  }
}

function done(effect: EffectMessage["effect"], result: EffectResult): ProjectInput {
  return { id: `${effect}:done`, at: now(), type: "effect-done", effect, result };
}

/** A failure outside is retried when it may help. What is no ClientError is our own bug, and is tried again too: a deploy may mend it. */
function failed(effect: EffectMessage["effect"], thrown: unknown): ProjectInput {
  const known = thrown instanceof ClientError;
  const code = known ? thrown.code : "internal";
  log(known && thrown.retryable ? "debug" : "warn", "effect failed", { effect_id: effect, reason: code, error: errorText(thrown) });
  const said = known ? thrown.message.slice(0, 1_000) : "an error of the mesh itself; see its log";
  const retryAt = known ? thrown.retryAt : now() + 30 * secondMs;
  const input = { id: `${effect}:failed:${randomId()}`, at: now(), type: "effect-failed", effect, code, message: said } as const;
  return { ...input, retryable: known ? thrown.retryable : true, ...(retryAt === undefined ? {} : { retryAt }) };
}
