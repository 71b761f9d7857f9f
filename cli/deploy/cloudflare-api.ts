import * as z from "zod";
import type { PresentConsumer } from "./plan.ts";

/** Where and as whom Cloudflare is asked. */
export interface CloudflareLogin {
  readonly token: string;
  /** Without a trailing slash; ends with `/client/v4`. */
  readonly baseUrl: string;
}

/** Cloudflare refused, or could not be reached. `code` is Cloudflare's own, 0 when there was none. */
export class CloudflareError extends Error {
  override name = "CloudflareError";
  readonly code: number;
  readonly status: number;
  constructor(what: string, status: number, code: number, message: string) {
    super(`Cloudflare, ${what}: ${message}${code === 0 ? "" : ` (${code})`}`);
    this.code = code;
    this.status = status;
  }

  /** The token is wrong, or not allowed to. */
  get isRefusal(): boolean {
    return refusals.has(this.code);
  }

  /** Later it may work. */
  get isAway(): boolean {
    return this.status === 0 || this.status >= 500;
  }
}

/** Codes that say "there is none such": Worker, its default environment, workflow, Pages project. */
const absences: ReadonlySet<number> = new Set([10007, 10090, 10200, 8000007]);
/** Codes of a token that is wrong, or not allowed to. */
const refusals: ReadonlySet<number> = new Set([6003, 9106, 9109, 10000, 10001]);
const limitMs = 30_000;

const envelope = z.looseObject({
  success: z.boolean(),
  errors: z.array(z.looseObject({ code: z.number(), message: z.string() })).nullish(),
  result: z.unknown(),
  result_info: z.looseObject({ total_pages: z.number().optional(), cursor: z.string().optional() }).nullish(),
});

const queue = z.looseObject({
  queue_id: z.string(),
  queue_name: z.string(),
  consumers: z
    .array(
      z.looseObject({
        script: z.string().optional(),
        script_name: z.string().optional(),
        service: z.string().optional(),
        dead_letter_queue: z.string().nullish(),
        settings: z
          .looseObject({
            batch_size: z.number().nullish(),
            max_wait_time_ms: z.number().nullish(),
            max_retries: z.number().nullish(),
            max_concurrency: z.number().nullish(),
          })
          .optional(),
      }),
    )
    .nullish(),
});
const annotations = z.looseObject({ "workers/tag": z.string().optional(), "workers/message": z.string().optional() });
const deployment = z.looseObject({
  id: z.string(),
  created_on: z.string().optional(),
  versions: z.array(z.looseObject({ version_id: z.string(), percentage: z.number() })),
});
/** A deployment of the Worker: newest first in lists. */
export type WorkerDeployment = z.infer<typeof deployment>;
const version = z.looseObject({ id: z.string(), annotations: annotations.nullish() });
const pagesDeployment = z.looseObject({
  id: z.string(),
  created_on: z.string().optional(),
  deployment_trigger: z.looseObject({ metadata: z.looseObject({ commit_message: z.string().nullish() }).nullish() }).nullish(),
  latest_stage: z.looseObject({ name: z.string(), status: z.string() }).nullish(),
});
/** A deployment of the dashboard. */
export type PagesDeployment = z.infer<typeof pagesDeployment>;
const pagesProject = z.looseObject({
  name: z.string(),
  subdomain: z.string(),
  production_branch: z.string().optional(),
  canonical_deployment: pagesDeployment.nullish(),
  deployment_configs: z.looseObject({
    production: z.looseObject({ env_vars: z.record(z.string(), z.unknown()).nullish() }).optional(),
  }),
});
/** The dashboard's project. */
export type PagesProject = z.infer<typeof pagesProject>;

/** The accounts a token reaches. */
export async function accountsOf(login: CloudflareLogin): Promise<{ id: string; name: string }[]> {
  const { result } = await ask(login, "accounts", "GET", "/accounts", z.array(z.looseObject({ id: z.string(), name: z.string() })));
  return result;
}

/**
 * What deploying asks of one account besides what wrangler does itself, by https://developers.cloudflare.com/api/. Every call throws a
 * `CloudflareError`; creating what is there already counts as done.
 */
export class CloudflareApi {
  readonly #login: CloudflareLogin;
  readonly #account: string;

  constructor(login: CloudflareLogin, account: string) {
    this.#login = login;
    this.#account = account;
  }

  /** All queues by name, with their consumers. */
  async queues(): Promise<Map<string, PresentConsumer[]>> {
    const found = new Map<string, PresentConsumer[]>();
    for (let page = 1; ; page += 1) {
      const { result, pages } = await this.#ask("queues", "GET", `/queues?page=${page}&per_page=100`, z.array(queue));
      for (const each of result) found.set(each.queue_name, (each.consumers ?? []).map(presentConsumer));
      if (page >= pages) return found;
    }
  }

  async createQueue(name: string): Promise<void> {
    await this.#create(`queue ${name}`, "/queues", { queue_name: name }, async () => (await this.queues()).has(name));
  }

  async buckets(): Promise<Set<string>> {
    const found = new Set<string>();
    for (let cursor = ""; ;) {
      const path = `/r2/buckets?per_page=1000${cursor === "" ? "" : `&cursor=${encodeURIComponent(cursor)}`}`;
      const answer = await this.#ask("R2 buckets", "GET", path, z.looseObject({ buckets: z.array(z.looseObject({ name: z.string() })) }));
      for (const { name } of answer.result.buckets) found.add(name);
      if (!answer.cursor) return found;
      cursor = answer.cursor;
    }
  }

  async createBucket(name: string): Promise<void> {
    await this.#create(`R2 bucket ${name}`, "/r2/buckets", { name }, async () => (await this.buckets()).has(name));
  }

  /** The `workers.dev` name of the account; null while it has none. */
  async subdomain(): Promise<string | null> {
    const found = await this.#find("workers.dev subdomain", "/workers/subdomain", z.looseObject({ subdomain: z.string().nullish() }));
    return found?.subdomain || null;
  }

  /** Names of a Worker's secrets; null when there is no such Worker. */
  async secretsOf(worker: string): Promise<Set<string> | null> {
    const path = `/workers/scripts/${worker}/secrets`;
    const found = await this.#find(`secrets of ${worker}`, path, z.array(z.looseObject({ name: z.string() })));
    return found && new Set(found.map(({ name }) => name));
  }

  async cronsOf(worker: string): Promise<string[]> {
    const schedules = z.looseObject({ schedules: z.array(z.looseObject({ cron: z.string() })) });
    const found = await this.#find(`schedules of ${worker}`, `/workers/scripts/${worker}/schedules`, schedules);
    return found ? found.schedules.map(({ cron }) => cron) : [];
  }

  /** A Worker's deployments, newest first. */
  async deploymentsOf(worker: string): Promise<WorkerDeployment[]> {
    const path = `/workers/scripts/${worker}/deployments`;
    const found = await this.#find(`deployments of ${worker}`, path, z.looseObject({ deployments: z.array(deployment) }));
    return found?.deployments ?? [];
  }

  /** The tag a version was deployed with. */
  async tagOf(worker: string, id: string): Promise<string | null> {
    const found = await this.#find(`version ${id} of ${worker}`, `/workers/scripts/${worker}/versions/${id}`, version);
    return found?.annotations?.["workers/tag"] ?? null;
  }

  /** The Worker a workflow belongs to; null when there is no such workflow. */
  async workflowOwner(name: string): Promise<string | null> {
    const found = await this.#find(`workflow ${name}`, `/workflows/${name}`, z.looseObject({ script_name: z.string().nullish() }));
    return found?.script_name ?? null;
  }

  async pagesProject(name: string): Promise<PagesProject | null> {
    return this.#find(`Pages project ${name}`, `/pages/projects/${name}`, pagesProject);
  }

  async createPagesProject(name: string, productionBranch: string): Promise<void> {
    const body = { name, production_branch: productionBranch, deployment_configs: { production: {}, preview: {} } };
    await this.#create(`Pages project ${name}`, "/pages/projects", body, async () => (await this.pagesProject(name)) !== null);
  }

  /** Deployments of production, newest first. */
  async pagesDeployments(project: string): Promise<PagesDeployment[]> {
    const path = `/pages/projects/${project}/deployments?env=production`;
    return (await this.#find(`deployments of ${project}`, path, z.array(pagesDeployment))) ?? [];
  }

  async rollBackPages(project: string, deploymentId: string): Promise<void> {
    const path = `/pages/projects/${project}/deployments/${deploymentId}/rollback`;
    await this.#ask(`rollback of ${project}`, "POST", path, z.unknown());
  }

  async #create(what: string, path: string, body: unknown, isThere: () => Promise<boolean>): Promise<void> {
    try {
      await this.#ask(what, "POST", path, z.unknown(), body);
    } catch (error) {
      // A name that is taken is what was wanted when it is ours: another run was quicker, or an answer was lost.
      if (error instanceof CloudflareError && !error.isAway && !error.isRefusal && (await isThere())) return;
      throw error;
    }
  }

  async #find<T>(what: string, path: string, schema: z.ZodType<T>): Promise<T | null> {
    try {
      return (await this.#ask(what, "GET", path, schema)).result;
    } catch (error) {
      if (error instanceof CloudflareError && absences.has(error.code)) return null;
      throw error;
    }
  }

  #ask<T>(what: string, method: string, path: string, schema: z.ZodType<T>, body?: unknown): Promise<Answer<T>> {
    return ask(this.#login, what, method, `/accounts/${this.#account}${path}`, schema, body);
  }
}

interface Answer<T> {
  readonly result: T;
  readonly pages: number;
  readonly cursor: string | undefined;
}

async function ask<T>(
  { token, baseUrl }: CloudflareLogin,
  what: string,
  method: string,
  path: string,
  schema: z.ZodType<T>,
  body?: unknown,
): Promise<Answer<T>> {
  let response: Response;
  try {
    response = await fetch(`${baseUrl}${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, ...(body === undefined ? {} : { "content-type": "application/json" }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(limitMs),
    });
  } catch (error) {
    throw new CloudflareError(what, 0, 0, `not reached: ${error instanceof Error ? error.message : String(error)}`);
  }
  const parsed = envelope.safeParse(await response.json().catch(() => undefined));
  if (!parsed.success) throw new CloudflareError(what, response.status, 0, `answered ${response.status} without its usual form`);
  const { success, errors, result, result_info: info } = parsed.data;
  if (!success) {
    const [first] = errors ?? [];
    throw new CloudflareError(what, response.status, first?.code ?? 0, first?.message ?? `answered ${response.status}`);
  }
  const fitting = schema.safeParse(result);
  if (!fitting.success) throw new CloudflareError(what, response.status, 0, `an answer of another form: ${z.prettifyError(fitting.error)}`);
  return { result: fitting.data, pages: info?.total_pages ?? 1, cursor: info?.cursor };
}

function presentConsumer(consumer: NonNullable<z.infer<typeof queue>["consumers"]>[number]): PresentConsumer {
  const { script, script_name: name, service, settings, dead_letter_queue: dead } = consumer;
  return {
    script: script ?? name ?? service ?? "",
    batchSize: settings?.batch_size ?? undefined,
    waitMs: settings?.max_wait_time_ms ?? undefined,
    retries: settings?.max_retries ?? undefined,
    concurrency: settings?.max_concurrency ?? undefined,
    deadLetterQueue: dead ?? undefined,
  };
}
