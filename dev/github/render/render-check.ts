import type { CheckRun, CommitStatus } from "../state.ts";
import type { World } from "../world.ts";
import { renderAccount } from "./render-account.ts";
import { isPull } from "./render-pull.ts";

const ACTIONS_APP = { id: 15368, slug: "github-actions", node_id: "A_actions", name: "GitHub Actions" };

export function renderCheckRun(world: World, check: CheckRun): Record<string, unknown> {
  const repository = world.repository(check.repositoryId);
  const html = `${world.repositoryUrl(repository)}/actions/runs/${check.suiteId}/job/${check.id}`;
  return {
    id: check.id,
    name: check.name,
    node_id: check.nodeId,
    head_sha: check.headSha,
    external_id: "",
    url: `${world.repositoryApi(repository)}/check-runs/${check.id}`,
    html_url: html,
    details_url: html,
    status: check.status,
    conclusion: check.conclusion,
    started_at: check.startedAt,
    completed_at: check.completedAt,
    output: { title: check.summary === null ? null : check.name, summary: check.summary, text: null, annotations_count: 0 },
    check_suite: { id: check.suiteId },
    app: ACTIONS_APP,
    pull_requests: pullsAt(world, check.repositoryId, check.headSha),
  };
}

/** The suite that groups the check runs of one commit. */
export function renderCheckSuite(world: World, checks: CheckRun[]): Record<string, unknown> {
  const [first] = checks;
  if (!first) throw new Error("a check suite has at least one check run");
  const done = checks.every((check) => check.status === "completed");
  const worst = checks.find((check) => check.conclusion !== "success")?.conclusion ?? "success";
  const pull = world.state.issues.find((issue) => issue.repositoryId === first.repositoryId && issue.pull?.headSha === first.headSha);
  return {
    id: first.suiteId,
    node_id: `CS_${first.suiteId}`,
    head_branch: pull?.pull?.headRef ?? null,
    head_sha: first.headSha,
    status: done ? "completed" : "in_progress",
    conclusion: done ? worst : null,
    url: `${world.repositoryApi(world.repository(first.repositoryId))}/check-suites/${first.suiteId}`,
    pull_requests: pullsAt(world, first.repositoryId, first.headSha),
    app: ACTIONS_APP,
    created_at: first.startedAt,
    updated_at: world.now(),
    latest_check_runs_count: checks.length,
  };
}

export function renderStatus(world: World, status: CommitStatus): Record<string, unknown> {
  return {
    id: status.id,
    node_id: status.nodeId,
    url: `${world.repositoryApi(world.repository(status.repositoryId))}/statuses/${status.sha}`,
    state: status.state,
    description: status.description,
    target_url: status.targetUrl,
    context: status.context,
    created_at: status.createdAt,
    updated_at: status.createdAt,
    creator: renderAccount(world, status.creator),
  };
}

function pullsAt(world: World, repositoryId: number, sha: string): Record<string, unknown>[] {
  const repository = world.repository(repositoryId);
  const repo = { id: repository.id, url: world.repositoryApi(repository), name: repository.name };
  return world.state.issues
    .filter(isPull)
    .filter((pull) => pull.repositoryId === repositoryId && pull.state === "open" && pull.pull.headSha === sha)
    .map((pull) => ({
      url: `${world.repositoryApi(repository)}/pulls/${pull.number}`,
      id: pull.id,
      number: pull.number,
      head: { ref: pull.pull.headRef, sha: pull.pull.headSha, repo },
      base: { ref: pull.pull.baseRef, sha: pull.pull.baseSha, repo },
    }));
}
