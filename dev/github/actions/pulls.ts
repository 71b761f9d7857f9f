import { type Actor, demand } from "../access.ts";
import {
  commitTree,
  git,
  listCommits,
  listRefs,
  mergeBase,
  mergedTree,
  resolveRef,
  updateRef,
  deleteRef,
  isAncestor,
  type Commit,
} from "../git-repository.ts";
import { invalid, notFound, Refusal } from "../refusal.ts";
import { renderPull, renderReview, renderReviewComment, type PullRequest } from "../render/render-pull.ts";
import { withRepositoryLock } from "../repository-lock.ts";
import type { Issue, Repository, Review, ReviewState, ReviewThread } from "../state.ts";
import { same, type World } from "../world.ts";
import { checksAt, rollup, stateOfCheck, statusesAt } from "./checks.ts";
import { issueOccurred } from "./issues.ts";
import { markMerged, refsChanged } from "./pushes.ts";

export interface NewPull {
  title: string;
  body?: string | null;
  /** A branch, or `owner:branch`. */
  head: string;
  base: string;
  draft?: boolean;
}

/** Opens a pull request between two branches of the repository. @throws 422 as GitHub: unknown branch, no commits between, one exists. */
export async function openPull(world: World, actor: Actor, repository: Repository, input: NewPull): Promise<PullRequest> {
  demand(world, actor, repository, "pull_requests", "write", "write");
  const dir = world.gitDir(repository);
  const refuse = (message: string): Refusal => invalid({ resource: "PullRequest", code: "custom", message });
  const headRef = input.head.includes(":") ? input.head.slice(input.head.indexOf(":") + 1) : input.head;
  if (input.head.includes(":") && !same(input.head.split(":")[0] ?? "", repository.owner)) {
    throw invalid({ resource: "PullRequest", field: "head", code: "invalid" });
  }
  const [headSha, baseSha] = await Promise.all([resolveRef(dir, `refs/heads/${headRef}`), resolveRef(dir, `refs/heads/${input.base}`)]);
  if (!headSha) throw invalid({ resource: "PullRequest", field: "head", code: "invalid" });
  if (!baseSha) throw invalid({ resource: "PullRequest", field: "base", code: "invalid" });
  if (!input.title) throw invalid({ resource: "PullRequest", field: "title", code: "missing_field" });
  if (await isAncestor(dir, headSha, baseSha)) throw refuse(`No commits between ${input.base} and ${headRef}`);
  const existing = world.state.issues.find(
    (issue) =>
      issue.repositoryId === repository.id &&
      issue.state === "open" &&
      issue.pull?.headRef === headRef &&
      issue.pull.baseRef === input.base,
  );
  if (existing) throw refuse(`A pull request already exists for ${repository.owner}:${headRef}.`);
  const now = world.now();
  const pull: Issue & PullRequest = {
    ...world.mint("pull"),
    repositoryId: repository.id,
    number: repository.nextNumber++,
    title: input.title,
    body: input.body ?? "",
    state: "open",
    stateReason: null,
    author: actor.login,
    labels: [],
    assignees: [],
    parentId: null,
    pull: {
      headRef,
      headSha,
      baseRef: input.base,
      baseSha,
      draft: input.draft ?? false,
      merged: false,
      mergedAt: null,
      mergedBy: null,
      mergeCommitSha: null,
    },
    createdAt: now,
    updatedAt: now,
    closedAt: null,
  };
  world.state.issues.push(pull);
  await updateRef(dir, `refs/pull/${pull.number}/head`, headSha);
  issueOccurred(world, actor.login, pull, "opened");
  return pull;
}

export type Mergeability =
  | { mergeable: boolean; state: "clean" | "unstable" | "blocked" | "dirty" | "draft"; because?: string }
  | { mergeable: null; state: "unknown" };

/** Whether the pull request could be merged now, and what stands in its way. */
export async function mergeability(world: World, pull: PullRequest): Promise<Mergeability> {
  if (pull.state === "closed") return { mergeable: null, state: "unknown" };
  const repository = world.repository(pull.repositoryId);
  const base = await resolveRef(world.gitDir(repository), `refs/heads/${pull.pull.baseRef}`);
  if (!base || !(await mergedTree(world.gitDir(repository), base, pull.pull.headSha))) {
    return { mergeable: false, state: "dirty", because: "Pull Request is not mergeable" };
  }
  if (pull.pull.draft) return { mergeable: true, state: "draft", because: "Pull Request is still a draft" };
  const missing = unmetRule(world, repository, pull);
  if (missing) return { mergeable: true, state: "blocked", because: missing };
  const checks = rollup(world, repository, pull.pull.headSha);
  return { mergeable: true, state: checks === undefined || checks === "SUCCESS" ? "clean" : "unstable" };
}

function unmetRule(world: World, repository: Repository, pull: PullRequest): string | undefined {
  const rule = repository.protections.find((candidate) => candidate.branch === pull.pull.baseRef);
  if (!rule) return undefined;
  const passed = [
    ...checksAt(world, repository, pull.pull.headSha)
      .filter((check) => stateOfCheck(check) === "SUCCESS")
      .map((check) => check.name),
    ...statusesAt(world, repository, pull.pull.headSha)
      .filter((status) => status.state === "success")
      .map((status) => status.context),
  ];
  const expected = rule.requiredChecks.filter((name) => !passed.includes(name));
  if (expected[0] !== undefined) {
    return expected.length === 1
      ? `Required status check "${expected[0]}" is expected.`
      : `${expected.length} of ${rule.requiredChecks.length} required status checks are expected.`;
  }
  const reviews = latestReviews(world, pull);
  if (reviews.some((review) => review.state === "CHANGES_REQUESTED")) return "Changes have been requested.";
  if (reviews.filter((review) => review.state === "APPROVED").length < rule.requiredApprovals) {
    return `At least ${rule.requiredApprovals} approving review is required by reviewers with write access.`;
  }
  return undefined;
}

/** The opinion of each reviewer that counts: their newest that is more than a comment. */
export function latestReviews(world: World, pull: PullRequest): Review[] {
  const newest = new Map<string, Review>();
  for (const review of world.state.reviews) {
    if (review.issueId === pull.id && review.state !== "COMMENTED") newest.set(review.author, review);
  }
  return [...newest.values()];
}

export interface MergeRequest {
  method: "merge" | "squash" | "rebase";
  expectedHead?: string;
  title?: string;
  message?: string;
}

/** Merges in the git repository. @throws 405 when it cannot be merged, 409 when the head is not the expected one. */
export async function mergePull(world: World, actor: Actor, pull: PullRequest, request: MergeRequest): Promise<string> {
  const repository = world.repository(pull.repositoryId);
  demand(world, actor, repository, "contents", "write", "write");
  const dir = world.gitDir(repository);
  return withRepositoryLock(dir, async () => {
    if (pull.state === "closed") throw new Refusal(405, "UNPROCESSABLE", "Pull Request is not mergeable");
    if (request.expectedHead !== undefined && request.expectedHead !== pull.pull.headSha) {
      throw new Refusal(409, "UNPROCESSABLE", "Head branch was modified. Review and try the merge again.");
    }
    const can = await mergeability(world, pull);
    if (can.mergeable === null || can.state === "dirty" || can.state === "blocked" || can.state === "draft") {
      throw new Refusal(405, "UNPROCESSABLE", ("because" in can && can.because) || "Pull Request is not mergeable");
    }
    const before = await listRefs(dir);
    const base = before.get(`refs/heads/${pull.pull.baseRef}`);
    if (!base) throw notFound();
    const sha = await mergeCommit(world, actor.login, pull, base, request);
    await updateRef(dir, `refs/heads/${pull.pull.baseRef}`, sha, base);
    pull.pull.baseSha = base;
    markMerged(world, actor.login, pull, sha);
    if (repository.deleteBranchOnMerge) await deleteRef(dir, `refs/heads/${pull.pull.headRef}`);
    await refsChanged(world, actor.login, repository, before, await listRefs(dir));
    return sha;
  });
}

async function mergeCommit(world: World, login: string, pull: PullRequest, base: string, request: MergeRequest): Promise<string> {
  const repository = world.repository(pull.repositoryId);
  const dir = world.gitDir(repository);
  const head = pull.pull.headSha;
  const tree = await mergedTree(dir, base, head);
  if (!tree) throw new Refusal(405, "UNPROCESSABLE", "Pull Request is not mergeable");
  if (request.method === "merge") {
    const title = request.title ?? `Merge pull request #${pull.number} from ${repository.owner}/${pull.pull.headRef}`;
    return commitTree(dir, { tree, parents: [base, head], message: `${title}\n\n${request.message ?? pull.title}`, author: login });
  }
  const commits = await listCommits(dir, base, head);
  if (request.method === "squash") {
    const title = request.title ?? `${commits.length === 1 ? firstLine(commits[0]) : pull.title} (#${pull.number})`;
    const message = request.message ?? commits.map((commit) => `* ${commit.message}`).join("\n\n");
    return commitTree(dir, { tree, parents: [base], message: `${title}\n\n${message}`, author: pull.author });
  }
  return rebased(dir, base, commits);
}

/** The commits replayed one by one onto the base. */
async function rebased(dir: string, base: string, commits: Commit[]): Promise<string> {
  const worktree = `${dir}.rebase-${process.pid}`;
  await git(dir, ["worktree", "add", "--quiet", "--detach", worktree, base]);
  try {
    const env = { GIT_COMMITTER_NAME: "GitHub", GIT_COMMITTER_EMAIL: "noreply@github.com" };
    await git(worktree, ["cherry-pick", "--allow-empty", ...commits.map((commit) => commit.sha)], { env });
    return await git(worktree, ["rev-parse", "HEAD"]);
  } catch {
    throw new Refusal(405, "UNPROCESSABLE", "This branch can't be rebased");
  } finally {
    await git(dir, ["worktree", "remove", "--force", worktree]);
  }
}

function firstLine(commit: Commit | undefined): string {
  return commit?.message.split("\n")[0] ?? "";
}

/** The commits a pull request brings, oldest first; also after it was merged. */
export async function pullCommits(world: World, pull: PullRequest): Promise<Commit[]> {
  const dir = world.gitDir(world.repository(pull.repositoryId));
  return listCommits(dir, await pullStart(world, pull), pull.pull.headSha);
}

/** Where the pull request's changes begin: the merge base of its two ends. */
export async function pullStart(world: World, pull: PullRequest): Promise<string> {
  const dir = world.gitDir(world.repository(pull.repositoryId));
  return (await mergeBase(dir, pull.pull.baseSha, pull.pull.headSha)) ?? pull.pull.baseSha;
}

export interface NewReview {
  state: ReviewState;
  body?: string;
  comments?: { path: string; line?: number | null; body: string }[];
}

export function review(world: World, actor: Actor, pull: PullRequest, input: NewReview): Review {
  const repository = world.repository(pull.repositoryId);
  demand(world, actor, repository, "pull_requests", "write", "read");
  if (input.state !== "COMMENTED" && same(actor.login, pull.author)) {
    throw new Refusal(
      422,
      "UNPROCESSABLE",
      input.state === "APPROVED" ? "Can not approve your own pull request" : "Can not request changes on your own pull request",
    );
  }
  const now = world.now();
  const added: Review = {
    ...world.mint("review"),
    issueId: pull.id,
    author: actor.login,
    body: input.body ?? "",
    state: input.state,
    commitId: pull.pull.headSha,
    submittedAt: now,
  };
  world.state.reviews.push(added);
  const rendered = renderReview(world, added);
  const occurred = (event: string, action: string, extra: Record<string, unknown>): void =>
    world.occurred({
      event,
      action,
      sender: actor.login,
      repository,
      issue: pull,
      payload: { pull_request: renderPull(world, pull), ...extra },
    });
  occurred("pull_request_review", "submitted", { review: { ...rendered, state: added.state.toLowerCase() } });
  for (const remark of input.comments ?? []) {
    const comment = {
      ...world.mint("reviewComment"),
      author: actor.login,
      body: remark.body,
      reviewId: added.id,
      commitId: pull.pull.headSha,
      createdAt: now,
    };
    const thread: ReviewThread = {
      ...world.mint("reviewThread"),
      issueId: pull.id,
      path: remark.path,
      line: remark.line ?? null,
      isResolved: false,
      comments: [comment],
    };
    world.state.threads.push(thread);
    occurred("pull_request_review_comment", "created", { comment: renderReviewComment(world, thread, comment) });
  }
  return added;
}
