import { now } from "../../platform/clock.ts";
import { log } from "../../platform/log.ts";
import type { EffectMessage, InboundMessage, ProjectionMessage, TaskMessage } from "../../platform/queue-messages.ts";
import { orchestrator } from "../../durable-objects/remote.ts";
import { pokeProjection } from "./projections.ts";

/**
 * What queues gave up becomes an input, so that the core retries, asks, or fails the run with the reason. A dead letter that cannot be
 * applied stays in its queue and is tried again.
 */
export async function consumeDeadEffects(batch: MessageBatch<EffectMessage>, env: Env): Promise<void> {
  await settleEach(batch, async (message) => {
    const { project, effect } = message.body;
    log("error", "effect given up by its queue", { project, effect_id: effect, reason: "dead-letter" });
    const failure = { effect, code: "dead-letter", message: "The queue gave the effect up after its last try.", retryable: true };
    await orchestrator(env, project).apply({ id: `dead:${message.id}`, at: now(), type: "effect-failed", ...failure });
  });
}

export async function consumeDeadTasks(batch: MessageBatch<TaskMessage>, env: Env): Promise<void> {
  await settleEach(batch, async (message) => {
    const { project, task, attempt } = message.body;
    log("error", "attempt given up by its queue", { project, task, attempt, reason: "dead-letter" });
    const owner = orchestrator(env, project);
    const given = await owner.taskWork(task, attempt);
    if (!given) return;
    const failed = { kind: "infrastructure", message: "The queue gave the attempt up after its last try." } as const;
    const ended = { task, attempt, agent: given.agent, usd: 0, outcome: { failed } };
    await owner.apply({ id: `${task}:${attempt}:dead`, at: now(), type: "attempt-ended", ...ended });
  });
}

/** The journal is the record; it is looked at again in a minute. */
export async function consumeDeadProjections(batch: MessageBatch<ProjectionMessage>, env: Env): Promise<void> {
  const projects = new Set(batch.messages.map((message) => message.body.project));
  for (const project of projects) {
    log("error", "projection given up by its queue", { project, reason: "dead-letter" });
    await pokeProjection(env, project, 60);
  }
  batch.ackAll();
}

/** The board, pull requests and failed deliveries are read again by the reconcile, so nothing is lost but time. */
export async function consumeDeadInbound(batch: MessageBatch<InboundMessage>): Promise<void> {
  for (const message of batch.messages)
    log("error", "webhook given up by its queue", { delivery: message.body.delivery, reason: "dead-letter" });
  batch.ackAll();
}

async function settleEach<T>(batch: MessageBatch<T>, settle: (message: Message<T>) => Promise<void>): Promise<void> {
  await Promise.all(
    batch.messages.map((message) =>
      settle(message).then(
        () => message.ack(),
        () => message.retry({ delaySeconds: 30 }),
      ),
    ),
  );
}
