import { parse, stringify } from "smol-toml";
import * as z from "zod";

export const environmentNames = ["production", "staging"] as const;
/** Environments share an account and nothing else: each has a Worker, queues, a bucket, a workflow, a dashboard and a database of its own. */
export type EnvironmentName = (typeof environmentNames)[number];

const consumer = z.looseObject({
  queue: z.string(),
  max_batch_size: z.number().optional(),
  /** Seconds. */
  max_batch_timeout: z.number().optional(),
  max_retries: z.number().optional(),
  max_concurrency: z.number().optional(),
  dead_letter_queue: z.string().optional(),
});
/** A queue's consumer as wrangler's configuration has it. */
export type ConsumerConfiguration = z.infer<typeof consumer>;

const workerConfiguration = z.looseObject({
  name: z.string(),
  main: z.string(),
  triggers: z.looseObject({ crons: z.array(z.string()) }),
  queues: z.looseObject({
    producers: z.array(z.looseObject({ binding: z.string(), queue: z.string() })),
    consumers: z.array(consumer),
  }),
  r2_buckets: z.array(z.looseObject({ binding: z.string(), bucket_name: z.string() })),
  workflows: z.array(z.looseObject({ name: z.string() })),
  ratelimits: z.array(z.looseObject({ namespace_id: z.string() })),
});
const pagesConfiguration = z.looseObject({
  name: z.string(),
  pages_build_output_dir: z.string(),
  services: z.array(z.looseObject({ binding: z.string(), service: z.string() })),
});
type WorkerConfiguration = z.infer<typeof workerConfiguration>;
type PagesConfiguration = z.infer<typeof pagesConfiguration>;

/** The two wrangler configurations of one environment. */
export interface Configurations {
  readonly worker: WorkerConfiguration;
  readonly pages: PagesConfiguration;
}

/** Rate limits with one namespace share their counters; those of another environment lie this far away. */
const namespaceDistance = 1_000;

/**
 * The project's two configurations as an environment has them. Production's are those of the files; others carry their name as suffix
 * (`mesh-inbound-staging`), keep no routes, since those are production's addresses, and count their rate limits apart.
 */
export function configurationsOf(environment: EnvironmentName, files: { readonly worker: string; readonly pages: string }): Configurations {
  const worker = workerConfiguration.parse(parse(files.worker));
  const pages = pagesConfiguration.parse(parse(files.pages));
  if (environment === "production") return { worker, pages };
  const named = (name: string): string => `${name}-${environment}`;
  const { routes: _routes, route: _route, ...rest } = worker;
  return {
    worker: {
      ...rest,
      name: named(worker.name),
      queues: {
        ...worker.queues,
        producers: worker.queues.producers.map((each) => ({ ...each, queue: named(each.queue) })),
        consumers: worker.queues.consumers.map((each) => ({
          ...each,
          queue: named(each.queue),
          ...(each.dead_letter_queue === undefined ? {} : { dead_letter_queue: named(each.dead_letter_queue) }),
        })),
      },
      r2_buckets: worker.r2_buckets.map((each) => ({ ...each, bucket_name: named(each.bucket_name) })),
      workflows: worker.workflows.map((each) => ({ ...each, name: named(each.name) })),
      ratelimits: worker.ratelimits.map((each) => ({ ...each, namespace_id: String(Number(each.namespace_id) + namespaceDistance) })),
    } as WorkerConfiguration,
    pages: {
      ...pages,
      name: named(pages.name),
      services: pages.services.map((each) => (each.service === worker.name ? { ...each, service: named(each.service) } : each)),
    },
  };
}

/** The queues of a configuration, those for dead letters included, each once and in the order they are named. */
export function queuesOf({ queues }: WorkerConfiguration): string[] {
  const dead = queues.consumers.flatMap(({ dead_letter_queue: name }) => name ?? []);
  return [...new Set([...queues.producers.map(({ queue }) => queue), ...queues.consumers.map(({ queue }) => queue), ...dead])];
}

/** Where Cloudflare has the Worker answer: at its first custom domain, else under the account's `workers.dev` name; null when it has neither. */
export function addressOf(worker: WorkerConfiguration, subdomain: string | null): string | null {
  const own = z.array(z.looseObject({ pattern: z.string(), custom_domain: z.literal(true) }).catch({ pattern: "", custom_domain: true }));
  const domain = own.safeParse(worker["routes"]).data?.find(({ pattern }) => pattern !== "")?.pattern;
  if (domain !== undefined) return `https://${domain}`;
  return subdomain === null ? null : `https://${worker.name}.${subdomain}.workers.dev`;
}

/** What in the two configurations does not fit together, one sentence each; such a mesh would lose messages or answer nothing. */
export function configurationFaults({ worker, pages }: Configurations): string[] {
  const consumed = new Set(worker.queues.consumers.map(({ queue }) => queue));
  const dead = worker.queues.consumers.flatMap(({ dead_letter_queue: name }) => name ?? []);
  return [
    ...worker.queues.producers
      .filter(({ queue }) => !consumed.has(queue))
      .map(({ queue }) => `queue ${queue} has a producer and no consumer`),
    ...[...new Set(dead)].filter((queue) => !consumed.has(queue)).map((queue) => `dead letters in ${queue} have no consumer`),
    ...worker.queues.consumers
      .filter(({ queue, dead_letter_queue: name }) => name === undefined && !dead.includes(queue))
      .map(({ queue }) => `queue ${queue} has no dead letter queue: messages that fail would be deleted`),
    ...(pages.services.some(({ service }) => service === worker.name) ? [] : [`the dashboard is not bound to the Worker ${worker.name}`]),
  ];
}

/** A configuration as wrangler reads it. */
export function renderConfiguration(configuration: WorkerConfiguration | PagesConfiguration): string {
  return stringify(configuration);
}
