import { automation } from "../access.ts";
import { isAncestor, listChangedFiles, listCommits, NO_COMMIT, resolveRef, updateRef, type Commit } from "../git-repository.ts";
import { renderAccount } from "../render/render-account.ts";
import { isPull, type PullRequest } from "../render/render-pull.ts";
import { renderRepository } from "../render/render-repository.ts";
import type { Issue, Repository } from "../state.ts";
import { same, type World } from "../world.ts";
import { checksAt, createCheckRun } from "./checks.ts";
import { issueOccurred, markClosed } from "./issues.ts";

/**
 * What GitHub does after refs changed: the push event, pull requests of the branch brought up to date or closed, those whose head the
 * base now contains marked as merged, issues closed by commit messages, and the repository's checks run.
 */
export async function refsChanged(
  world: World,
  login: string,
  repository: Repository,
  before: Map<string, string>,
  after: Map<string, string>,
): Promise<void> {
  for (const ref of new Set([...before.keys(), ...after.keys()])) {
    const from = before.get(ref) ?? NO_COMMIT;
    const to = after.get(ref) ?? NO_COMMIT;
    if (from !== to) await refChanged(world, login, repository, ref, from, to);
  }
}

async function refChanged(world: World, login: string, repository: Repository, ref: string, from: string, to: string): Promise<void> {
  const dir = world.gitDir(repository);
  const branch = ref.startsWith("refs/heads/") ? ref.slice("refs/heads/".length) : undefined;
  const base = from === NO_COMMIT ? await tipOf(world, repository) : from;
  const commits = to === NO_COMMIT ? [] : await listCommits(dir, base, to, 2048);
  repository.pushedAt = world.now();
  await pushOccurred(world, login, repository, ref, from, to, commits);
  if (branch === undefined) return;
  const pulls = world.state.issues.filter(isPull).filter((pull) => pull.repositoryId === repository.id && pull.state === "open");
  for (const pull of pulls.filter((candidate) => candidate.pull.headRef === branch)) {
    if (to === NO_COMMIT) markClosed(world, login, pull, "completed");
    else await synchronize(world, login, pull, to);
  }
  if (to === NO_COMMIT) return;
  for (const pull of pulls.filter((candidate) => candidate.pull.baseRef === branch)) {
    if (await isAncestor(dir, pull.pull.headSha, to)) markMerged(world, login, pull, to);
  }
  if (branch === repository.defaultBranch) {
    for (const commit of commits) closeMentioned(world, login, repository, commit.message);
  }
  runChecks(world, repository, to);
}

async function synchronize(world: World, login: string, pull: PullRequest, to: string): Promise<void> {
  const repository = world.repository(pull.repositoryId);
  const from = pull.pull.headSha;
  if (from === to) return;
  await updateRef(world.gitDir(repository), `refs/pull/${pull.number}/head`, to);
  pull.pull.headSha = to;
  pull.updatedAt = world.now();
  issueOccurred(world, login, pull, "synchronize", { before: from, after: to });
}

/** The pull request is merged as `sha`; the issues its body names are closed. */
export function markMerged(world: World, login: string, pull: PullRequest, sha: string): void {
  if (pull.pull.merged) return;
  pull.pull.merged = true;
  pull.pull.mergedAt = world.now();
  pull.pull.mergedBy = login;
  pull.pull.mergeCommitSha = sha;
  markClosed(world, login, pull, "completed");
  const repository = world.repository(pull.repositoryId);
  if (pull.pull.baseRef === repository.defaultBranch) closeMentioned(world, login, repository, pull.body);
}

function closeMentioned(world: World, login: string, repository: Repository, text: string): void {
  for (const issue of closedBy(world, repository, text)) markClosed(world, login, issue, "completed");
}

const CLOSING = /\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?):?\s+(?:(?<owner>[\w.-]+)\/(?<name>[\w.-]+))?#(?<number>\d+)\b/gi;

/**
 * The issues a pull request body or commit message closes when it reaches the default branch.
 * @see https://docs.github.com/issues/tracking-your-work-with-issues/linking-a-pull-request-to-an-issue
 */
export function closedBy(world: World, repository: Repository, text: string): Issue[] {
  const found = new Set<Issue>();
  for (const { groups } of text.matchAll(CLOSING)) {
    const named = groups?.owner && groups.name ? world.findRepository(groups.owner, groups.name) : repository;
    const issue = named && world.findIssue(named, Number(groups?.number));
    if (issue && !issue.pull) found.add(issue);
  }
  return [...found];
}

/** The repository's checks, on a commit that has none of them yet. */
function runChecks(world: World, repository: Repository, sha: string): void {
  const present = checksAt(world, repository, sha).map((check) => check.name);
  for (const plan of repository.checksOnPush.filter((candidate) => !present.includes(candidate.name))) {
    createCheckRun(world, automation("github-actions[bot]"), repository, { ...plan, headSha: sha });
  }
}

function tipOf(world: World, repository: Repository): Promise<string | undefined> {
  return resolveRef(world.gitDir(repository), `refs/heads/${repository.defaultBranch}`);
}

async function pushOccurred(
  world: World,
  login: string,
  repository: Repository,
  ref: string,
  from: string,
  to: string,
  commits: Commit[],
): Promise<void> {
  const dir = world.gitDir(repository);
  const rendered = await Promise.all(commits.slice(-20).map((commit) => renderPushedCommit(world, repository, commit)));
  const created = from === NO_COMMIT;
  const deleted = to === NO_COMMIT;
  const account = world.account(repository.owner);
  world.occurred({
    event: "push",
    sender: login,
    repository,
    payload: {
      ref,
      before: from,
      after: to,
      created,
      deleted,
      forced: !created && !deleted && !(await isAncestor(dir, from, to)),
      base_ref: null,
      compare: `${world.repositoryUrl(repository)}/compare/${from.slice(0, 12)}...${to.slice(0, 12)}`,
      commits: rendered,
      head_commit: rendered.at(-1) ?? null,
      repository: {
        ...renderRepository(world, repository),
        owner: { ...renderAccount(world, account.login), name: account.login, email: null },
        master_branch: repository.defaultBranch,
      },
      pusher: { name: login, email: `${login}@users.noreply.github.com` },
    },
  });
  if (created || deleted) {
    const [, kind, ...rest] = ref.split("/");
    world.occurred({
      event: created ? "create" : "delete",
      sender: login,
      repository,
      payload: {
        ref: rest.join("/"),
        ref_type: kind === "tags" ? "tag" : "branch",
        pusher_type: "user",
        ...(created ? { master_branch: repository.defaultBranch } : {}),
      },
    });
  }
}

async function renderPushedCommit(world: World, repository: Repository, commit: Commit): Promise<Record<string, unknown>> {
  const dir = world.gitDir(repository);
  const parent = commit.parents[0];
  const files = parent ? await listChangedFiles(dir, parent, commit.sha) : [];
  const named = (status: string): string[] => files.filter((file) => file.status === status).map((file) => file.filename);
  const account = world.state.accounts.find((candidate) => same(candidate.login, commit.author.name));
  const who = { name: commit.author.name, email: commit.author.email, ...(account ? { username: account.login } : {}) };
  return {
    id: commit.sha,
    tree_id: commit.tree,
    distinct: true,
    message: commit.message,
    timestamp: commit.author.date,
    url: `${world.repositoryUrl(repository)}/commit/${commit.sha}`,
    author: who,
    committer: who,
    added: named("added"),
    removed: named("removed"),
    modified: named("modified"),
  };
}
