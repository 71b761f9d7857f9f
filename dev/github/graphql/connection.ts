import { Refusal } from "../refusal.ts";
import type { Arguments, View } from "./context.ts";

const MAX_PAGE = 100;

/**
 * One page of a connection. GitHub wants `first` or `last`, at most 100.
 * @throws Refusal MISSING_PAGINATION_BOUNDARIES or EXCESSIVE_PAGINATION
 */
export function connection<T extends { id: number }>(
  entities: readonly T[],
  render: (entity: T) => View | null,
  args: Arguments,
  name: string,
  edge: (entity: T) => Record<string, unknown> = () => ({}),
): Record<string, unknown> {
  const first = bound(args.first, "first", name);
  const last = bound(args.last, "last", name);
  if (first === undefined && last === undefined) {
    throw new Refusal(
      422,
      "MISSING_PAGINATION_BOUNDARIES",
      `You must provide a \`first\` or \`last\` value to properly paginate the \`${name}\` connection.`,
    );
  }
  const start = typeof args.after === "string" ? positionAfter(entities, args.after) : 0;
  const end = typeof args.before === "string" ? positionBefore(entities, args.before) : entities.length;
  const between = entities.slice(start, end);
  const page = first !== undefined ? between.slice(0, first) : between.slice(Math.max(0, between.length - (last ?? 0)));
  const from = first !== undefined ? start : end - page.length;
  return {
    totalCount: entities.length,
    pageInfo: {
      hasNextPage: from + page.length < entities.length,
      hasPreviousPage: from > 0,
      startCursor: page[0] ? cursorOf(page[0]) : null,
      endCursor: page.length > 0 ? cursorOf(page[page.length - 1]) : null,
    },
    nodes: () => page.map(render),
    edges: () => page.map((entity) => ({ cursor: cursorOf(entity), node: () => render(entity), ...edge(entity) })),
  };
}

/** A connection of things that are not stored, such as commits: their place in the list is their identity. */
export function listed<T>(values: readonly T[], render: (value: T) => View | null, args: Arguments, name: string): Record<string, unknown> {
  return connection(
    values.map((value, index) => ({ id: index + 1, value })),
    ({ value }) => render(value),
    args,
    name,
  );
}

export function cursorOf(entity: { id: number } | undefined): string {
  return Buffer.from(`cursor:v2:${entity?.id ?? 0}`).toString("base64");
}

function bound(value: unknown, argument: string, name: string): number | undefined {
  if (value === undefined || value === null) return undefined;
  const number = Number(value);
  if (number > MAX_PAGE || number < 0) {
    throw new Refusal(
      422,
      "EXCESSIVE_PAGINATION",
      number < 0
        ? `\`${argument}\` on the \`${name}\` connection cannot be less than zero.`
        : `Requesting ${number} records on the \`${name}\` connection exceeds the \`${argument}\` limit of ${MAX_PAGE} records.`,
    );
  }
  return number;
}

/** Also right when what the cursor named is gone: then what came later follows. */
function positionAfter(entities: readonly { id: number }[], cursor: string): number {
  const id = idOf(cursor);
  const index = entities.findIndex((entity) => entity.id === id);
  if (index >= 0) return index + 1;
  const later = entities.findIndex((entity) => entity.id > id);
  return later < 0 ? entities.length : later;
}

function positionBefore(entities: readonly { id: number }[], cursor: string): number {
  const id = idOf(cursor);
  const index = entities.findIndex((entity) => entity.id >= id);
  return index < 0 ? entities.length : index;
}

function idOf(cursor: string): number {
  const [, , id] = Buffer.from(cursor, "base64").toString("utf8").split(":");
  if (!id || !Number.isInteger(Number(id))) throw new Refusal(422, "UNPROCESSABLE", `\`${cursor}\` does not appear to be a valid cursor.`);
  return Number(id);
}
