import { sql } from "drizzle-orm";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { ProjectKey, ProjectName } from "../core/ids.ts";
import { startNeon, type Neon } from "../dev/neon/start-neon.ts";
import { openDatabase, type Database } from "./database.ts";
import { forgetProject, unlistProject } from "./forget-project.ts";
import { migrate } from "./migrate.ts";

let neon: Neon;
let db: Database;
const [gone, kept] = ["R_gone" as ProjectKey, "R_kept" as ProjectKey];

beforeAll(async () => {
  neon = await startNeon({ memory: true });
  await migrate(neon.url, neon.fetchEndpoint);
  db = openDatabase(neon);
  for (const project of [gone, kept]) await fillEveryTable(project);
});
afterAll(() => neon.close());

const tables = async () =>
  (
    await db.execute<{ name: string }>(
      sql`select relname as name from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and not relispartition order by 1`,
    )
  ).rows.map(({ name }) => name);

/** One made-up row of the project in every table, whatever its columns. */
async function fillEveryTable(project: ProjectKey): Promise<void> {
  for (const table of await tables()) {
    const { rows } = await db.execute<{ name: string; type: string; needed: boolean; generated: string }>(
      sql`select column_name as name, udt_name as type, is_nullable = 'NO' and column_default is null as needed, is_generated as generated
          from information_schema.columns where table_schema = 'public' and table_name = ${table} order by ordinal_position`,
    );
    const values = rows
      .filter(({ name, needed, generated }) => generated === "NEVER" && (needed || namesProject(name)))
      .map(({ name, type }) => ({ name, value: valueOf(project, name, type) }));
    const columns = sql.join(
      values.map(({ name }) => sql.identifier(name)),
      sql`, `,
    );
    const given = sql.join(
      values.map(({ value }) => value),
      sql`, `,
    );
    await db.execute(sql`insert into ${sql.identifier(table)} (${columns}) values (${given})`);
  }
}

const namesProject = (column: string) => ["project", "source_project", "repo_owner", "repo_name"].includes(column);

function valueOf(project: ProjectKey, column: string, type: string) {
  if (column === "repo_owner") return sql`'Acme'`;
  if (column === "repo_name") return sql`${project}`;
  if (namesProject(column)) return sql`${project}`;
  if (type === "text" || type === "varchar") return sql`${`${project}-${column}`}`;
  if (type === "jsonb") return sql`'{}'::jsonb`;
  if (type === "timestamptz") return sql`now()`;
  if (type === "bool") return sql`false`;
  if (type.startsWith("_")) return sql`'{}'`;
  return sql`${project === gone ? 1 : 2}`;
}

const rowsOf = async (project: ProjectKey) => {
  const counts: Record<string, number> = {};
  for (const table of await tables()) {
    const { rows } = await db.execute<{ n: string }>(
      sql`select count(*) as n from ${sql.identifier(table)} as t where t::text like ${`%${project}%`}`,
    );
    counts[table] = Number(rows[0]?.n);
  }
  return counts;
};

test("a project taken off the list is the only row that goes", async () => {
  const before = await rowsOf(kept);
  expect(Object.values(before).every((n) => n === 1)).toBe(true);
  await unlistProject(db, gone);
  await unlistProject(db, gone);
  expect(await rowsOf(gone)).toEqual({ ...before, repo_registry: 0 });
  expect(await rowsOf(kept)).toEqual(before);
});

test("a forgotten project leaves no row in any table; others keep theirs; again there is nothing to do", async () => {
  const others = await rowsOf(kept);
  expect(await forgetProject(db, gone, `acme/${gone.toLowerCase()}` as ProjectName)).toBe(Object.keys(others).length - 1);
  expect(await rowsOf(gone)).toEqual(Object.fromEntries(Object.keys(others).map((table) => [table, 0])));
  expect(await rowsOf(kept)).toEqual(others);
  expect(await forgetProject(db, gone, `acme/${gone.toLowerCase()}` as ProjectName)).toBe(0);
});
