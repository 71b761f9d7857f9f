import { sql } from "drizzle-orm";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { startNeon, type Neon } from "../dev/neon/start-neon.ts";
import { openDatabase, type Database } from "./database.ts";
import { eventOf, pageOf, start, todo } from "./journal.fixture.ts";
import { migrate } from "./migrate.ts";
import { projectPage } from "./project-page.ts";
import { credentialHistory } from "./schema/credentials.ts";

let neon: Neon;
let db: Database;
beforeAll(async () => {
  neon = await startNeon({ memory: true });
  await migrate(neon.url, neon.fetchEndpoint);
  db = openDatabase(neon);
});
afterAll(() => neon.close());
beforeEach(() => db.execute(sql`truncate credential_history, mesh_six_events, projection_cursors, projection_refusals`));

const record = (seq: number, more: Record<string, unknown> = {}) => ({
  seq,
  at: start + seq,
  name: "agent",
  version: 1,
  action: "pushed",
  by: "operator",
  detail: "variables: ANTHROPIC_API_KEY",
  ...more,
});

test("each record is a row by the Vault's own number, once, however often it is told", async () => {
  const again = record(2, { action: "bundle-opened", by: "runner-1" });
  await projectPage(
    db,
    pageOf([1, 5].map((seq, n) => eventOf(seq === 1 ? 1 : 2, "credential-recorded", { data: n === 0 ? record(1) : again }))),
  );
  await projectPage(
    db,
    pageOf([eventOf(3, "credential-recorded", { data: again }), eventOf(4, "credential-recorded", { data: record(3) })]),
  );
  const rows = await db.select().from(credentialHistory).orderBy(credentialHistory.seq);
  expect(rows).toEqual([record(1), again, record(3)].map((row) => ({ project: todo, ...row })));
});

test("what a record does not have does not come into the table, and a malformed one is put aside", async () => {
  const odd = { ...record(1), value: "sk-secret" };
  const projected = await projectPage(
    db,
    pageOf([eventOf(1, "credential-recorded", { data: odd }), eventOf(2, "credential-recorded", { data: { seq: "2" } })]),
  );
  expect(projected.refused).toMatchObject([{ seq: 2, type: "credential-recorded" }]);
  const [row] = await db.select().from(credentialHistory);
  expect(JSON.stringify(row)).not.toContain("sk-secret");
});
