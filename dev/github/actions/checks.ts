import { randomBytes } from "node:crypto";
import { type Actor, demand } from "../access.ts";
import { invalid } from "../refusal.ts";
import { renderCheckRun, renderCheckSuite, renderStatus } from "../render/render-check.ts";
import type { CheckRun, CommitStatus, Conclusion, Repository } from "../state.ts";
import type { World } from "../world.ts";

export interface NewCheck {
  name: string;
  headSha: string;
  status?: CheckRun["status"];
  conclusion?: Conclusion | null;
  summary?: string | null;
  logs?: string | null;
}

/** Starts a check run; with a conclusion it is completed at once. */
export function createCheckRun(world: World, actor: Actor, repository: Repository, input: NewCheck): CheckRun {
  demand(world, actor, repository, "checks", "write", "write");
  if (!input.name || !input.headSha)
    throw invalid({ resource: "CheckRun", field: input.name ? "head_sha" : "name", code: "missing_field" });
  const siblings = checksAt(world, repository, input.headSha);
  const now = world.now();
  const check: CheckRun = {
    ...world.mint("check"),
    repositoryId: repository.id,
    suiteId: siblings[0]?.suiteId ?? world.mint("check").id,
    headSha: input.headSha,
    name: input.name,
    status: input.conclusion ? "in_progress" : (input.status ?? "queued"),
    conclusion: null,
    summary: input.summary ?? null,
    logs: input.logs ?? null,
    logsKey: randomBytes(16).toString("hex"),
    startedAt: now,
    completedAt: null,
  };
  world.state.checks.push(check);
  checkOccurred(world, actor.login, check, "created");
  if (input.conclusion) updateCheckRun(world, actor, repository, check, { conclusion: input.conclusion });
  return check;
}

export function updateCheckRun(
  world: World,
  actor: Actor,
  repository: Repository,
  check: CheckRun,
  change: { status?: CheckRun["status"]; conclusion?: Conclusion | null; summary?: string | null; logs?: string | null },
): void {
  demand(world, actor, repository, "checks", "write", "write");
  if (change.summary !== undefined) check.summary = change.summary;
  if (change.logs !== undefined) check.logs = change.logs;
  if (change.status) check.status = change.status;
  world.changed();
  if (!change.conclusion) return;
  check.status = "completed";
  check.conclusion = change.conclusion;
  check.completedAt = world.now();
  checkOccurred(world, actor.login, check, "completed");
  const suite = checksAt(world, repository, check.headSha);
  if (suite.every((sibling) => sibling.status === "completed")) {
    world.occurred({
      event: "check_suite",
      action: "completed",
      sender: actor.login,
      repository,
      payload: { check_suite: renderCheckSuite(world, suite) },
    });
  }
}

export function setStatus(
  world: World,
  actor: Actor,
  repository: Repository,
  input: { sha: string; context: string; state: CommitStatus["state"]; description?: string | null; targetUrl?: string | null },
): CommitStatus {
  demand(world, actor, repository, "statuses", "write", "write");
  const status: CommitStatus = {
    ...world.mint("status"),
    repositoryId: repository.id,
    sha: input.sha,
    context: input.context,
    state: input.state,
    description: input.description ?? null,
    targetUrl: input.targetUrl ?? null,
    creator: actor.login,
    createdAt: world.now(),
  };
  world.state.statuses.push(status);
  const rendered = renderStatus(world, status);
  world.occurred({
    event: "status",
    sender: actor.login,
    repository,
    payload: { ...rendered, sha: status.sha, name: `${repository.owner}/${repository.name}`, branches: [] },
  });
  return status;
}

/** The newest check run of each name on a commit. */
export function checksAt(world: World, repository: Repository, sha: string): CheckRun[] {
  const newest = new Map<string, CheckRun>();
  for (const check of world.state.checks) {
    if (check.repositoryId === repository.id && check.headSha === sha) newest.set(check.name, check);
  }
  return [...newest.values()];
}

/** The newest status of each context on a commit. */
export function statusesAt(world: World, repository: Repository, sha: string): CommitStatus[] {
  const newest = new Map<string, CommitStatus>();
  for (const status of world.state.statuses) {
    if (status.repositoryId === repository.id && status.sha === sha) newest.set(status.context, status);
  }
  return [...newest.values()];
}

export type Rollup = "SUCCESS" | "FAILURE" | "PENDING" | "ERROR";

/** What all checks and statuses of a commit come to; undefined when it has none. */
export function rollup(world: World, repository: Repository, sha: string): Rollup | undefined {
  const states = [
    ...checksAt(world, repository, sha).map(stateOfCheck),
    ...statusesAt(world, repository, sha).map((status) => status.state.toUpperCase() as Rollup),
  ];
  if (states.length === 0) return undefined;
  return (["ERROR", "FAILURE", "PENDING"] as const).find((state) => states.includes(state)) ?? "SUCCESS";
}

export function stateOfCheck(check: CheckRun): Rollup {
  if (check.status !== "completed" || check.conclusion === null) return "PENDING";
  return ["success", "neutral", "skipped"].includes(check.conclusion) ? "SUCCESS" : "FAILURE";
}

function checkOccurred(world: World, sender: string, check: CheckRun, action: string): void {
  world.occurred({
    event: "check_run",
    action,
    sender,
    repository: world.repository(check.repositoryId),
    payload: { check_run: renderCheckRun(world, check) },
  });
}
