/** One value bound to a statement is at most 2 MB; texts go in by portions of about this many characters. */
const portionChars = 400_000;

type Value = string | number | null;

/** SQL with its rows counted: every statement's reads and writes are what the platform bills. */
export class CountedSql {
  written = 0;
  read = 0;
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** Runs one statement and answers its rows. */
  all<R extends Record<string, SqlStorageValue>>(query: string, ...values: Value[]): R[] {
    const cursor = this.#sql.exec<R>(query, ...values);
    const rows = cursor.toArray();
    this.written += cursor.rowsWritten;
    this.read += cursor.rowsRead;
    return rows;
  }

  /** The first row, if any. */
  first<R extends Record<string, SqlStorageValue>>(query: string, ...values: Value[]): R | undefined {
    return this.all<R>(query, ...values)[0];
  }

  /** The days a table has rows of, found by steps through its key and not by reading every row. */
  daysOf(table: "tasks" | "inputs"): number[] {
    const days: number[] = [];
    for (let day = -1; ;) {
      const next = this.first<{ day: number | null }>(`SELECT MIN(day) AS day FROM ${table} WHERE day > ?`, day)?.day ?? null;
      if (next === null) return days;
      days.push(next);
      day = next;
    }
  }

  /** Runs `statement` over many rows, given to it as one JSON array of arrays (`json_each(?)`). */
  many(statement: string, rows: readonly (readonly Value[])[]): void {
    let portion: string[] = [];
    let chars = 0;
    for (const row of rows) {
      const text = JSON.stringify(row);
      if (chars > 0 && chars + text.length > portionChars) {
        this.all(statement, `[${portion.join(",")}]`);
        portion = [];
        chars = 0;
      }
      portion.push(text);
      chars += text.length;
    }
    if (portion.length > 0) this.all(statement, `[${portion.join(",")}]`);
  }
}
