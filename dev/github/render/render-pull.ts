import type { Issue, Pull, Review, ReviewComment, ReviewThread } from "../state.ts";
import type { World } from "../world.ts";
import { renderAccount } from "./render-account.ts";
import { authorAssociation, renderIssue } from "./render-issue.ts";
import { renderRepository } from "./render-repository.ts";

/** An issue that is a pull request. */
export type PullRequest = Issue & { pull: Pull };

export function isPull(issue: Issue): issue is PullRequest {
  return issue.pull !== null;
}

/** A pull request as lists and webhooks show it; `GET /pulls/:n` adds mergeability and counts. */
export function renderPull(world: World, pull: PullRequest): Record<string, unknown> {
  const repository = world.repository(pull.repositoryId);
  const api = `${world.repositoryApi(repository)}/pulls/${pull.number}`;
  const asIssue = renderIssue(world, pull);
  const end = (ref: string, sha: string): Record<string, unknown> => ({
    label: `${repository.owner}:${ref}`,
    ref,
    sha,
    user: renderAccount(world, repository.owner),
    repo: renderRepository(world, repository),
  });
  return {
    url: api,
    id: pull.id,
    node_id: pull.nodeId,
    html_url: world.issueUrl(pull),
    diff_url: `${world.issueUrl(pull)}.diff`,
    patch_url: `${world.issueUrl(pull)}.patch`,
    issue_url: asIssue.url,
    number: pull.number,
    state: pull.state,
    locked: false,
    title: pull.title,
    user: asIssue.user,
    body: asIssue.body,
    created_at: pull.createdAt,
    updated_at: pull.updatedAt,
    closed_at: pull.closedAt,
    merged_at: pull.pull.mergedAt,
    merge_commit_sha: pull.pull.mergeCommitSha,
    assignee: asIssue.assignee,
    assignees: asIssue.assignees,
    requested_reviewers: [],
    requested_teams: [],
    labels: asIssue.labels,
    milestone: null,
    draft: pull.pull.draft,
    commits_url: `${api}/commits`,
    review_comments_url: `${api}/comments`,
    comments_url: asIssue.comments_url,
    statuses_url: `${world.repositoryApi(repository)}/statuses/${pull.pull.headSha}`,
    head: end(pull.pull.headRef, pull.pull.headSha),
    base: end(pull.pull.baseRef, pull.pull.baseSha),
    _links: { self: { href: api }, html: { href: world.issueUrl(pull) } },
    author_association: asIssue.author_association,
    auto_merge: null,
    active_lock_reason: null,
  };
}

export function renderReview(world: World, review: Review): Record<string, unknown> {
  const pull = world.issue(review.issueId);
  const repository = world.repository(pull.repositoryId);
  return {
    id: review.id,
    node_id: review.nodeId,
    user: renderAccount(world, review.author),
    body: review.body,
    state: review.state,
    html_url: `${world.issueUrl(pull)}#pullrequestreview-${review.id}`,
    pull_request_url: `${world.repositoryApi(repository)}/pulls/${pull.number}`,
    author_association: authorAssociation(world, review.author, repository),
    submitted_at: review.submittedAt,
    commit_id: review.commitId,
  };
}

export function renderReviewComment(world: World, thread: ReviewThread, comment: ReviewComment): Record<string, unknown> {
  const pull = world.issue(thread.issueId);
  const repository = world.repository(pull.repositoryId);
  const first = thread.comments[0];
  return {
    url: `${world.repositoryApi(repository)}/pulls/comments/${comment.id}`,
    pull_request_review_id: comment.reviewId,
    id: comment.id,
    node_id: comment.nodeId,
    path: thread.path,
    line: thread.line,
    commit_id: comment.commitId,
    user: renderAccount(world, comment.author),
    body: comment.body,
    created_at: comment.createdAt,
    updated_at: comment.createdAt,
    html_url: `${world.issueUrl(pull)}#discussion_r${comment.id}`,
    pull_request_url: `${world.repositoryApi(repository)}/pulls/${pull.number}`,
    author_association: authorAssociation(world, comment.author, repository),
    ...(first && first.id !== comment.id ? { in_reply_to_id: first.id } : {}),
  };
}
