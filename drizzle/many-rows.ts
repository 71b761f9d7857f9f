import { getTableColumns, sql, type SQL } from "drizzle-orm";
import { getTableConfig, type PgColumn, type PgTable } from "drizzle-orm/pg-core";

/**
 * One statement for any number of rows: they travel as one JSON parameter. A row whose primary key exists replaces the old one
 * (`replace`), is dropped (`keep`), or has its amounts added to the old one's (`add`); the same key twice in `rows` is an error of Postgres unless rows are dropped. A null in one of the columns `unlessNull`
 * replaces nothing.
 */
export function upsertAll<T extends PgTable>(
  table: T,
  rows: readonly T["$inferInsert"][],
  onConflict: "replace" | "keep" | { readonly add: readonly PgColumn[] },
  unlessNull: readonly PgColumn[] = [],
): SQL {
  const columns = writtenColumns(table).map(([, column]) => column);
  const names = listed(columns.map(named));
  const changed = typeof onConflict === "object" ? onConflict.add : columns;
  const replaced = listed(
    changed.map((column) => {
      const [fresh, old] = [sql`excluded.${named(column)}`, sql`${table}.${named(column)}`];
      if (typeof onConflict === "object") return sql`${named(column)} = ${old} + ${fresh}`;
      return sql`${named(column)} = ${unlessNull.includes(column) ? sql`coalesce(${fresh}, ${old})` : fresh}`;
    }),
  );
  return sql`insert into ${table} (${names}) select ${names} from ${recordset(table, rows)}
    on conflict (${listed(primaryKeyOf(table).map(named))}) do ${onConflict === "keep" ? sql`nothing` : sql`update set ${replaced}`}`;
}

/** One statement that changes many rows, found by their primary key: a property that is absent or null leaves its column alone. */
export function changeAll<T extends PgTable>(table: T, rows: readonly Partial<T["$inferInsert"]>[]): SQL {
  const key = primaryKeyOf(table);
  const others = writtenColumns(table)
    .map(([, column]) => column)
    .filter((column) => !key.includes(column));
  const changes = listed(others.map((column) => sql`${named(column)} = coalesce(r.${named(column)}, ${table}.${named(column)})`));
  const same = sql.join(
    key.map((column) => sql`${table}.${named(column)} = r.${named(column)}`),
    sql` and `,
  );
  return sql`update ${table} set ${changes} from ${recordset(table, rows)} where ${same}`;
}

/**
 * JSON text Postgres can keep as `jsonb`: NUL characters are removed and halves of surrogate pairs become U+FFFD, since neither exists
 * in a Postgres text (https://www.postgresql.org/docs/current/datatype-json.html).
 */
export function storableJson(value: unknown): string {
  const text = JSON.stringify(value);
  if (!text.includes("\\u")) return text;
  return text.replace(/(?<!\\)((?:\\\\)*)\\u(0000|d[89a-f][0-9a-f]{2})/g, (_, before: string, code: string) =>
    code === "0000" ? before : `${before}\uFFFD`,
  );
}

/** Text Postgres can keep: without NUL, and without halves of surrogate pairs. */
export function storableText(text: string): string {
  return text.replaceAll("\0", "").toWellFormed();
}

function recordset<T extends PgTable>(table: T, rows: readonly Partial<T["$inferInsert"]>[]): SQL {
  const columns = writtenColumns(table);
  const json = rows.map((row) =>
    Object.fromEntries(
      columns.map(([property, column]) => {
        const value: unknown = row[property as keyof typeof row] ?? null;
        return [column.name, value === null || column.getSQLType() === "jsonb" ? value : column.mapToDriverValue(value)];
      }),
    ),
  );
  const typed = columns.map(([, column]) => sql`${named(column)} ${sql.raw(column.getSQLType())}`);
  return sql`jsonb_to_recordset(${storableJson(json)}::jsonb) as r(${listed(typed)})`;
}

/** All but those that Postgres computes itself. */
function writtenColumns(table: PgTable): [property: string, column: PgColumn][] {
  return Object.entries<PgColumn>(getTableColumns(table)).filter(([, column]) => column.generated === undefined);
}

function primaryKeyOf(table: PgTable): PgColumn[] {
  const { columns, primaryKeys } = getTableConfig(table);
  return primaryKeys[0]?.columns ?? columns.filter((column) => column.primary);
}

function named(column: PgColumn): SQL {
  return sql`${sql.identifier(column.name)}`;
}

function listed(parts: SQL[]): SQL {
  return sql.join(parts, sql`, `);
}
