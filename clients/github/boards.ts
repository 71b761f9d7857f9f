import * as z from "zod";
import type { ProjectProfile } from "../../core/inputs.ts";
import { ClientError } from "../client-error.ts";
import { BoardPage, CardColumn, MoveCard } from "./documents.ts";
import type { BoardItem, BoardReading, GitHub } from "./github.ts";
import { anything, boardOf, connectBoard, pageInfo, pagesFrom } from "./github-connection.ts";
import type { GitHubConnection, GitHubParts } from "./github-connection.ts";

const status = z.object({ name: z.string().nullish() }).nullish();

const boardItem = z.object({
  id: z.string(),
  isArchived: z.boolean(),
  updatedAt: z.string(),
  type: z.string(),
  fieldValueByName: status,
  content: z
    .object({
      number: z.number().int().optional(),
      state: z.enum(["OPEN", "CLOSED"]).optional(),
      updatedAt: z.string().optional(),
      repository: z.object({ id: z.string() }).optional(),
    })
    .nullish(),
});

const boardPage = {
  document: BoardPage,
  name: "BoardPage",
  answer: z.object({
    node: z.object({ items: z.object({ pageInfo, nodes: z.array(boardItem.nullable()) }).optional() }).nullable(),
    rateLimit: z.object({ cost: z.number() }).nullish(),
  }),
};

const cardColumn = {
  document: CardColumn,
  name: "CardColumn",
  answer: z.object({
    node: z
      .object({
        isArchived: z.boolean(),
        fieldValueByName: status,
        project: z.object({
          id: z.string(),
          field: z
            .object({ id: z.string().optional(), options: z.array(z.object({ id: z.string(), name: z.string() })).optional() })
            .nullish(),
        }),
      })
      .nullable(),
  }),
};

const moveCard = { document: MoveCard, name: "MoveCard", answer: anything };

/** Readings after the mutation until the new column shows, and the pause before each later one. */
const readBacks = { tries: 3, pauseMs: 500 };

export function createBoardOperations(parts: GitHubParts): Pick<GitHub, "observeBoard" | "moveCard"> {
  return {
    async observeBoard(profile) {
      const observedAt = parts.now();
      const board = boardOf(profile);
      const connection = await connectBoard(parts, profile);
      const read = { items: [] as BoardItem[], others: 0, redacted: 0, points: 0 };
      const pages = pagesFrom(async (after) => {
        const { node, rateLimit } = await connection.query(boardPage, { board, after });
        if (!node?.items) throw boardUnseen(profile);
        read.points += rateLimit?.cost ?? 1;
        return node.items;
      });
      for await (const { nodes } of pages) {
        for (const item of nodes) {
          const ours = item && itemOf(item, profile);
          if (ours) read.items.push(ours);
          else read.others += 1;
          if (!item || item.type === "REDACTED") read.redacted += 1;
        }
      }
      return { ...read, observedAt } satisfies BoardReading;
    },

    async moveCard(profile, itemId, columnName, from) {
      const connection = await connectBoard(parts, profile);
      const before = await columnOf(connection, itemId);
      if (sameColumn(before.column, columnName)) return { kind: "card-moved" };
      if (from && !from.some((name) => (name === null ? before.column === null : sameColumn(before.column, name)))) {
        return { kind: "card-elsewhere", column: before.column };
      }
      if (before.archived) {
        throw new ClientError("GitHub", "the card is archived and cannot be moved; restore it on the board", {
          code: "refused",
          retryable: false,
        });
      }
      const option = before.options.find((each) => sameColumn(each.name, columnName));
      if (!option || !before.field) throw columnMissing(profile, columnName, before.options);
      await connection.mutate(moveCard, { board: before.board, item: itemId, field: before.field, option: option.id });
      for (let tried = 1; tried <= readBacks.tries; tried += 1) {
        if (sameColumn((await columnOf(connection, itemId)).column, columnName)) return { kind: "card-moved" };
        if (tried < readBacks.tries) await parts.sleep(readBacks.pauseMs);
      }
      throw new ClientError("GitHub", `the card was moved to ${columnName} and does not show there; tried again later`, {
        code: "not-applied",
        retryable: true,
      });
    },
  };
}

/** Column names are compared without case and surrounding space, as people write them in settings. */
function sameColumn(one: string | null | undefined, other: string): boolean {
  return one?.trim().toLowerCase() === other.trim().toLowerCase();
}

function itemOf(item: z.output<typeof boardItem>, profile: ProjectProfile): BoardItem | undefined {
  const { number, state, updatedAt, repository } = item.content ?? {};
  if (item.type !== "ISSUE" || number === undefined || !state || !updatedAt || repository?.id !== profile.key) return undefined;
  return {
    issue: number,
    itemId: item.id,
    column: item.fieldValueByName?.name ?? null,
    archived: item.isArchived,
    state: state === "OPEN" ? "open" : "closed",
    itemUpdatedAt: item.updatedAt,
    issueUpdatedAt: updatedAt,
  };
}

async function columnOf(connection: GitHubConnection, itemId: string) {
  const { node } = await connection.query(cardColumn, { item: itemId });
  if (!node) throw new ClientError("GitHub", "the card is not on the board any more", { code: "not-found", retryable: false });
  return {
    board: node.project.id,
    column: node.fieldValueByName?.name ?? null,
    archived: node.isArchived,
    field: node.project.field?.id,
    options: node.project.field?.options ?? [],
  };
}

function boardUnseen(profile: ProjectProfile): ClientError {
  const hint =
    profile.board?.ownerKind === "user"
      ? "a classic token with scope project"
      : "an App or token with access to the organisation's projects";
  return new ClientError("GitHub", `the board of ${profile.name} cannot be seen; it needs ${hint}`, {
    code: "not-found",
    retryable: false,
  });
}

function columnMissing(profile: ProjectProfile, wanted: string, options: readonly { name: string }[]): ClientError {
  const there = options.map((option) => option.name).join(", ") || "none";
  return new ClientError(
    "GitHub",
    `the board of ${profile.name} has no column "${wanted}" (it has: ${there}); add it or map the column in the settings`,
    {
      code: "column-missing",
      retryable: false,
    },
  );
}
