import type { CloudflareApi } from "./cloudflare-api.ts";
import { queuesOf, type Configurations } from "./environment.ts";
import type { Present } from "./plan.ts";

/** Looks at what an account holds of an environment; changes nothing. */
export async function survey(
  api: CloudflareApi,
  { worker, pages }: Configurations,
  pendingMigrations: readonly string[],
): Promise<Present> {
  const [queues, buckets, secrets, project, owners] = await Promise.all([
    api.queues(),
    api.buckets(),
    api.secretsOf(worker.name),
    api.pagesProject(pages.name),
    Promise.all(worker.workflows.map(async ({ name }) => [name, await api.workflowOwner(name)] as const)),
  ]);
  const [fingerprint, crons] = secrets ? await Promise.all([deployedFingerprint(api, worker.name), api.cronsOf(worker.name)]) : [null, []];
  const wanted = new Set(queuesOf(worker));
  return {
    queues: new Map([...queues].filter(([name]) => wanted.has(name))),
    buckets,
    pendingMigrations,
    worker: secrets && { fingerprint, secrets, crons },
    workflows: new Map(owners.flatMap(([name, owner]) => (owner === null ? [] : [[name, owner] as const]))),
    dashboard: project && {
      fingerprint: fingerprintIn(project.canonical_deployment?.deployment_trigger?.metadata?.commit_message),
      secrets: new Set(Object.keys(project.deployment_configs.production?.env_vars ?? {})),
    },
  };
}

/** The fingerprint all of the traffic goes to; null when traffic is split, or the Worker was deployed otherwise. */
async function deployedFingerprint(api: CloudflareApi, worker: string): Promise<string | null> {
  const [latest] = await api.deploymentsOf(worker);
  const [only, ...others] = latest?.versions ?? [];
  return only && others.length === 0 ? api.tagOf(worker, only.version_id) : null;
}

/** The fingerprint in a deployment's message. */
function fingerprintIn(message: string | null | undefined): string | null {
  return /\bmesh-[0-9a-f]{16}\b/.exec(message ?? "")?.[0] ?? null;
}
