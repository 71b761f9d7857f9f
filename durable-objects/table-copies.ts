import { RpcTarget } from "cloudflare:workers";
import { ok, refused } from "../core/result.ts";
import type { Result } from "../core/result.ts";
import type { CountedSql } from "./counted-sql.ts";

/** A page of an object's tables for a backup: JSON lines, the first page's first one says what they are. `next` is null after the last. */
export interface CopiedPage {
  readonly lines: string;
  readonly next: string | null;
}

/** Why a page is not taken: it comes from a newer version of the code, or is no page of this kind of object. */
export type CopyRefusal = "newer-version" | "malformed";

/** The first line of a copy. Stored. Fields are only added, as optional. */
interface Header {
  readonly form: 1;
  readonly kind: string;
  /** How many steps of the schema had run. */
  readonly step: number;
}
type Row = Record<string, string | number | null>;
type Line = readonly [table: string, row: Row];

/** Where a copy goes on: in which table, after which row; rows of tables that only grow up to where they stood. */
interface Cursor {
  readonly table: number;
  readonly after: number;
  readonly bounds: Readonly<Record<string, number>>;
}

const pageChars = 2_000_000;
/** A row may have 400,000 characters and more. */
const rowsAtOnce = 20;
const copyOf = (table: string): string => `copy_${table}`;
const ownTables = `SELECT name FROM sqlite_master WHERE type = 'table' AND name <> 'migrations' AND name NOT LIKE 'copy^_%' ESCAPE '^'
  AND name NOT LIKE 'sqlite^_%' ESCAPE '^' AND name NOT LIKE '^_cf^_%' ESCAPE '^' ORDER BY name`;

/**
 * Copies an object's tables out, as they stand at one moment, and in again. What fits into one page is read at once. Else the tables are copied within
 * the object first, in one transaction, and read from there, page by page, while the object goes on; tables that only grow (`growing`, keyed by an
 * INTEGER PRIMARY KEY) are read in place, up to where they stood.
 */
export class TableCopies extends RpcTarget {
  readonly #storage: DurableObjectStorage;
  readonly #sql: CountedSql;
  readonly #kind: string;
  readonly #growing: readonly string[];
  readonly #taken: () => void | Promise<void>;

  /** `taken`: the object is to go on from what lies there now. */
  constructor(
    storage: DurableObjectStorage,
    sql: CountedSql,
    { kind, growing = [], taken }: { kind: string; growing?: readonly string[]; taken: () => void | Promise<void> },
  ) {
    super();
    this.#storage = storage;
    this.#sql = sql;
    this.#kind = kind;
    this.#growing = growing;
    this.#taken = taken;
  }

  /** `cursor`: null, then `next` of the page before. Throws when another copy was begun since. */
  page(cursor: string | null): CopiedPage {
    if (cursor !== null) return this.#read(JSON.parse(cursor) as Cursor, []);
    const header = [JSON.stringify({ form: 1, kind: this.#kind, step: this.#step } satisfies Header)];
    return this.#whole(header) ?? this.#read(this.#begin(), header);
  }

  /** Takes a page; the first of a copy takes the place of everything there is. The same pages again, from the first on, give the same. */
  put(lines: string): Result<{ readonly rows: number }, CopyRefusal> {
    const [first, ...rest] = lines.split("\n").filter((line) => line !== "");
    if (first === undefined) return ok({ rows: 0 });
    const head = JSON.parse(first) as Header | Line;
    if (!("kind" in head)) return this.#insert([head, ...rest.map((line) => JSON.parse(line) as Line)]);
    if (head.kind !== this.#kind) return refused("malformed");
    if (head.step > this.#step) return refused("newer-version");
    this.#storage.transactionSync(() => {
      for (const table of this.#tables) this.#sql.all(`DELETE FROM ${table}`);
    });
    return this.#insert(rest.map((line) => JSON.parse(line) as Line));
  }

  /** All pages are here: the object goes on from them. */
  async done(): Promise<void> {
    await this.#taken();
  }

  get #tables(): string[] {
    return this.#sql.all<{ name: string }>(ownTables).map(({ name }) => name);
  }

  get #step(): number {
    return this.#sql.first<{ step: number }>("SELECT COALESCE(MAX(step), 0) AS step FROM migrations")?.step ?? 0;
  }

  /** Everything in one page, when it fits. */
  #whole(header: readonly string[]): CopiedPage | undefined {
    const lines = [...header];
    let chars = 0;
    for (const table of this.#tables) {
      for (let from = 0; ; from += rowsAtOnce) {
        const rows = this.#sql.all<Row>(`SELECT * FROM ${table} LIMIT ${rowsAtOnce} OFFSET ?`, from);
        for (const row of rows) {
          const line = JSON.stringify([table, row]);
          chars += line.length;
          lines.push(line);
        }
        if (chars > pageChars) return undefined;
        if (rows.length < rowsAtOnce) break;
      }
    }
    this.#drop();
    return { lines: textOf(lines), next: null };
  }

  #begin(): Cursor {
    const bounds: Record<string, number> = {};
    this.#storage.transactionSync(() => {
      this.#drop();
      for (const table of this.#tables) {
        if (this.#growing.includes(table))
          bounds[table] = this.#sql.first<{ last: number | null }>(`SELECT MAX(rowid) AS last FROM ${table}`)?.last ?? 0;
        else this.#sql.all(`CREATE TABLE ${copyOf(table)} AS SELECT * FROM ${table}`);
      }
    });
    return { table: 0, after: 0, bounds };
  }

  #read({ table: from, after: begun, bounds }: Cursor, header: readonly string[]): CopiedPage {
    const lines = [...header];
    let chars = 0;
    let after = begun;
    for (const [index, table] of this.#tables.entries()) {
      if (index < from) continue;
      const source = this.#growing.includes(table) ? table : copyOf(table);
      for (;;) {
        const rows = this.#sql.all<Row & { row_of_copy: number }>(
          `SELECT rowid AS row_of_copy, * FROM ${source} WHERE rowid > ? AND rowid <= ? ORDER BY rowid LIMIT ${rowsAtOnce}`,
          after,
          bounds[table] ?? Number.MAX_SAFE_INTEGER,
        );
        for (const { row_of_copy: place, ...row } of rows) {
          const line = JSON.stringify([table, row]);
          if (chars > 0 && chars + line.length > pageChars)
            return { lines: textOf(lines), next: JSON.stringify({ table: index, after, bounds }) };
          lines.push(line);
          chars += line.length;
          after = place;
        }
        if (rows.length < rowsAtOnce) break;
      }
      after = 0;
    }
    this.#drop();
    return { lines: textOf(lines), next: null };
  }

  #drop(): void {
    for (const { name } of this.#sql.all<{ name: string }>(
      "SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'copy^_%' ESCAPE '^'",
    ))
      this.#sql.all(`DROP TABLE ${name}`);
  }

  #insert(lines: readonly Line[]): Result<{ readonly rows: number }, CopyRefusal> {
    const known = new Map(this.#tables.map((table) => [table, this.#columnsOf(table)]));
    const groups = Map.groupBy(lines, ([table, row]) => JSON.stringify([table, ...Object.keys(row)]));
    for (const key of groups.keys()) {
      const [table = "", ...columns] = JSON.parse(key) as string[];
      const present = known.get(table);
      if (present === undefined || columns.some((column) => !present.has(column))) return refused("newer-version");
    }
    this.#storage.transactionSync(() => {
      for (const [key, rows] of groups) {
        const [table = "", ...columns] = JSON.parse(key) as string[];
        this.#sql.many(
          `INSERT OR REPLACE INTO ${table} (${columns.join(", ")}) SELECT ${columns.map((_, index) => `value ->> ${index}`).join(", ")} FROM json_each(?)`,
          rows.map(([, row]) => columns.map((column) => row[column] ?? null)),
        );
      }
    });
    return ok({ rows: lines.length });
  }

  #columnsOf(table: string): Set<string> {
    return new Set(this.#sql.all<{ name: string }>("SELECT name FROM pragma_table_info(?)", table).map(({ name }) => name));
  }
}

function textOf(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join("");
}
