import { meshProject } from "../core/ids.ts";
import { secondMs } from "../core/time.ts";
import { addCosts, noCosts, type ObjectCosts } from "../durable-objects/cost-meter.ts";
import { liveFeed, mailbox, orchestrator, pool, sessionFeed, settings, vault } from "../durable-objects/remote.ts";
import { registeredProjects } from "./registry.ts";
import { tellCounts } from "./tell-counts.ts";

/** A message is written, read and deleted: three operations. https://developers.cloudflare.com/queues/platform/pricing/ */
const operationsPerMessage = 3;
/** An object in memory is billed as 128 MB. */
const objectGb = 0.128;
/** So many feeds of sessions under way are asked; what others cost is told when their session ends. */
const mostFeedsAsked = 100;

/**
 * What the mesh has cost since it began, by its own counters: of each project's orchestrator, of the other objects, of the Worker, and in all.
 * Feeds are counted by project: those of ended sessions as their orchestrator has kept it, those under way as they say now. Agents and projects that were removed are no longer in it, nor is what died uncounted with an object or isolate (the last seconds of each).
 */
export async function costsOf(env: Env) {
  await tellCounts(env);
  const [profiles, agents] = await Promise.all([registeredProjects(env), pool(env).agents()]);
  const keys = [{ key: meshProject, name: "mesh" }, ...profiles];
  const [owners, vaults, mailboxes, live, settingsCosts] = await Promise.all([
    Promise.all(keys.map(async ({ key, name }) => ({ project: name, ...(await orchestrator(env, key).costs()) }))),
    Promise.all(keys.map(async ({ key, name }) => ({ project: name, ...(await vault(env, key).costs()) }))),
    Promise.all(agents.filter(({ kind }) => kind === "remote").map(async ({ id }) => ({ agent: id, ...(await mailbox(env, id).costs()) }))),
    liveFeed(env).costs(),
    settings(env).costs(),
  ]);
  const { object: poolCosts, worker } = await pool(env).costs();
  const projects = owners.map((owner) => {
    const { endedFeeds: _, openSessions: __, ...own } = owner;
    return own;
  });
  const feeds = await feedsOf(env, owners);
  const sums = totals([...projects, ...vaults, ...mailboxes, ...feeds, live, settingsCosts, poolCosts, worker]);
  const of = (name: string): number => sums[name] ?? 0;
  const total = {
    ...sums,
    queueOperations: of("queueMessages") * operationsPerMessage + of("queueRedeliveries"),
    gbSeconds: (of("activeMs") / secondMs) * objectGb,
  };
  return { projects, objects: { pool: poolCosts, live, settings: settingsCosts, vaults, mailboxes, feeds }, worker, total };
}

type Owner = { readonly project: string; readonly endedFeeds: ObjectCosts; readonly openSessions: readonly string[] };

/** What each project's feeds have cost, with how many of sessions under way are and are not in it. */
async function feedsOf(env: Env, owners: readonly Owner[]) {
  let left = mostFeedsAsked;
  const asked = owners.map((owner) => {
    const sessions = owner.openSessions.slice(0, left);
    left -= sessions.length;
    return { owner, sessions };
  });
  return Promise.all(
    asked.map(async ({ owner: { project, endedFeeds, openSessions }, sessions }) => {
      const open = await Promise.all(sessions.map((session) => sessionFeed(env, session).costs()));
      const costs = [endedFeeds, ...open].reduce(addCosts, noCosts);
      return { project, ...costs, open: { counted: sessions.length, later: openSessions.length - sessions.length } };
    }),
  );
}

function totals(counted: readonly object[]): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const counts of counted) {
    for (const [name, count] of Object.entries(counts)) if (typeof count === "number") sums[name] = (sums[name] ?? 0) + count;
  }
  return sums;
}
