import { canSee, canWriteBoard } from "../access.ts";
import { isPull } from "../render/render-pull.ts";
import type { Board, BoardItem, BoardWorkflow, Field, FieldValue } from "../state.ts";
import { same } from "../world.ts";
import { connection } from "./connection.ts";
import type { Arguments, Context, View, Views } from "./context.ts";

export const boardViews: Pick<Views, "board" | "item" | "field"> = { board: boardView, item: itemView, field: fieldView };

function boardView(context: Context, board: Board): View {
  const { world, views, actor } = context;
  return {
    __typename: "ProjectV2",
    id: board.nodeId,
    databaseId: board.id,
    fullDatabaseId: String(board.id),
    number: board.number,
    title: board.title,
    shortDescription: null,
    readme: null,
    public: board.public,
    closed: board.closed,
    closedAt: null,
    template: false,
    createdAt: board.createdAt,
    updatedAt: board.updatedAt,
    url: world.boardUrl(board),
    resourcePath: new URL(world.boardUrl(board)).pathname,
    viewerCanUpdate: () => canWriteBoard(world, actor, board),
    creator: () => views.actor(context, board.creator),
    owner: () => views.account(context, world.account(board.owner)),
    field: ({ name }: Arguments) => {
      const field = board.fields.find((candidate) => same(candidate.name, String(name)));
      return field ? fieldView(context, board, field) : null;
    },
    fields: (args: Arguments, name: string) => connection(board.fields, (field) => fieldView(context, board, field), args, name),
    items: (args: Arguments, name: string) => connection(world.items(board), (item) => itemView(context, item), args, name),
    workflows: (args: Arguments, name: string) =>
      connection(board.workflows, (workflow) => workflowView(context, board, workflow), args, name),
    repositories: (args: Arguments, name: string) =>
      connection(
        world.state.repositories.filter((repository) => board.repositories.includes(repository.id) && canSee(world, actor, repository)),
        (repository) => views.repository(context, repository),
        args,
        name,
      ),
  };
}

function workflowView(context: Context, board: Board, workflow: BoardWorkflow): View {
  return {
    __typename: "ProjectV2Workflow",
    id: workflow.nodeId,
    fullDatabaseId: String(workflow.id),
    databaseId: workflow.id,
    name: workflow.name,
    number: workflow.number,
    enabled: workflow.enabled,
    createdAt: workflow.createdAt,
    updatedAt: workflow.updatedAt,
    project: () => boardView(context, board),
  };
}

function fieldView(context: Context, board: Board, field: Field): View {
  const options = field.options.map((option) => ({ ...option, nameHTML: option.name, descriptionHTML: option.description }));
  return {
    __typename: field.dataType === "SINGLE_SELECT" ? "ProjectV2SingleSelectField" : "ProjectV2Field",
    id: field.nodeId,
    databaseId: field.id,
    fullDatabaseId: String(field.id),
    name: field.name,
    dataType: field.dataType,
    createdAt: field.createdAt,
    updatedAt: field.updatedAt,
    project: () => boardView(context, board),
    options: ({ names }: Arguments) => (Array.isArray(names) ? options.filter((option) => names.includes(option.name)) : options),
  };
}

/** An item whose issue the caller may not see is REDACTED. */
function itemView(context: Context, item: BoardItem): View {
  const { world, views, actor } = context;
  const board = world.board(item.boardId);
  const issue = world.issue(item.issueId);
  const visible = canSee(world, actor, world.repository(issue.repositoryId));
  const values = (): { id: number; view: View }[] =>
    board.fields.flatMap((field) => {
      const view = visible ? valueView(context, board, item, field) : null;
      return view ? [{ id: field.id, view }] : [];
    });
  return {
    __typename: "ProjectV2Item",
    id: item.nodeId,
    databaseId: item.id,
    fullDatabaseId: String(item.id),
    type: visible ? (issue.pull ? "PULL_REQUEST" : "ISSUE") : "REDACTED",
    isArchived: item.archivedAt !== null,
    createdAt: item.createdAt,
    updatedAt: item.updatedAt,
    creator: () => views.actor(context, item.creator),
    project: () => boardView(context, board),
    content: () => (visible ? (isPull(issue) ? views.pull(context, issue) : views.issue(context, issue)) : null),
    fieldValueByName: ({ name }: Arguments) => {
      const field = board.fields.find((candidate) => same(candidate.name, String(name)));
      return field && visible ? valueView(context, board, item, field) : null;
    },
    fieldValues: (args: Arguments, name: string) => connection(values(), ({ view }) => view, args, name),
  };
}

function valueView(context: Context, board: Board, item: BoardItem, field: Field): View | null {
  const { views, world } = context;
  const common = (value: Pick<FieldValue, "id" | "nodeId" | "createdAt" | "updatedAt">): Record<string, unknown> => ({
    id: value.nodeId,
    databaseId: value.id,
    createdAt: value.createdAt,
    updatedAt: value.updatedAt,
    creator: () => views.actor(context, item.creator),
    field: () => fieldView(context, board, field),
    item: () => itemView(context, item),
  });
  if (field.dataType === "TITLE") {
    return { __typename: "ProjectV2ItemFieldTextValue", ...common(item), text: world.issue(item.issueId).title };
  }
  const value = item.values[field.nodeId];
  if (!value) return null;
  switch (field.dataType) {
    case "SINGLE_SELECT": {
      const option = field.options.find((candidate) => candidate.id === value.optionId);
      if (!option) return null;
      return {
        __typename: "ProjectV2ItemFieldSingleSelectValue",
        ...common(value),
        optionId: option.id,
        name: option.name,
        nameHTML: option.name,
        color: option.color,
        description: option.description,
        descriptionHTML: option.description,
      };
    }
    case "TEXT":
      return { __typename: "ProjectV2ItemFieldTextValue", ...common(value), text: value.text ?? null };
    case "NUMBER":
      return { __typename: "ProjectV2ItemFieldNumberValue", ...common(value), number: value.number ?? null };
    case "DATE":
      return { __typename: "ProjectV2ItemFieldDateValue", ...common(value), date: value.date ?? null };
    default:
      return null;
  }
}
