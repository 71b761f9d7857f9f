import { dayMs } from "../../core/time.ts";
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

/** How long a person's comment is tried to be taken, and the pause before it is sent again. GitHub itself keeps deliveries for three days. */
const commentPatienceMs = 3 * dayMs;
const commentAgainSeconds = 600;

/**
 * The board, pull requests and failed deliveries are read again by the reconcile, so nothing of them is lost but time. Nothing else brings an issue's
 * comment, which may be an answer: it is sent again until it is taken or too old. Its id makes it one input however often it comes.
 */
export async function consumeDeadInbound(batch: MessageBatch<InboundMessage>, env: Env): Promise<void> {
  await settleEach(batch, async ({ body }) => {
    const comments = body.reading.look.filter(({ type }) => type === "comment");
    const isTried = comments.length > 0 && now() - body.receivedAt < commentPatienceMs;
    log("error", "webhook given up by its queue", { delivery: body.delivery, reason: isTried ? "comment-sent-again" : "dead-letter" });
    if (!isTried) return;
    await env.INBOUND.send({ ...body, reading: { ...body.reading, look: comments } }, { delaySeconds: commentAgainSeconds });
  });
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
