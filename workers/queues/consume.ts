import { log } from "../../platform/log.ts";
import { queueNamed, queueNames } from "../../platform/queue-messages.ts";
import type { EffectMessage, InboundMessage, ProjectionMessage, TaskMessage } from "../../platform/queue-messages.ts";
import type { Clients } from "../clients.ts";
import { consumeDeadEffects, consumeDeadInbound, consumeDeadProjections, consumeDeadTasks } from "./dead-letters.ts";
import { consumeEffects } from "./effects.ts";
import { consumeInbound } from "./inbound.ts";
import { consumeProjections } from "./projections.ts";
import { consumeTasks } from "./tasks.ts";

/** Hands a batch to the consumer of its queue. */
export async function consume(batch: MessageBatch<unknown>, env: Env, clients: Clients): Promise<void> {
  switch (queueNamed(batch.queue)) {
    case queueNames.inbound:
      return consumeInbound(batch as MessageBatch<InboundMessage>, env, clients);
    case queueNames.tasks:
      return consumeTasks(batch as MessageBatch<TaskMessage>, env, clients);
    case queueNames.effects:
    case queueNames.githubWrites:
      return consumeEffects(batch as MessageBatch<EffectMessage>, env, clients);
    case queueNames.projections:
      return consumeProjections(batch as MessageBatch<ProjectionMessage>, env, clients.openDatabase());
    case queueNames.inboundDead:
      return consumeDeadInbound(batch as MessageBatch<InboundMessage>, env);
    case queueNames.tasksDead:
      return consumeDeadTasks(batch as MessageBatch<TaskMessage>, env);
    case queueNames.effectsDead:
      return consumeDeadEffects(batch as MessageBatch<EffectMessage>, env);
    case queueNames.projectionsDead:
      return consumeDeadProjections(batch as MessageBatch<ProjectionMessage>, env);
    default:
      log("error", "no consumer for this queue", { queue: batch.queue });
      batch.retryAll();
  }
}
