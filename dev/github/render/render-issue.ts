import { roleOf } from "../access.ts";
import type { Comment, Issue, Label, Repository } from "../state.ts";
import { same, type World } from "../world.ts";
import { renderAccount, renderApp } from "./render-account.ts";
import { renderLabel } from "./render-repository.ts";

/** The labels an issue carries, in the repository's order. */
export function labelsOf(world: World, issue: Issue): Label[] {
  return world.repository(issue.repositoryId).labels.filter((label) => issue.labels.includes(label.id));
}

export function authorAssociation(world: World, login: string, repository: Repository): string {
  if (same(login, repository.owner)) return "OWNER";
  if (Object.keys(world.findAccount(repository.owner)?.members ?? {}).some((member) => same(member, login))) return "MEMBER";
  if (Object.keys(repository.collaborators).some((name) => same(name, login))) return "COLLABORATOR";
  return roleOf(world, login, repository) === "none" ? "NONE" : "CONTRIBUTOR";
}

/** An issue, or a pull request in its form as an issue, as REST and webhooks show it. */
export function renderIssue(world: World, issue: Issue): Record<string, unknown> {
  const repository = world.repository(issue.repositoryId);
  const api = `${world.repositoryApi(repository)}/issues/${issue.number}`;
  const children = world.state.issues.filter((child) => child.parentId === issue.id);
  const completed = children.filter((child) => child.state === "closed").length;
  const assignees = issue.assignees.map((login) => renderAccount(world, login));
  const pull = `${world.repositoryApi(repository)}/pulls/${issue.number}`;
  return {
    url: api,
    repository_url: world.repositoryApi(repository),
    labels_url: `${api}/labels{/name}`,
    comments_url: `${api}/comments`,
    events_url: `${api}/events`,
    html_url: world.issueUrl(issue),
    id: issue.id,
    node_id: issue.nodeId,
    number: issue.number,
    title: issue.title,
    user: renderAccount(world, issue.author),
    labels: labelsOf(world, issue).map((label) => renderLabel(world, repository, label)),
    state: issue.state,
    locked: false,
    assignee: assignees[0] ?? null,
    assignees,
    milestone: null,
    comments: world.state.comments.filter((comment) => comment.issueId === issue.id).length,
    created_at: issue.createdAt,
    updated_at: issue.updatedAt,
    closed_at: issue.closedAt,
    author_association: authorAssociation(world, issue.author, repository),
    active_lock_reason: null,
    body: issue.body === "" ? null : issue.body,
    reactions: { url: `${api}/reactions`, total_count: 0 },
    timeline_url: `${api}/timeline`,
    performed_via_github_app: null,
    state_reason: issue.stateReason,
    ...(issue.pull
      ? {
          draft: issue.pull.draft,
          pull_request: {
            url: pull,
            html_url: world.issueUrl(issue),
            diff_url: `${world.issueUrl(issue)}.diff`,
            patch_url: `${world.issueUrl(issue)}.patch`,
            merged_at: issue.pull.mergedAt,
          },
        }
      : {
          sub_issues_summary: {
            total: children.length,
            completed,
            percent_completed: children.length === 0 ? 0 : Math.floor((100 * completed) / children.length),
          },
        }),
  };
}

export function renderComment(world: World, comment: Comment): Record<string, unknown> {
  const issue = world.issue(comment.issueId);
  const repository = world.repository(issue.repositoryId);
  const app = world.state.apps.find((candidate) => candidate.id === comment.viaAppId);
  return {
    url: `${world.repositoryApi(repository)}/issues/comments/${comment.id}`,
    html_url: `${world.issueUrl(issue)}#issuecomment-${comment.id}`,
    issue_url: `${world.repositoryApi(repository)}/issues/${issue.number}`,
    id: comment.id,
    node_id: comment.nodeId,
    user: renderAccount(world, comment.author),
    created_at: comment.createdAt,
    updated_at: comment.updatedAt,
    body: comment.body,
    author_association: authorAssociation(world, comment.author, repository),
    reactions: { url: `${world.repositoryApi(repository)}/issues/comments/${comment.id}/reactions`, total_count: 0 },
    performed_via_github_app: app ? renderApp(world, app) : null,
  };
}
