import type { WebhookReading } from "../core/inbound/github-webhook.ts";
import type { EffectId, ProjectKey, TaskId } from "../core/ids.ts";
import type { Moment } from "../core/time.ts";

/**
 * Bodies of queue messages. Queued: they outlive a deploy, so fields are only added, as optional. Ids only, never a secret and
 * never a payload: a message is at most 128 KB and is never the only record of anything.
 */

/** What a verified webhook said to look at; the consumer asks GitHub for it as it is now. */
export interface InboundMessage {
  /** GitHub's `X-GitHub-Delivery`; the same on a redelivery. */
  readonly delivery: string;
  readonly receivedAt: Moment;
  readonly reading: Extract<WebhookReading, { look: unknown }>;
}

/** An attempt for a built-in agent. */
export interface TaskMessage {
  readonly project: ProjectKey;
  readonly task: TaskId;
  readonly attempt: number;
}

/** An effect to carry out; the consumer takes it with `claimEffect`. */
export interface EffectMessage {
  readonly project: ProjectKey;
  readonly effect: EffectId;
}

/** The journal of this project has grown. */
export interface ProjectionMessage {
  readonly project: ProjectKey;
}

/** Queue names as in the Worker's configuration. */
export const queueNames = {
  inbound: "mesh-inbound",
  tasks: "mesh-tasks",
  effects: "mesh-effects",
  githubWrites: "mesh-github-writes",
  projections: "mesh-projections",
  inboundDead: "mesh-inbound-dead",
  tasksDead: "mesh-tasks-dead",
  effectsDead: "mesh-effects-dead",
  projectionsDead: "mesh-projections-dead",
} as const;

/** A queue's name in production: other environments' queues carry theirs as suffix (`mesh-inbound-staging`). */
export function queueNamed(name: string): string {
  return name.replace(/-staging$/, "");
}
