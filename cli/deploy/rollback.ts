import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CloudflareApi, CloudflareLogin, WorkerDeployment } from "./cloudflare-api.ts";
import { configurationsOf, type EnvironmentName } from "./environment.ts";
import { NotReady, reachAccount } from "./preparation.ts";
import { runWrangler } from "./wrangler.ts";

/** What a rollback would change: from what is deployed to what was deployed before it. */
export interface RollbackPlan {
  readonly worker: { readonly name: string; readonly from: string; readonly to: string };
  /** Null when the dashboard of that time is there already, or no longer known. */
  readonly dashboard: { readonly name: string; readonly from: string; readonly to: string } | null;
}

export interface RollbackRequest {
  readonly root: string;
  readonly environment: EnvironmentName;
  readonly login: CloudflareLogin;
  readonly account: string | undefined;
  /** A version of the Worker; the one before the present one unless given. */
  readonly version: string | undefined;
}

/**
 * Finds what to go back to: a version of the Worker, and the dashboard that was deployed with it. The database stays, since migrations only
 * add; settings go back with the Worker's version. Throws `NotReady` when there is nothing to go back to.
 */
export async function planRollback(request: RollbackRequest): Promise<{ plan: RollbackPlan; api: CloudflareApi; account: string }> {
  const { root, environment } = request;
  const { worker, pages } = configurationsOf(environment, {
    worker: readFileSync(join(root, "wrangler.toml"), "utf8"),
    pages: readFileSync(join(root, "pages/wrangler.toml"), "utf8"),
  });
  const { account, api } = await reachAccount(request.login, request.account);
  const deployments = await api.deploymentsOf(worker.name);
  const from = versionOf(deployments[0]);
  const to = request.version ?? deployments.map(versionOf).find((version) => version !== from);
  if (from === undefined || to === undefined) throw new NotReady([{ path: worker.name, message: "has no earlier version to go back to" }]);
  const dashboard = await dashboardOf(api, pages.name, whenReplaced(deployments, to));
  return { plan: { worker: { name: worker.name, from, to }, dashboard }, api, account };
}

/** The dashboard as it was at a moment (ISO 8601). */
async function dashboardOf(api: CloudflareApi, name: string, at: string | undefined): Promise<RollbackPlan["dashboard"]> {
  const from = (await api.pagesProject(name))?.canonical_deployment?.id;
  if (from === undefined || at === undefined) return null;
  const good = (await api.pagesDeployments(name)).filter(
    ({ latest_stage: stage }) => stage?.name === "deploy" && stage.status === "success",
  );
  const to = good.find(({ created_on: created }) => created !== undefined && Date.parse(created) < Date.parse(at))?.id;
  return to === undefined || to === from ? null : { name, from, to };
}

/** When another version first took a version's place. Deployments come newest first. */
function whenReplaced(deployments: readonly WorkerDeployment[], version: string): string | undefined {
  const oldestFirst = deployments.toReversed();
  const first = oldestFirst.findIndex((deployment) => versionOf(deployment) === version);
  return first === -1 ? undefined : oldestFirst.slice(first).find((deployment) => versionOf(deployment) !== version)?.created_on;
}

function versionOf(deployment: WorkerDeployment | undefined): string | undefined {
  return deployment?.versions[0]?.version_id;
}

/** Goes back: the Worker by wrangler, then the dashboard. The same plan may be carried out again. */
export async function rollBack(
  { plan, api, account }: Awaited<ReturnType<typeof planRollback>>,
  { root, login }: RollbackRequest,
  message: string,
  onLine: (line: string) => void,
): Promise<void> {
  const cwd = mkdtempSync(join(tmpdir(), "mesh-six-rollback-"));
  try {
    const { name, from, to } = plan.worker;
    const args = ["rollback", to, "--name", name, "--message", message, "--yes"];
    if (from !== to) await runWrangler({ root, cwd, args, account, ...login, secrets: [login.token], onLine });
  } finally {
    rmSync(cwd, { recursive: true, force: true });
  }
  if (plan.dashboard) await api.rollBackPages(plan.dashboard.name, plan.dashboard.to);
}
