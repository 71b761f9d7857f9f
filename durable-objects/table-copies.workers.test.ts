import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { CountedSql } from "./counted-sql.ts";
import { migrate } from "./schema-migrations.ts";
import { TableCopies } from "./table-copies.ts";

const steps = [
  `CREATE TABLE things (name TEXT PRIMARY KEY, n INTEGER, said TEXT) WITHOUT ROWID;
   CREATE TABLE log (place INTEGER PRIMARY KEY, said TEXT NOT NULL);`,
];

/** In an object of its own for each name: its tables, and what copies them. */
function within<T>(
  name: string,
  act: (sql: SqlStorage, copies: TableCopies, heard: string[]) => T | Promise<T>,
  more: readonly string[] = [],
): Promise<T> {
  return runInDurableObject(env.LIVE.getByName(name), (_, { storage }) => {
    migrate(storage, [...steps, ...more]);
    const heard: string[] = [];
    const taken = () => void heard.push("taken");
    return act(storage.sql, new TableCopies(storage, new CountedSql(storage.sql), { kind: "test", growing: ["log"], taken }), heard);
  });
}

const rowsOf = (sql: SqlStorage) => ["things", "log"].map((table) => sql.exec(`SELECT * FROM ${table} ORDER BY 1`).toArray());
const fill = (sql: SqlStorage, count: number, chars: number) => {
  for (let n = 0; n < count; n += 1) {
    sql.exec("INSERT INTO things (name, n, said) VALUES (?, ?, ?)", `thing ${n}`, n % 2 === 0 ? n : null, `"ü\n${"x".repeat(chars)}`);
    sql.exec("INSERT INTO log (place, said) VALUES (?, ?)", n * 1_000_000 + 1, JSON.stringify({ n }));
  }
};

test("what fits into a page is copied at once, and lies elsewhere as it was, however often it is put", async () => {
  const [page, rows] = await within("small-out", (sql, copies) => {
    fill(sql, 20, 10);
    return [copies.page(null), rowsOf(sql)] as const;
  });
  expect(page.next).toBeNull();
  await within("small-in", async (sql, copies, heard) => {
    sql.exec("INSERT INTO things (name) VALUES ('of before')");
    for (let times = 0; times < 2; times += 1) expect(copies.put(page.lines)).toEqual({ ok: true, value: { rows: 40 } });
    expect(rowsOf(sql)).toEqual(rows);
    await copies.done();
    expect(heard).toEqual(["taken"]);
  });
});

test("more is copied page by page, as it stood when the copy began, while the object goes on", async () => {
  const [pages, rows] = await within("large-out", (sql, copies) => {
    fill(sql, 60, 100_000);
    const before = rowsOf(sql);
    const read = [copies.page(null)];
    for (let next = read[0]?.next ?? null; next !== null;) {
      sql.exec("DELETE FROM things WHERE name IN (SELECT name FROM things LIMIT 5)");
      sql.exec("UPDATE things SET n = -1");
      sql.exec("INSERT INTO log (said) VALUES ('later')");
      const page = copies.page(next);
      read.push(page);
      next = page.next;
    }
    expect(sql.exec("SELECT name FROM sqlite_master WHERE name LIKE 'copy_%'").toArray()).toEqual([]);
    return [read, before] as const;
  });
  expect(pages.length).toBeGreaterThan(2);
  expect(Math.max(...pages.map(({ lines }) => lines.length))).toBeLessThan(2_500_000);
  await within("large-in", (sql, copies) => {
    for (const { lines } of pages) expect(copies.put(lines).ok).toBe(true);
    // Broken off and begun again.
    for (const { lines } of pages) expect(copies.put(lines).ok).toBe(true);
    expect(rowsOf(sql)).toEqual(rows);
  });
});

test("a page of another kind of object, or of a newer version of the code, is refused and nothing is changed", async () => {
  const newer = await within(
    "newer-out",
    (sql, copies) => {
      fill(sql, 1, 1);
      return copies.page(null).lines;
    },
    ["ALTER TABLE things ADD COLUMN more TEXT"],
  );
  await within("newer-in", (sql, copies) => {
    fill(sql, 3, 1);
    const before = rowsOf(sql);
    expect(copies.put(newer)).toEqual({ ok: false, error: "newer-version" });
    expect(copies.put(newer.replace('"kind":"test"', '"kind":"pool"'))).toEqual({ ok: false, error: "malformed" });
    expect(copies.put('["things",{"name":"a","more":"b"}]\n')).toEqual({ ok: false, error: "newer-version" });
    expect(rowsOf(sql)).toEqual(before);
  });
});

test("a copy of an older version is taken: what was added since has its default", async () => {
  const older = await within("older-out", (sql, copies) => {
    fill(sql, 2, 1);
    return copies.page(null).lines;
  });
  await within(
    "older-in",
    (sql, copies) => {
      expect(copies.put(older)).toMatchObject({ ok: true });
      expect(sql.exec("SELECT more FROM things").toArray()).toEqual([{ more: "new" }, { more: "new" }]);
    },
    ["ALTER TABLE things ADD COLUMN more TEXT DEFAULT 'new'"],
  );
});
