import * as z from "zod";
import type { BoardRef, ProjectProfile } from "../../core/inputs.ts";
import { ClientError } from "../client-error.ts";
import { boardOfOwner, findBoard } from "./find-board.ts";
import { anything, connect } from "./github-connection.ts";
import type { GitHubConnection, GitHubParts } from "./github-connection.ts";
import { findOwnBoard, ownBoardTitle } from "./own-board.ts";
import { BoardOwner, BoardShape, CreateBoard, CreateField, DeleteWorkflow, ReplaceOptions } from "./preparation-documents.ts";
import type { RepositoryPreparation } from "./repository-preparation.ts";

const option = z.object({ name: z.string(), color: z.string(), description: z.string() });
type Option = z.output<typeof option>;
const shape = z.object({
  closed: z.boolean(),
  items: z.object({ totalCount: z.number().int() }),
  fields: z.object({
    nodes: z.array(z.object({ id: z.string().optional(), name: z.string().optional(), options: z.array(option).optional() }).nullable()),
  }),
  workflows: z.object({ nodes: z.array(z.object({ id: z.string(), name: z.string(), enabled: z.boolean() }).nullable()) }),
});
type Shape = z.output<typeof shape>;

const boardShape = { document: BoardShape, name: "BoardShape", answer: z.object({ node: shape.nullable() }) };
const boardOwner = {
  document: BoardOwner,
  name: "BoardOwner",
  answer: z.object({ repositoryOwner: z.object({ id: z.string() }).nullable() }),
};
const createBoard = {
  document: CreateBoard,
  name: "CreateBoard",
  answer: z.object({
    createProjectV2: z.object({ projectV2: z.object({ id: z.string(), number: z.number().int(), url: z.string() }).nullable() }).nullable(),
  }),
};
const replaceOptions = { document: ReplaceOptions, name: "ReplaceOptions", answer: anything };
const createField = { document: CreateField, name: "CreateField", answer: anything };
const deleteWorkflow = { document: DeleteWorkflow, name: "DeleteWorkflow", answer: anything };

/** The columns GitHub itself gives a new board. */
const gitHubColumns = ["Todo", "In Progress", "Done"];
const columnColors = ["GRAY", "PURPLE", "YELLOW", "ORANGE", "BLUE", "GREEN", "RED", "PINK"];
const priorities: readonly Option[] = [
  { name: "High", color: "RED", description: "" },
  { name: "Medium", color: "YELLOW", description: "" },
  { name: "Low", color: "GRAY", description: "" },
];
const fields = [
  { name: "Session", type: "TEXT", options: null },
  { name: "Agent", type: "TEXT", options: null },
  { name: "Run", type: "TEXT", options: null },
  { name: "Priority", type: "SINGLE_SELECT", options: priorities },
] as const;

/** Each step looks first for what an earlier try has left, so that a try that died between any two of them is gone on with. */
export function createBoardPreparation(parts: GitHubParts): RepositoryPreparation["ensureBoard"] {
  return async (profile, { board: named, columns }) => {
    const [owner = ""] = profile.name.split("/");
    const board = named
      ? await findBoard(parts, profile, named)
      : await ownBoard(parts, profile, await boardOfOwner(parts, profile, { owner, number: 0 }));
    const connection = connect(parts, await parts.credentials.forBoard({ ...profile, board }));
    const made = named === undefined;
    const before = await shapeOf(connection, board);
    if (made) await giveColumns(connection, before, columns);
    const madeFields = await giveFields(connection, board, before);
    const moving = before.workflows.nodes.flatMap((each) => (each?.enabled && !each.name.startsWith("Auto-add") ? [each] : []));
    if (made) for (const { id } of moving) await connection.mutate(deleteWorkflow, { workflow: id });
    const after = made || madeFields.length > 0 ? await shapeOf(connection, board) : before;
    const there = statusOf(after, board).options.map(({ name }) => name);
    return {
      board,
      made,
      missingColumns: columns.filter((column) => !there.some((each) => same(each, column))),
      columns: there,
      madeFields,
      automations: moving.map(({ name }) => name),
    };
  };
}

/** The board and its link to the repository are made in one mutation, so that there is none that could not be found again. */
async function ownBoard(parts: GitHubParts, profile: ProjectProfile, ofOwner: BoardRef): Promise<BoardRef> {
  const earlier = await findOwnBoard(parts, profile, ofOwner);
  if (earlier) return earlier;
  const connection = connect(parts, await parts.credentials.forBoard({ ...profile, board: ofOwner }));
  const { repositoryOwner } = await connection.query(boardOwner, { login: ofOwner.owner });
  if (!repositoryOwner) throw unseen(ofOwner);
  const variables = { owner: repositoryOwner.id, repository: profile.key, title: ownBoardTitle(profile) };
  const made = (await connection.mutate(createBoard, variables)).createProjectV2?.projectV2;
  if (!made) throw unseen(ofOwner);
  return { ...ofOwner, id: made.id, number: made.number, url: made.url };
}

async function shapeOf(connection: GitHubConnection, board: BoardRef): Promise<Shape> {
  const { node } = await connection.query(boardShape, { board: board.id });
  if (!node) throw unseen(board);
  return node;
}

function statusOf(from: Shape, board: BoardRef): { id: string; options: readonly Option[] } {
  const field = from.fields.nodes.find((each) => each?.name === "Status");
  if (field?.id !== undefined && field.options) return { id: field.id, options: field.options };
  throw new ClientError("GitHub", `board ${board.owner}/${board.number} has no single-select field Status; make one in its settings`, {
    code: "refused",
    retryable: false,
  });
}

/** GitHub replaces all options at once and cards lose their column by that, so it is done only while there is no card. */
async function giveColumns(connection: GitHubConnection, from: Shape, wanted: readonly string[]): Promise<void> {
  const status = from.fields.nodes.find((each) => each?.name === "Status");
  if (status?.id === undefined || !status.options || from.items.totalCount > 0) return;
  const present = status.options;
  if (wanted.every((column) => present.some(({ name }) => same(name, column)))) return;
  const kept = present.filter(({ name }) => !gitHubColumns.includes(name) && !wanted.some((column) => same(column, name)));
  const options = [
    ...wanted.map((name, index) => ({ name, color: columnColors[index % columnColors.length] ?? "GRAY", description: "" })),
    ...kept,
  ];
  await connection.mutate(replaceOptions, { field: status.id, options });
}

async function giveFields(connection: GitHubConnection, board: BoardRef, from: Shape): Promise<string[]> {
  const absent = fields.filter(({ name }) => !from.fields.nodes.some((each) => each?.name !== undefined && same(each.name, name)));
  for (const { name, type, options } of absent) {
    await connection.mutate(createField, { board: board.id, name, type, options });
  }
  return absent.map(({ name }) => name);
}

function same(one: string, other: string): boolean {
  return one.trim().toLowerCase() === other.trim().toLowerCase();
}

function unseen(board: BoardRef): ClientError {
  const wanted = board.ownerKind === "user" ? "a classic token with scope project" : "the organisation permission Projects";
  return new ClientError("GitHub", `boards of ${board.owner} cannot be seen or made; it takes ${wanted}`, {
    code: "forbidden",
    retryable: false,
  });
}
