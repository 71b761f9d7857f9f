import { type Actor, demand, roleOf, atLeast } from "../access.ts";
import { forbidden, invalid, notFound, Refusal } from "../refusal.ts";
import { renderAccount } from "../render/render-account.ts";
import { renderComment, renderIssue } from "../render/render-issue.ts";
import { isPull, renderPull } from "../render/render-pull.ts";
import { renderLabel } from "../render/render-repository.ts";
import type { Comment, Issue, Label, Level, Repository } from "../state.ts";
import { same, type World } from "../world.ts";

export interface NewIssue {
  title: string;
  body?: string | null;
  labels?: string[];
  assignees?: string[];
}

/** Refuses unless the actor may do this to the issue or pull request; its author may do what otherwise takes triage. */
export function demandIssue(world: World, actor: Actor, issue: Issue, level: Level): void {
  const repository = world.repository(issue.repositoryId);
  const role = level === "read" || same(actor.login, issue.author) ? "read" : "triage";
  if (!issue.pull) return demand(world, actor, repository, "issues", level, role);
  try {
    demand(world, actor, repository, "pull_requests", level, role);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    demand(world, actor, repository, "issues", level, role);
  }
}

export function openIssue(world: World, actor: Actor, repository: Repository, input: NewIssue): Issue {
  demand(world, actor, repository, "issues", "write", "read");
  if (repository.issuesOff) throw new Refusal(410, "NOT_FOUND", "Issues has been disabled in this repository.");
  if (typeof input.title !== "string" || input.title.trim() === "")
    throw invalid({ resource: "Issue", field: "title", code: "missing_field" });
  const mayTriage = actor.kind === "installation" || atLeast(roleOf(world, actor.login, repository), "triage");
  const labels = mayTriage ? (input.labels ?? []).map((name) => labelNamed(world, repository, name)) : [];
  const now = world.now();
  const issue: Issue = {
    ...world.mint("issue"),
    repositoryId: repository.id,
    number: repository.nextNumber++,
    title: input.title,
    body: input.body ?? "",
    state: "open",
    stateReason: null,
    author: actor.login,
    labels: labels.map((label) => label.id),
    assignees: mayTriage ? (input.assignees ?? []) : [],
    parentId: null,
    pull: null,
    createdAt: now,
    updatedAt: now,
    closedAt: null,
  };
  world.state.issues.push(issue);
  issueOccurred(world, actor.login, issue, "opened");
  for (const label of labels) issueOccurred(world, actor.login, issue, "labeled", { label: renderLabel(world, repository, label) });
  return issue;
}

/** Changes title and body; what stays the same is no event. */
export function editIssue(world: World, actor: Actor, issue: Issue, input: { title?: string | null; body?: string | null }): void {
  demandIssue(world, actor, issue, "write");
  const changes: Record<string, { from: string }> = {};
  if (typeof input.title === "string" && input.title !== issue.title) {
    changes.title = { from: issue.title };
    issue.title = input.title;
  }
  if (input.body !== undefined && (input.body ?? "") !== issue.body) {
    changes.body = { from: issue.body };
    issue.body = input.body ?? "";
  }
  if (Object.keys(changes).length === 0) return;
  issue.updatedAt = world.now();
  issueOccurred(world, actor.login, issue, "edited", { changes });
}

export function closeIssue(world: World, actor: Actor, issue: Issue, reason: "completed" | "not_planned" = "completed"): void {
  demandIssue(world, actor, issue, "write");
  if (issue.state === "closed") return;
  markClosed(world, actor.login, issue, reason);
}

/** Closes without asking who may: for what GitHub itself does after a merge or a deleted branch. */
export function markClosed(world: World, login: string, issue: Issue, reason: "completed" | "not_planned"): void {
  if (issue.state === "closed") return;
  issue.state = "closed";
  issue.stateReason = issue.pull ? null : reason;
  issue.closedAt = world.now();
  issue.updatedAt = world.now();
  issueOccurred(world, login, issue, "closed");
}

export function reopenIssue(world: World, actor: Actor, issue: Issue): void {
  demandIssue(world, actor, issue, "write");
  if (issue.pull?.merged)
    throw invalid({
      resource: "PullRequest",
      field: "state",
      code: "invalid",
      message: "state cannot be changed. The pull request cannot be reopened.",
    });
  if (issue.state === "open") return;
  issue.state = "open";
  issue.stateReason = issue.pull ? null : "reopened";
  issue.closedAt = null;
  issue.updatedAt = world.now();
  issueOccurred(world, actor.login, issue, "reopened");
}

/** Adds and takes away labels; a new name becomes a label of the repository. */
export function changeLabels(world: World, actor: Actor, issue: Issue, change: { add?: string[]; remove?: string[] }): void {
  const repository = world.repository(issue.repositoryId);
  demandIssue(world, actor, issue, "write");
  for (const name of change.remove ?? []) {
    const label = repository.labels.find((candidate) => same(candidate.name, name));
    if (!label || !issue.labels.includes(label.id)) throw notFound("Label does not exist");
    issue.labels = issue.labels.filter((id) => id !== label.id);
    issue.updatedAt = world.now();
    issueOccurred(world, actor.login, issue, "unlabeled", { label: renderLabel(world, repository, label) });
  }
  for (const name of change.add ?? []) {
    const label = labelNamed(world, repository, name);
    if (issue.labels.includes(label.id)) continue;
    issue.labels.push(label.id);
    issue.updatedAt = world.now();
    issueOccurred(world, actor.login, issue, "labeled", { label: renderLabel(world, repository, label) });
  }
}

/** Makes the labels exactly these. */
export function replaceLabels(world: World, actor: Actor, issue: Issue, names: string[]): void {
  const repository = world.repository(issue.repositoryId);
  const current = repository.labels.filter((label) => issue.labels.includes(label.id)).map((label) => label.name);
  changeLabels(world, actor, issue, {
    remove: current.filter((name) => !names.some((wanted) => same(wanted, name))),
    add: names.filter((name) => !current.some((present) => same(present, name))),
  });
}

export function assign(world: World, actor: Actor, issue: Issue, assignees: string[]): void {
  demandIssue(world, actor, issue, "write");
  for (const login of assignees) world.account(login);
  const before = issue.assignees;
  issue.assignees = assignees;
  issue.updatedAt = world.now();
  const changed = (action: string, logins: string[]): void => {
    for (const login of logins) issueOccurred(world, actor.login, issue, action, { assignee: renderAccount(world, login) });
  };
  changed(
    "unassigned",
    before.filter((login) => !assignees.includes(login)),
  );
  changed(
    "assigned",
    assignees.filter((login) => !before.includes(login)),
  );
}

export function comment(world: World, actor: Actor, issue: Issue, body: string): Comment {
  const repository = world.repository(issue.repositoryId);
  demand(world, actor, repository, issue.pull && actor.permissions.issues === undefined ? "pull_requests" : "issues", "write", "read");
  if (typeof body !== "string" || body.trim() === "")
    throw invalid({ resource: "IssueComment", field: "body", code: "missing_field", message: "Body can't be blank" });
  if (body.length > 65_536)
    throw invalid({ resource: "IssueComment", field: "body", code: "custom", message: "Body is too long (maximum is 65536 characters)" });
  const now = world.now();
  const added: Comment = {
    ...world.mint("comment"),
    issueId: issue.id,
    author: actor.login,
    body,
    viaAppId: actor.kind === "installation" ? actor.appId : null,
    createdAt: now,
    updatedAt: now,
  };
  world.state.comments.push(added);
  issue.updatedAt = now;
  commentOccurred(world, actor.login, added, "created");
  return added;
}

export function editComment(world: World, actor: Actor, target: Comment, body: string): void {
  const repository = world.repository(world.issue(target.issueId).repositoryId);
  const own = same(target.author, actor.login);
  demand(world, actor, repository, "issues", "write", own ? "read" : "maintain");
  if (actor.kind === "installation" && !own) throw forbidden("Resource not accessible by integration");
  if (target.body === body) return;
  const from = target.body;
  target.body = body;
  target.updatedAt = world.now();
  commentOccurred(world, actor.login, target, "edited", { changes: { body: { from } } });
}

export function addSubIssue(world: World, actor: Actor, parent: Issue, child: Issue, replaceParent: boolean): void {
  demandIssue(world, actor, parent, "write");
  if (child.parentId !== null && child.parentId !== parent.id && !replaceParent) {
    throw new Refusal(422, "UNPROCESSABLE", "Sub issue may only have one parent");
  }
  if (child.id === parent.id) throw new Refusal(422, "UNPROCESSABLE", "An issue may not be its own sub-issue");
  child.parentId = parent.id;
  const repository = world.repository(parent.repositoryId);
  world.occurred({
    event: "sub_issues",
    action: "sub_issue_added",
    sender: actor.login,
    repository,
    issue: parent,
    payload: {
      sub_issue_id: child.id,
      sub_issue: renderIssue(world, child),
      parent_issue_id: parent.id,
      parent_issue: renderIssue(world, parent),
    },
  });
}

/** The label of that name, made when the repository has none. */
export function labelNamed(world: World, repository: Repository, name: string): Label {
  const found = repository.labels.find((label) => same(label.name, name));
  if (found) return found;
  const label: Label = { ...world.mint("label"), name, color: "ededed", description: null };
  repository.labels.push(label);
  return label;
}

/** Tells the world about an issue or, with the event GitHub uses for it, a pull request. */
export function issueOccurred(world: World, sender: string, issue: Issue, action: string, extra: Record<string, unknown> = {}): void {
  const repository = world.repository(issue.repositoryId);
  const subject = isPull(issue)
    ? { number: issue.number, pull_request: { ...renderPull(world, issue), merged: issue.pull.merged } }
    : { issue: renderIssue(world, issue) };
  world.occurred({
    event: issue.pull ? "pull_request" : "issues",
    action,
    sender,
    repository,
    issue,
    payload: { ...subject, ...extra },
  });
}

function commentOccurred(world: World, sender: string, subject: Comment, action: string, extra: Record<string, unknown> = {}): void {
  const issue = world.issue(subject.issueId);
  world.occurred({
    event: "issue_comment",
    action,
    sender,
    repository: world.repository(issue.repositoryId),
    issue,
    payload: { issue: renderIssue(world, issue), comment: renderComment(world, subject), ...extra },
  });
}
