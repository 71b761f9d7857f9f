import { randomBytes } from "node:crypto";
import { type Actor, boardAccess, canSee, demand } from "../access.ts";
import { invalid, notFound, unprocessable } from "../refusal.ts";
import { renderAccount } from "../render/render-account.ts";
import type {
  Board,
  BoardItem,
  BoardWorkflow,
  Field,
  FieldOption,
  FieldType,
  FieldValue,
  Issue,
  Repository,
  WorkflowName,
} from "../state.ts";
import { same, type World } from "../world.ts";

export interface NewOption {
  name: string;
  color?: string;
  description?: string;
}

const BUILT_IN: readonly { name: string; dataType: FieldType }[] = [
  { name: "Title", dataType: "TITLE" },
  { name: "Assignees", dataType: "ASSIGNEES" },
  { name: "Status", dataType: "SINGLE_SELECT" },
  { name: "Labels", dataType: "LABELS" },
  { name: "Repository", dataType: "REPOSITORY" },
];

/** Which automations a new board has switched on, as on GitHub. */
/** https://docs.github.com/issues/planning-and-tracking-with-projects/understanding-fields */
const MOST_FIELDS = 50;

const WORKFLOWS: readonly { name: WorkflowName; enabled: boolean }[] = [
  { name: "Item closed", enabled: true },
  { name: "Pull request merged", enabled: true },
  { name: "Auto-add to project", enabled: false },
  { name: "Item added to project", enabled: false },
  { name: "Item reopened", enabled: false },
  { name: "Auto-close issue", enabled: false },
];

/** A board with GitHub's fields, the columns Todo, In Progress and Done, and its two automations on. */
export function createBoard(world: World, actor: Actor, input: { owner: string; title: string }): Board {
  const owner = world.account(input.owner);
  boardAccess(world, actor, { owner: owner.login, public: false }, "write");
  if (input.title.trim() === "") throw unprocessable("Title can't be blank");
  const now = world.now();
  const stamps = { createdAt: now, updatedAt: now };
  const board: Board = {
    ...world.mint("board"),
    owner: owner.login,
    number: 1 + Math.max(0, ...world.state.boards.filter((other) => same(other.owner, owner.login)).map((other) => other.number)),
    title: input.title,
    public: false,
    closed: false,
    repositories: [],
    fields: BUILT_IN.map((field) => ({
      ...world.mint(field.dataType === "SINGLE_SELECT" ? "singleSelectField" : "field"),
      ...field,
      options:
        field.name === "Status"
          ? mintOptions([
              { name: "Todo", color: "GREEN" },
              { name: "In Progress", color: "YELLOW" },
              { name: "Done", color: "PURPLE" },
            ])
          : [],
      ...stamps,
    })),
    workflows: WORKFLOWS.map((workflow, index): BoardWorkflow => ({
      ...world.mint("workflow"),
      ...workflow,
      number: index + 1,
      ...stamps,
    })),
    creator: actor.login,
    ...stamps,
  };
  world.state.boards.push(board);
  const organization = world.organizationOf(board);
  world.occurred({
    event: "projects_v2",
    action: "created",
    sender: actor.login,
    ...(organization ? { organization } : {}),
    payload: {
      projects_v2: {
        id: board.id,
        node_id: board.nodeId,
        title: board.title,
        number: board.number,
        public: board.public,
        created_at: now,
        updated_at: now,
      },
    },
  });
  return board;
}

/** Refuses unless the actor may link a board of this owner to the repository. */
export function demandLink(world: World, actor: Actor, board: { owner: string; public: boolean }, repository: Repository): void {
  boardAccess(world, actor, board, "write");
  demand(world, actor, repository, "contents", "read", "read");
  if (!same(board.owner, repository.owner)) throw unprocessable("Project owner must match repository owner");
}

export function linkRepository(world: World, actor: Actor, board: Board, repository: Repository): void {
  demandLink(world, actor, board, repository);
  if (!board.repositories.includes(repository.id)) board.repositories.push(repository.id);
  world.changed();
}

export function createField(
  world: World,
  actor: Actor,
  board: Board,
  input: { name: string; dataType: FieldType; options?: NewOption[] },
): Field {
  boardAccess(world, actor, board, "write");
  if (board.fields.some((field) => same(field.name, input.name))) throw unprocessable("Name has already been taken");
  if (board.fields.length >= MOST_FIELDS) throw unprocessable(`A project can have at most ${MOST_FIELDS} fields`);
  if (input.dataType === "SINGLE_SELECT" && !input.options?.length) throw unprocessable("Single select options can't be blank");
  const now = world.now();
  const field: Field = {
    ...world.mint(input.dataType === "SINGLE_SELECT" ? "singleSelectField" : "field"),
    name: input.name,
    dataType: input.dataType,
    options: mintOptions(input.options ?? []),
    createdAt: now,
    updatedAt: now,
  };
  board.fields.push(field);
  touched(world, board);
  return field;
}

/** Renames a field, or replaces all its options: they get new ids, and items lose the values that named the old ones. */
export function updateField(
  world: World,
  actor: Actor,
  board: Board,
  field: Field,
  input: { name?: string | null; options?: NewOption[] | null },
): void {
  boardAccess(world, actor, board, "write");
  if (input.name) field.name = input.name;
  if (input.options) {
    if (field.dataType !== "SINGLE_SELECT") throw unprocessable("Field is not a single select field");
    field.options = mintOptions(input.options);
    for (const item of world.items(board)) delete item.values[field.nodeId];
  }
  field.updatedAt = world.now();
  touched(world, board);
}

/** Puts an issue or pull request on the board; when it is there already, that item is given back. */
export function addItem(world: World, actor: Actor, board: Board, issue: Issue): BoardItem {
  boardAccess(world, actor, board, "write");
  if (!canSee(world, actor, world.repository(issue.repositoryId)))
    throw notFound(`Could not resolve to a node with the global id of '${issue.nodeId}'.`);
  const existing = world.items(board).find((item) => item.issueId === issue.id);
  if (existing) return existing;
  const now = world.now();
  const item: BoardItem = {
    ...world.mint("item"),
    boardId: board.id,
    issueId: issue.id,
    archivedAt: null,
    creator: actor.login,
    values: {},
    createdAt: now,
    updatedAt: now,
  };
  world.state.items.push(item);
  itemOccurred(world, actor.login, item, "created");
  return item;
}

export type NewValue = { singleSelectOptionId?: string | null; text?: string | null; number?: number | null; date?: string | null };

/** Sets one field of an item; `null` clears it. @throws 422 for a value of the wrong kind or an option the field does not have. */
export function setFieldValue(world: World, actor: Actor, board: Board, item: BoardItem, field: Field, value: NewValue | null): void {
  boardAccess(world, actor, board, "write");
  if (item.archivedAt !== null) throw unprocessable("The item is archived and cannot be updated");
  const before = item.values[field.nodeId];
  const now = world.now();
  if (value === null) {
    if (!before) return;
    delete item.values[field.nodeId];
  } else {
    const content = contentOf(field, value);
    if (before && contentKey(before) === contentKey(content)) return;
    item.values[field.nodeId] = { ...(before ?? { ...world.mint("fieldValue"), createdAt: now }), ...content, updatedAt: now };
  }
  item.updatedAt = now;
  itemOccurred(world, actor.login, item, "edited", {
    changes: {
      field_value: {
        field_node_id: field.nodeId,
        field_type: field.dataType.toLowerCase(),
        field_name: field.name,
        project_number: board.number,
        from: valueForWebhook(field, before),
        to: valueForWebhook(field, item.values[field.nodeId]),
      },
    },
  });
}

type Content = Pick<FieldValue, "optionId" | "text" | "number" | "date">;

function contentOf(field: Field, value: NewValue): Content {
  switch (field.dataType) {
    case "SINGLE_SELECT":
      if (typeof value.singleSelectOptionId !== "string") break;
      if (!field.options.some((option) => option.id === value.singleSelectOptionId)) {
        throw unprocessable("The single select option Id does not belong to the field");
      }
      return { optionId: value.singleSelectOptionId };
    case "TEXT":
      if (typeof value.text === "string") return { text: value.text };
      break;
    case "NUMBER":
      if (typeof value.number === "number") return { number: value.number };
      break;
    case "DATE":
      if (typeof value.date === "string") return { date: value.date };
      break;
    default:
      throw unprocessable(`The field of type ${field.dataType.toLowerCase()} is currently not supported.`);
  }
  throw unprocessable(`Did not receive a ${field.dataType.toLowerCase()} value to update a field of type ${field.dataType.toLowerCase()}`);
}

function contentKey({ optionId, text, number, date }: Content): string {
  return JSON.stringify([optionId, text, number, date]);
}

function valueForWebhook(field: Field, value: FieldValue | undefined): unknown {
  if (!value) return null;
  if (field.dataType === "SINGLE_SELECT") return field.options.find((option) => option.id === value.optionId) ?? null;
  return value.text ?? value.number ?? value.date ?? null;
}

export function archiveItem(world: World, actor: Actor, board: Board, item: BoardItem, archived: boolean): void {
  boardAccess(world, actor, board, "write");
  if ((item.archivedAt !== null) === archived) return;
  const from = item.archivedAt;
  item.archivedAt = archived ? world.now() : null;
  item.updatedAt = world.now();
  itemOccurred(world, actor.login, item, archived ? "archived" : "restored", { changes: { archived_at: { from, to: item.archivedAt } } });
}

export function deleteItem(world: World, actor: Actor, board: Board, item: BoardItem): void {
  boardAccess(world, actor, board, "write");
  world.state.items = world.state.items.filter((other) => other !== item);
  itemOccurred(world, actor.login, item, "deleted");
}

export function deleteWorkflow(world: World, actor: Actor, board: Board, workflow: BoardWorkflow): void {
  boardAccess(world, actor, board, "write");
  board.workflows = board.workflows.filter((other) => other !== workflow);
  touched(world, board);
}

/** The board's Status field, which GitHub gives every board. */
export function statusField(board: Board): Field {
  const field = board.fields.find((candidate) => candidate.name === "Status" && candidate.dataType === "SINGLE_SELECT");
  if (!field) throw invalid({ resource: "ProjectV2", field: "Status", code: "missing" });
  return field;
}

/** The column an item stands in, if any. */
export function statusOf(board: Board, item: BoardItem): FieldOption | undefined {
  const field = statusField(board);
  return field.options.find((option) => option.id === item.values[field.nodeId]?.optionId);
}

function mintOptions(options: readonly NewOption[]): FieldOption[] {
  return options.map((option) => ({
    id: randomBytes(4).toString("hex"),
    name: option.name,
    color: option.color ?? "GRAY",
    description: option.description ?? "",
  }));
}

function touched(world: World, board: Board): void {
  board.updatedAt = world.now();
  world.changed();
}

function itemOccurred(world: World, sender: string, item: BoardItem, action: string, extra: Record<string, unknown> = {}): void {
  const board = world.board(item.boardId);
  const issue = world.issue(item.issueId);
  const organization = world.organizationOf(board);
  board.updatedAt = world.now();
  world.occurred({
    event: "projects_v2_item",
    action,
    sender,
    ...(organization ? { organization } : {}),
    item,
    payload: {
      ...extra,
      projects_v2_item: {
        id: item.id,
        node_id: item.nodeId,
        project_node_id: board.nodeId,
        content_node_id: issue.nodeId,
        content_type: issue.pull ? "PullRequest" : "Issue",
        creator: renderAccount(world, item.creator),
        created_at: item.createdAt,
        updated_at: item.updatedAt,
        archived_at: item.archivedAt,
      },
    },
  });
}
