import { meshProject } from "../core/ids.ts";
import { secondMs } from "../core/time.ts";
import { liveFeed, mailbox, orchestrator, pool, settings, vault } from "../durable-objects/remote.ts";
import { registeredProjects } from "./registry.ts";
import { tellCounts } from "./tell-counts.ts";

/** A message is written, read and deleted: three operations. https://developers.cloudflare.com/queues/platform/pricing/ */
const operationsPerMessage = 3;
/** An object in memory is billed as 128 MB. */
const objectGb = 0.128;

/**
 * What the mesh has cost since it began, by its own counters: of each project's orchestrator, of the other objects, of the Worker, and in all.
 * Agents and projects that were removed are no longer in it, nor is what died uncounted with an object or isolate (the last seconds of each).
 */
export async function costsOf(env: Env) {
  await tellCounts(env);
  const [profiles, agents] = await Promise.all([registeredProjects(env), pool(env).agents()]);
  const keys = [{ key: meshProject, name: "mesh" }, ...profiles];
  const [projects, vaults, mailboxes, live, settingsCosts] = await Promise.all([
    Promise.all(keys.map(async ({ key, name }) => ({ project: name, ...(await orchestrator(env, key).costs()) }))),
    Promise.all(keys.map(async ({ key, name }) => ({ project: name, ...(await vault(env, key).costs()) }))),
    Promise.all(agents.filter(({ kind }) => kind === "remote").map(async ({ id }) => ({ agent: id, ...(await mailbox(env, id).costs()) }))),
    liveFeed(env).costs(),
    settings(env).costs(),
  ]);
  const { object: poolCosts, worker } = await pool(env).costs();
  const sums = totals([...projects, ...vaults, ...mailboxes, live, settingsCosts, poolCosts, worker]);
  const of = (name: string): number => sums[name] ?? 0;
  const total = {
    ...sums,
    queueOperations: of("queueMessages") * operationsPerMessage + of("queueRedeliveries"),
    gbSeconds: (of("activeMs") / secondMs) * objectGb,
  };
  return { projects, objects: { pool: poolCosts, live, settings: settingsCosts, vaults, mailboxes }, worker, total };
}

function totals(counted: readonly object[]): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const counts of counted) {
    for (const [name, count] of Object.entries(counts)) if (typeof count === "number") sums[name] = (sums[name] ?? 0) + count;
  }
  return sums;
}
