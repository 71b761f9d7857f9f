import { canSeeBoard } from "../access.ts";
import { latestReviews, mergeability, pullCommits } from "../actions/pulls.ts";
import { closedBy } from "../actions/pushes.ts";
import { authorAssociation, labelsOf } from "../render/render-issue.ts";
import { isPull, type PullRequest } from "../render/render-pull.ts";
import type { BoardItem, Comment, Issue, Review, ReviewThread } from "../state.ts";
import { same } from "../world.ts";
import { connection, listed } from "./connection.ts";
import type { Arguments, Context, View, Views } from "./context.ts";

export const issueViews: Pick<Views, "issue" | "pull" | "comment"> = { issue: issueView, pull: pullView, comment: commentView };

function commonView(context: Context, issue: Issue): Record<string, unknown> {
  const { world, actor, views } = context;
  const repository = world.repository(issue.repositoryId);
  const people = (logins: string[]): { id: number; login: string }[] => logins.map((login) => ({ id: world.account(login).id, login }));
  const items = (): BoardItem[] =>
    world.state.items.filter((item) => item.issueId === issue.id && canSeeBoard(world, actor, world.board(item.boardId)));
  return {
    id: issue.nodeId,
    databaseId: issue.id,
    fullDatabaseId: String(issue.id),
    number: issue.number,
    title: issue.title,
    titleHTML: issue.title,
    body: issue.body,
    bodyText: issue.body,
    closed: issue.state === "closed",
    closedAt: issue.closedAt,
    createdAt: issue.createdAt,
    updatedAt: issue.updatedAt,
    lastEditedAt: null,
    locked: false,
    url: world.issueUrl(issue),
    resourcePath: new URL(world.issueUrl(issue)).pathname,
    author: () => views.actor(context, issue.author),
    authorAssociation: authorAssociation(world, issue.author, repository),
    viewerDidAuthor: same(issue.author, actor.login),
    milestone: null,
    repository: () => views.repository(context, repository),
    labels: (args: Arguments, name: string) =>
      connection(labelsOf(world, issue), (label) => views.label(context, repository, label), args, name),
    assignees: (args: Arguments, name: string) =>
      connection(people(issue.assignees), ({ login }) => views.actor(context, login), args, name),
    participants: (args: Arguments, name: string) =>
      connection(people([issue.author]), ({ login }) => views.actor(context, login), args, name),
    comments: (args: Arguments, name: string) =>
      connection(
        world.state.comments.filter((comment) => comment.issueId === issue.id),
        (comment) => commentView(context, comment),
        args,
        name,
      ),
    projectItems: (args: Arguments, name: string) =>
      connection(
        items().filter((item) => args.includeArchived !== false || item.archivedAt === null),
        (item) => views.item(context, item),
        args,
        name,
      ),
    projectsV2: (args: Arguments, name: string) =>
      connection(
        items().map((item) => world.board(item.boardId)),
        (board) => views.board(context, board),
        args,
        name,
      ),
  };
}

function issueView(context: Context, issue: Issue): View {
  const { world } = context;
  const children = world.state.issues.filter((child) => child.parentId === issue.id);
  return {
    __typename: "Issue",
    ...commonView(context, issue),
    state: issue.state.toUpperCase(),
    stateReason: issue.stateReason?.toUpperCase() ?? null,
    parent: () => (issue.parentId === null ? null : issueView(context, world.issue(issue.parentId))),
    subIssues: (args: Arguments, name: string) => connection(children, (child) => issueView(context, child), args, name),
    subIssuesSummary: () => {
      const completed = children.filter((child) => child.state === "closed").length;
      return {
        total: children.length,
        completed,
        percentCompleted: children.length === 0 ? 0 : Math.floor((100 * completed) / children.length),
      };
    },
    closedByPullRequestsReferences: (args: Arguments, name: string) =>
      connection(
        world.state.issues
          .filter(isPull)
          .filter(
            (pull) =>
              (args.includeClosedPrs === true || pull.state === "open" || pull.pull.merged) && closes(context, pull).includes(issue),
          ),
        (pull) => pullView(context, pull),
        args,
        name,
      ),
  };
}

function closes({ world }: Context, pull: PullRequest): Issue[] {
  const repository = world.repository(pull.repositoryId);
  return pull.pull.baseRef === repository.defaultBranch ? closedBy(world, repository, pull.body) : [];
}

const MERGE_STATES = {
  clean: "CLEAN",
  unstable: "UNSTABLE",
  blocked: "BLOCKED",
  dirty: "DIRTY",
  draft: "DRAFT",
  unknown: "UNKNOWN",
} as const;

function pullView(context: Context, pull: PullRequest): View {
  const { world, views } = context;
  const repository = world.repository(pull.repositoryId);
  const reviews = world.state.reviews.filter((review) => review.issueId === pull.id);
  return {
    __typename: "PullRequest",
    ...commonView(context, pull),
    state: pull.pull.merged ? "MERGED" : pull.state.toUpperCase(),
    isDraft: pull.pull.draft,
    isCrossRepository: false,
    merged: pull.pull.merged,
    mergedAt: pull.pull.mergedAt,
    mergedBy: () => (pull.pull.mergedBy === null ? null : views.actor(context, pull.pull.mergedBy)),
    mergeable: async () => {
      const { mergeable } = await mergeability(world, pull);
      return mergeable === null ? "UNKNOWN" : mergeable ? "MERGEABLE" : "CONFLICTING";
    },
    mergeStateStatus: async () => MERGE_STATES[(await mergeability(world, pull)).state],
    mergeCommit: () => (pull.pull.mergeCommitSha === null ? null : views.commit(context, repository, pull.pull.mergeCommitSha)),
    headRefName: pull.pull.headRef,
    headRefOid: pull.pull.headSha,
    baseRefName: pull.pull.baseRef,
    baseRefOid: pull.pull.baseSha,
    headRepository: () => views.repository(context, repository),
    baseRepository: () => views.repository(context, repository),
    autoMergeRequest: null,
    reviewDecision: () => reviewDecision(context, pull),
    reviews: (args: Arguments, name: string) =>
      connection(
        reviews.filter(
          (review) =>
            (!Array.isArray(args.states) || args.states.includes(review.state)) &&
            (typeof args.author !== "string" || same(args.author, review.author)),
        ),
        (review) => reviewView(context, pull, review),
        args,
        name,
      ),
    latestReviews: (args: Arguments, name: string) =>
      connection(latestReviews(world, pull), (review) => reviewView(context, pull, review), args, name),
    reviewThreads: (args: Arguments, name: string) =>
      connection(
        world.state.threads.filter((thread) => thread.issueId === pull.id),
        (thread) => threadView(context, pull, thread),
        args,
        name,
      ),
    commits: async (args: Arguments, name: string) =>
      listed(
        await pullCommits(world, pull),
        (commit) => ({
          __typename: "PullRequestCommit",
          id: `PRC_${commit.sha}`,
          url: `${world.issueUrl(pull)}/commits/${commit.sha}`,
          commit: () => views.commit(context, repository, commit.sha),
        }),
        args,
        name,
      ),
    closingIssuesReferences: (args: Arguments, name: string) =>
      connection(closes(context, pull), (issue) => issueView(context, issue), args, name),
    statusCheckRollup: () => views.commit(context, repository, pull.pull.headSha).statusCheckRollup,
  };
}

/** Null when the base branch asks for no reviews and nobody gave an opinion. */
function reviewDecision({ world }: Context, pull: PullRequest): string | null {
  const opinions = latestReviews(world, pull);
  const rule = world.repository(pull.repositoryId).protections.find((candidate) => candidate.branch === pull.pull.baseRef);
  if (opinions.some((review) => review.state === "CHANGES_REQUESTED")) return "CHANGES_REQUESTED";
  const approvals = opinions.filter((review) => review.state === "APPROVED").length;
  if (rule && rule.requiredApprovals > approvals) return "REVIEW_REQUIRED";
  return approvals > 0 ? "APPROVED" : null;
}

function reviewView(context: Context, pull: PullRequest, review: Review): View {
  const { world, views } = context;
  return {
    __typename: "PullRequestReview",
    id: review.nodeId,
    databaseId: review.id,
    author: () => views.actor(context, review.author),
    authorAssociation: authorAssociation(world, review.author, world.repository(pull.repositoryId)),
    body: review.body,
    bodyText: review.body,
    state: review.state,
    submittedAt: review.submittedAt,
    createdAt: review.submittedAt,
    url: `${world.issueUrl(pull)}#pullrequestreview-${review.id}`,
    commit: () => views.commit(context, world.repository(pull.repositoryId), review.commitId),
    pullRequest: () => pullView(context, pull),
  };
}

function threadView(context: Context, pull: PullRequest, thread: ReviewThread): View {
  const { world, views } = context;
  return {
    __typename: "PullRequestReviewThread",
    id: thread.nodeId,
    isResolved: thread.isResolved,
    isOutdated: false,
    isCollapsed: thread.isResolved,
    path: thread.path,
    line: thread.line,
    pullRequest: () => pullView(context, pull),
    comments: (args: Arguments, name: string) =>
      connection(
        thread.comments,
        (comment) => ({
          __typename: "PullRequestReviewComment",
          id: comment.nodeId,
          databaseId: comment.id,
          author: () => views.actor(context, comment.author),
          body: comment.body,
          bodyText: comment.body,
          path: thread.path,
          line: thread.line,
          createdAt: comment.createdAt,
          url: `${world.issueUrl(pull)}#discussion_r${comment.id}`,
        }),
        args,
        name,
      ),
  };
}

function commentView(context: Context, comment: Comment): View {
  const { world, views, actor } = context;
  const issue = world.issue(comment.issueId);
  const repository = world.repository(issue.repositoryId);
  return {
    __typename: "IssueComment",
    id: comment.nodeId,
    databaseId: comment.id,
    fullDatabaseId: String(comment.id),
    author: () => views.actor(context, comment.author),
    authorAssociation: authorAssociation(world, comment.author, repository),
    body: comment.body,
    bodyText: comment.body,
    createdAt: comment.createdAt,
    updatedAt: comment.updatedAt,
    url: `${world.issueUrl(issue)}#issuecomment-${comment.id}`,
    viewerDidAuthor: same(comment.author, actor.login),
    isMinimized: false,
    issue: () => issueView(context, issue),
    pullRequest: () => (isPull(issue) ? pullView(context, issue) : null),
    repository: () => views.repository(context, repository),
  };
}
