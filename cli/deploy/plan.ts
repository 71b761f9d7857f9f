import type { ConsumerConfiguration } from "./environment.ts";

/** A queue's consumer as Cloudflare has it; absent settings are Cloudflare's defaults. */
export interface PresentConsumer {
  readonly script: string;
  readonly batchSize?: number | undefined;
  readonly waitMs?: number | undefined;
  readonly retries?: number | undefined;
  readonly concurrency?: number | undefined;
  readonly deadLetterQueue?: string | undefined;
}

/** What an account and a database hold of one environment, before anything is done. */
export interface Present {
  /** By name, with their consumers. */
  readonly queues: ReadonlyMap<string, readonly PresentConsumer[]>;
  readonly buckets: ReadonlySet<string>;
  /** Names of migrations that were not applied yet. */
  readonly pendingMigrations: readonly string[];
  /** `fingerprint` is that of the deployed sources and settings, where `mesh deploy` deployed them. */
  readonly worker: { readonly fingerprint: string | null; readonly secrets: ReadonlySet<string>; readonly crons: readonly string[] } | null;
  /** The Worker each workflow belongs to, by the workflow's name. */
  readonly workflows: ReadonlyMap<string, string>;
  readonly dashboard: { readonly fingerprint: string | null; readonly secrets: ReadonlySet<string> } | null;
}

/** What an environment is to hold. Secrets by name only. */
export interface Wanted {
  readonly queues: readonly string[];
  readonly consumers: readonly ConsumerConfiguration[];
  readonly buckets: readonly string[];
  readonly workflows: readonly string[];
  readonly crons: readonly string[];
  readonly worker: { readonly name: string; readonly fingerprint: string };
  /** Settings given for the Worker, without the generated keys. */
  readonly settings: readonly string[];
  /** Keys the Worker must have; made, or taken from the settings, when it has none. */
  readonly keys: readonly string[];
  /** Keys whose given value takes the place of the present one. */
  readonly replaced: readonly string[];
  readonly dashboard: { readonly name: string; readonly fingerprint: string; readonly secrets: readonly string[] };
}

/** One thing to do. Each may be done again without harm. */
export type Step =
  | { readonly kind: "create-queue"; readonly name: string }
  | { readonly kind: "create-bucket"; readonly name: string }
  | { readonly kind: "migrate-database"; readonly migrations: readonly string[] }
  | { readonly kind: "deploy-worker"; readonly name: string; readonly because: readonly string[]; readonly secrets: readonly string[] }
  | { readonly kind: "create-dashboard"; readonly name: string }
  | { readonly kind: "deploy-dashboard"; readonly name: string; readonly because: readonly string[]; readonly secrets: readonly string[] };

/**
 * What is left to do, in the order it must be done: queues and buckets before the Worker that is bound to them, the dashboard's project before the
 * Worker that tells its address, migrations before the code that needs them, the Worker before the dashboard that calls it. Nothing is left when
 * all is as wanted.
 */
export function stepsLeft(present: Present, wanted: Wanted): Step[] {
  const steps: Step[] = [
    ...wanted.queues.filter((name) => !present.queues.has(name)).map((name) => ({ kind: "create-queue", name }) as const),
    ...wanted.buckets.filter((name) => !present.buckets.has(name)).map((name) => ({ kind: "create-bucket", name }) as const),
  ];
  const { dashboard } = wanted;
  if (!present.dashboard) steps.push({ kind: "create-dashboard", name: dashboard.name });
  if (present.pendingMigrations.length > 0) steps.push({ kind: "migrate-database", migrations: present.pendingMigrations });
  const because = workerReasons(present, wanted);
  if (because.length > 0) {
    const keys = wanted.keys.filter((name) => !present.worker?.secrets.has(name) || wanted.replaced.includes(name));
    steps.push({ kind: "deploy-worker", name: wanted.worker.name, because, secrets: [...keys, ...wanted.settings] });
  }
  const reasons = dashboardReasons(present, wanted);
  if (reasons.length > 0) steps.push({ kind: "deploy-dashboard", name: dashboard.name, because: reasons, secrets: dashboard.secrets });
  return steps;
}

/** Why the Worker is to be deployed; nothing when it is as wanted, its triggers included. */
function workerReasons({ worker, queues, workflows }: Present, wanted: Wanted): string[] {
  if (!worker) return ["it is not there yet"];
  const unlike = wanted.consumers.filter((consumer) => !consumes(queues.get(consumer.queue) ?? [], wanted.worker.name, consumer));
  return [
    ...(worker.fingerprint === wanted.worker.fingerprint ? [] : ["its sources, configuration or settings have changed"]),
    ...wanted.keys.filter((name) => !worker.secrets.has(name)).map((name) => `${name} is missing`),
    ...wanted.settings.filter((name) => !worker.secrets.has(name)).map((name) => `${name} is missing`),
    ...wanted.replaced.map((name) => `${name} is to be replaced`),
    ...unlike.map(({ queue }) => `queue ${queue} is not consumed as configured`),
    ...wanted.workflows.filter((name) => workflows.get(name) !== wanted.worker.name).map((name) => `workflow ${name} is not there`),
    ...(sameTexts(worker.crons, wanted.crons) ? [] : ["its cron triggers differ"]),
  ];
}

function dashboardReasons({ dashboard }: Present, wanted: Wanted): string[] {
  if (!dashboard) return ["it is not there yet"];
  return [
    ...(dashboard.fingerprint === wanted.dashboard.fingerprint ? [] : ["its sources, configuration or settings have changed"]),
    ...wanted.dashboard.secrets.filter((name) => !dashboard.secrets.has(name)).map((name) => `${name} is missing`),
  ];
}

function consumes(consumers: readonly PresentConsumer[], script: string, wanted: ConsumerConfiguration): boolean {
  const found = consumers.find((consumer) => consumer.script === script);
  if (!found) return false;
  const as = <T>(configured: T | undefined, present: T | undefined | null): boolean => configured === undefined || configured === present;
  return (
    as(wanted.max_batch_size, found.batchSize) &&
    as(wanted.max_batch_timeout === undefined ? undefined : wanted.max_batch_timeout * 1_000, found.waitMs) &&
    as(wanted.max_retries, found.retries) &&
    as(wanted.max_concurrency, found.concurrency) &&
    (wanted.dead_letter_queue ?? "") === (found.deadLetterQueue ?? "")
  );
}

function sameTexts(some: readonly string[], others: readonly string[]): boolean {
  return some.length === others.length && some.every((text) => others.includes(text));
}

/** A step in words; names, never values. */
export function stepText(step: Step): string {
  switch (step.kind) {
    case "create-queue":
      return `create the queue ${step.name}`;
    case "create-bucket":
      return `create the R2 bucket ${step.name}`;
    case "migrate-database":
      return `migrate the database: ${step.migrations.join(", ")}`;
    case "deploy-worker":
      return `deploy the Worker ${step.name} (${step.because.join("; ")}) with ${step.secrets.join(", ") || "the settings it has"}`;
    case "create-dashboard":
      return `create the Pages project ${step.name}`;
    case "deploy-dashboard":
      return `build and deploy the dashboard ${step.name} (${step.because.join("; ")})${step.secrets.length > 0 ? ` with ${step.secrets.join(", ")}` : ""}`;
  }
}
