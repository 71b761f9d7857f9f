import {
  addItem,
  archiveItem,
  createBoard,
  createField,
  deleteItem,
  deleteWorkflow,
  demandLink,
  linkRepository,
  setFieldValue,
  updateField,
  type NewOption,
  type NewValue,
} from "../actions/boards.ts";
import {
  addSubIssue,
  assign,
  changeLabels,
  closeIssue,
  comment,
  editComment,
  editIssue,
  openIssue,
  reopenIssue,
  replaceLabels,
} from "../actions/issues.ts";
import { mergePull, openPull, type MergeRequest } from "../actions/pulls.ts";
import { notFound, unprocessable } from "../refusal.ts";
import { isPull } from "../render/render-pull.ts";
import type { FieldType, Issue, Repository } from "../state.ts";
import { cursorOf } from "./connection.ts";
import type { Context, View } from "./context.ts";
import { boardById, fieldById, issueById, issueOrPullById, itemById, pullById, repositoryById } from "./find-node.ts";

type Input = Record<string, unknown>;
type Mutation = (context: Context, input: Input) => Record<string, unknown> | Promise<Record<string, unknown>>;

const boards: Record<string, Mutation> = {
  createProjectV2: (context, { ownerId, title, repositoryId }) => {
    const owner = context.world.state.accounts.find((account) => account.nodeId === ownerId);
    if (!owner) throw notFound(`Could not resolve to a node with the global id of '${String(ownerId)}'.`);
    const repository = repositoryId ? repositoryById(context, repositoryId) : undefined;
    if (repository) demandLink(context.world, context.actor, { owner: owner.login, public: false }, repository);
    const board = createBoard(context.world, context.actor, { owner: owner.login, title: String(title) });
    if (repository) linkRepository(context.world, context.actor, board, repository);
    return { projectV2: context.views.board(context, board) };
  },
  linkProjectV2ToRepository: (context, { projectId, repositoryId }) => {
    const repository = repositoryById(context, repositoryId);
    linkRepository(context.world, context.actor, boardById(context, projectId), repository);
    return { repository: context.views.repository(context, repository) };
  },
  createProjectV2Field: (context, { projectId, name, dataType, singleSelectOptions }) => {
    const board = boardById(context, projectId);
    const input = { name: String(name), dataType: dataType as FieldType, options: (singleSelectOptions ?? []) as NewOption[] };
    const field = createField(context.world, context.actor, board, input);
    return { projectV2Field: context.views.field(context, board, field) };
  },
  updateProjectV2Field: (context, { fieldId, name, singleSelectOptions }) => {
    const { board, field } = fieldById(context, fieldId);
    updateField(context.world, context.actor, board, field, {
      name: name as string | null,
      options: singleSelectOptions as NewOption[] | null,
    });
    return { projectV2Field: context.views.field(context, board, field) };
  },
  addProjectV2ItemById: (context, { projectId, contentId }) => {
    const item = addItem(context.world, context.actor, boardById(context, projectId), issueOrPullById(context, contentId));
    return { item: context.views.item(context, item) };
  },
  updateProjectV2ItemFieldValue: (context, { projectId, itemId, fieldId, value }) => {
    const board = boardById(context, projectId);
    const item = itemById(context, itemId, board);
    setFieldValue(context.world, context.actor, board, item, fieldById(context, fieldId, board).field, value as NewValue);
    return { projectV2Item: context.views.item(context, item) };
  },
  clearProjectV2ItemFieldValue: (context, { projectId, itemId, fieldId }) => {
    const board = boardById(context, projectId);
    const item = itemById(context, itemId, board);
    setFieldValue(context.world, context.actor, board, item, fieldById(context, fieldId, board).field, null);
    return { projectV2Item: context.views.item(context, item) };
  },
  archiveProjectV2Item: (context, { projectId, itemId }) => {
    const board = boardById(context, projectId);
    const item = itemById(context, itemId, board);
    archiveItem(context.world, context.actor, board, item, true);
    return { item: context.views.item(context, item) };
  },
  unarchiveProjectV2Item: (context, { projectId, itemId }) => {
    const board = boardById(context, projectId);
    const item = itemById(context, itemId, board);
    archiveItem(context.world, context.actor, board, item, false);
    return { item: context.views.item(context, item) };
  },
  deleteProjectV2Item: (context, { projectId, itemId }) => {
    const board = boardById(context, projectId);
    deleteItem(context.world, context.actor, board, itemById(context, itemId, board));
    return { deletedItemId: itemId };
  },
  deleteProjectV2Workflow: (context, { workflowId }) => {
    const board = context.world.state.boards.find((candidate) => candidate.workflows.some(({ nodeId }) => nodeId === workflowId));
    const workflow = board?.workflows.find(({ nodeId }) => nodeId === workflowId);
    if (!board || !workflow) throw notFound(`Could not resolve to a node with the global id of '${String(workflowId)}'.`);
    deleteWorkflow(context.world, context.actor, board, workflow);
    return { deletedWorkflowId: workflowId, projectV2: context.views.board(context, board) };
  },
};

const issues: Record<string, Mutation> = {
  createIssue: (context, { repositoryId, title, body, labelIds, assigneeIds, parentIssueId, projectIds }) => {
    const repository = repositoryById(context, repositoryId);
    const issue = openIssue(context.world, context.actor, repository, {
      title: String(title),
      body: body as string | null,
      labels: labelNames(repository, labelIds),
      assignees: logins(context, assigneeIds),
    });
    if (parentIssueId) addSubIssue(context.world, context.actor, issueById(context, parentIssueId), issue, false);
    for (const id of list(projectIds)) addItem(context.world, context.actor, boardById(context, id), issue);
    return { issue: context.views.issue(context, issue) };
  },
  updateIssue: (context, { id, title, body, state, labelIds, assigneeIds }) => {
    const { world, actor } = context;
    const issue = issueById(context, id);
    editIssue(world, actor, issue, { title: title as string | null, ...(body === undefined ? {} : { body: body as string | null }) });
    if (labelIds !== undefined) replaceLabels(world, actor, issue, labelNames(world.repository(issue.repositoryId), labelIds));
    if (assigneeIds !== undefined) assign(world, actor, issue, logins(context, assigneeIds));
    if (state === "CLOSED") closeIssue(world, actor, issue);
    if (state === "OPEN") reopenIssue(world, actor, issue);
    return { issue: context.views.issue(context, issue) };
  },
  closeIssue: (context, { issueId, stateReason }) => {
    const issue = issueById(context, issueId);
    closeIssue(
      context.world,
      context.actor,
      issue,
      stateReason === "NOT_PLANNED" || stateReason === "DUPLICATE" ? "not_planned" : "completed",
    );
    return { issue: context.views.issue(context, issue) };
  },
  reopenIssue: (context, { issueId }) => {
    const issue = issueById(context, issueId);
    reopenIssue(context.world, context.actor, issue);
    return { issue: context.views.issue(context, issue) };
  },
  addComment: (context, { subjectId, body }) => {
    const issue = issueOrPullById(context, subjectId);
    const added = comment(context.world, context.actor, issue, String(body));
    return {
      commentEdge: { cursor: cursorOf(added), node: () => context.views.comment(context, added) },
      subject: subjectView(context, issue),
    };
  },
  updateIssueComment: (context, { id, body }) => {
    const target = context.world.state.comments.find((candidate) => candidate.nodeId === id);
    if (!target) throw notFound(`Could not resolve to a node with the global id of '${String(id)}'.`);
    editComment(context.world, context.actor, target, String(body));
    return { issueComment: context.views.comment(context, target) };
  },
  addLabelsToLabelable: (context, { labelableId, labelIds }) => {
    const issue = issueOrPullById(context, labelableId);
    changeLabels(context.world, context.actor, issue, { add: labelNames(context.world.repository(issue.repositoryId), labelIds) });
    return { labelable: subjectView(context, issue) };
  },
  removeLabelsFromLabelable: (context, { labelableId, labelIds }) => {
    const issue = issueOrPullById(context, labelableId);
    const repository = context.world.repository(issue.repositoryId);
    const present = repository.labels.filter((label) => issue.labels.includes(label.id)).map((label) => label.name);
    const remove = labelNames(repository, labelIds).filter((name) => present.includes(name));
    changeLabels(context.world, context.actor, issue, { remove });
    return { labelable: subjectView(context, issue) };
  },
  addSubIssue: (context, { issueId, subIssueId, replaceParent }) => {
    if (!subIssueId) throw unprocessable("Either subIssueId or subIssueUrl must be provided");
    const parent = issueById(context, issueId);
    const child = issueById(context, subIssueId);
    addSubIssue(context.world, context.actor, parent, child, replaceParent === true);
    return { issue: context.views.issue(context, parent), subIssue: context.views.issue(context, child) };
  },
};

const pulls: Record<string, Mutation> = {
  createPullRequest: async (context, { repositoryId, baseRefName, headRefName, title, body, draft }) => {
    const pull = await openPull(context.world, context.actor, repositoryById(context, repositoryId), {
      title: String(title),
      body: body as string | null,
      head: String(headRefName).replace(/^refs\/heads\//, ""),
      base: String(baseRefName).replace(/^refs\/heads\//, ""),
      draft: draft === true,
    });
    return { pullRequest: context.views.pull(context, pull) };
  },
  closePullRequest: (context, { pullRequestId }) => {
    const pull = pullById(context, pullRequestId);
    closeIssue(context.world, context.actor, pull);
    return { pullRequest: context.views.pull(context, pull) };
  },
  mergePullRequest: async (context, { pullRequestId, mergeMethod, expectedHeadOid, commitHeadline, commitBody }) => {
    const pull = pullById(context, pullRequestId);
    await mergePull(context.world, context.actor, pull, {
      method: String(mergeMethod ?? "MERGE").toLowerCase() as MergeRequest["method"],
      ...(typeof expectedHeadOid === "string" ? { expectedHead: expectedHeadOid } : {}),
      ...(typeof commitHeadline === "string" ? { title: commitHeadline } : {}),
      ...(typeof commitBody === "string" ? { message: commitBody } : {}),
    });
    return { pullRequest: context.views.pull(context, pull) };
  },
};

/** The fields of `Mutation` that the stand-in carries out. */
export function mutationRoot(context: Context): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries({ ...boards, ...issues, ...pulls }).map(([name, mutate]) => [
      name,
      async ({ input }: { input: Input }) => ({ clientMutationId: input.clientMutationId ?? null, ...(await mutate(context, input)) }),
    ]),
  );
}

function subjectView(context: Context, issue: Issue): View {
  return isPull(issue) ? context.views.pull(context, issue) : context.views.issue(context, issue);
}

function list(ids: unknown): unknown[] {
  return Array.isArray(ids) ? ids : [];
}

function labelNames(repository: Repository, ids: unknown): string[] {
  return list(ids).map((id) => {
    const label = repository.labels.find((candidate) => candidate.nodeId === id);
    if (!label) throw notFound(`Could not resolve to a node with the global id of '${String(id)}'.`);
    return label.name;
  });
}

function logins(context: Context, ids: unknown): string[] {
  return list(ids).map((id) => {
    const account = context.world.state.accounts.find((candidate) => candidate.nodeId === id);
    if (!account) throw notFound(`Could not resolve to a node with the global id of '${String(id)}'.`);
    return account.login;
  });
}
