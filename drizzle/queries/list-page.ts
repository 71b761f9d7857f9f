import { and, gte, lt, sql, type AnyColumn, type SQL } from "drizzle-orm";
import * as z from "zod";

/** Newest first. `cursor` asks for what follows; null at the end. */
export interface ListPage<T> {
  readonly items: readonly T[];
  readonly cursor: string | null;
}

/** A moment as a person or a program writes it: epoch milliseconds, or ISO 8601 with a zone. */
export const momentParam = z.union([
  z
    .string()
    .regex(/^\d{1,15}$/)
    .transform(Number),
  z.iso.datetime({ offset: true }).transform((text) => Date.parse(text)),
]);

export const projectParam = z.string().min(1).max(200);

/** Every list takes these: 50 items unless asked for up to 200. */
export const pageParams = {
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: z
    .string()
    .min(1)
    .max(400)
    .regex(/^\d{1,15}~/, "not a cursor of this list")
    .optional(),
};

/** `cursor` = the sort key of the last item: its moment, then what tells items of the same moment apart. */
export function cursorAfter(at: number, ...rest: readonly (string | number)[]): string {
  return [at, ...rest].join("~");
}

/** What comes after `cursor` in descending order of `key`, whose first column is the moment. */
export function beyond(cursor: string, key: readonly AnyColumn[]): SQL {
  const [at, ...rest] = cursor.split("~");
  const values = key.map((column, place) =>
    place === 0 ? sql`${new Date(Number(at)).toISOString()}::timestamptz` : sql`${rest[place - 1] ?? ""}::${sql.raw(column.getSQLType())}`,
  );
  return sql`(${sql.join([...key], sql`, `)}) < (${sql.join(values, sql`, `)})`;
}

/** From `since` on, and before `until`; undefined when neither is given. */
export function during(column: AnyColumn, since: number | undefined, until: number | undefined): SQL | undefined {
  return and(since === undefined ? undefined : gte(column, since), until === undefined ? undefined : lt(column, until));
}

/** Matches a project by its key, or by `owner/name` in any case: the one that is called so, else those that were. */
export function ofProject(column: AnyColumn, project: string): SQL {
  return project.includes("/")
    ? sql`${column} in (select project from projection_cursors where name = ${project.toLowerCase()} union select project from repo_registry where name = ${project.toLowerCase()}
        union select project from repo_registry where ${project.toLowerCase()} = any (former_names)
          and not exists (select 1 from repo_registry where name = ${project.toLowerCase()}))`
    : sql`${column} = ${project}`;
}

/** Cuts the one item that was fetched too many and says where to go on. */
export function listPage<Row, T>(rows: readonly Row[], limit: number, cursorOf: (row: Row) => string, shown: (row: Row) => T): ListPage<T> {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return { items: items.map(shown), cursor: rows.length > limit && last !== undefined ? cursorOf(last) : null };
}

/** For filters: an issue's number says nothing without its project. */
export function withProject<S extends z.ZodType<{ readonly project?: string | undefined; readonly issue?: number | undefined }>>(
  filter: S,
): S {
  return filter.refine(({ issue, project }) => issue === undefined || project !== undefined, {
    path: ["issue"],
    message: "an issue's number needs its project beside it",
  });
}
