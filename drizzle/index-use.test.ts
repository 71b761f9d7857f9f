import { sql, type SQL } from "drizzle-orm";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startNeon, type Neon } from "../dev/neon/start-neon.ts";
import { openDatabase, type Database } from "./database.ts";
import { migrate } from "./migrate.ts";
import { agentHistoryFilter, listAgentHistory } from "./queries/list-agent-history.ts";
import { listTasks, taskFilter } from "./queries/list-tasks.ts";

/** Lists by agent and time on tables of 50,000 rows and 200 agents: what Postgres does for the very statements that they send. */
let neon: Neon;
let db: Database;

beforeAll(async () => {
  neon = await startNeon({ memory: true });
  await migrate(neon.url, neon.fetchEndpoint);
  db = openDatabase(neon);
  const at = sql`timestamptz '2026-01-01' + n * interval '1 minute'`;
  await db.execute(sql`insert into orchestrator_tasks (id, project, capability, status, priority, timeout_seconds, max_attempts, submitted_at)
    select 'R.t' || n, 'R_' || n % 20, 'c' || n % 10, 'completed', 5, 60, 3, ${at} from generate_series(1, 50000) n`);
  await db.execute(sql`insert into task_attempts (task, number, project, agent, score, status, dispatched_at)
    select 'R.t' || n, 1, 'R_' || n % 20, 'agent-' || n % 200, 1, 'completed', ${at} from generate_series(1, 50000) n`);
  await db.execute(sql`insert into agent_task_history (agent, task, attempt, project, capability, ok, status, ended_at)
    select 'agent-' || n % 200, 'R.t' || n, 1, 'R_' || n % 20, 'c' || n % 10, true, 'completed', ${at} from generate_series(1, 50000) n`);
  await db.execute(sql`analyze`);
});
afterAll(() => neon?.close());

/** The plan of the first select that a query sends. */
async function planOf(query: (db: Database) => Promise<unknown>): Promise<string> {
  let sent: SQL | undefined;
  const watched = new Proxy(db, {
    get(target, name) {
      if (name !== "select") return Reflect.get(target, name);
      return (...fields: []) => watch(target.select(...fields));
    },
  });
  const watch = (step: object): object =>
    new Proxy(step, {
      get(target, name) {
        if (name === "then") sent ??= (target as { getSQL(): SQL }).getSQL();
        const value: unknown = Reflect.get(target, name);
        if (typeof value !== "function") return value;
        return (...given: unknown[]) => {
          const next: unknown = Reflect.apply(value, target, given);
          return name === "then" || next === null || typeof next !== "object" ? next : watch(next);
        };
      },
    });
  await query(watched);
  if (sent === undefined) throw new Error("nothing was sent");
  const { rows } = await db.execute<{ "QUERY PLAN": string }>(sql`explain ${sent}`);
  return rows.map((row) => row["QUERY PLAN"]).join("\n");
}

const since = "2026-01-20T00:00:00Z";
const until = "2026-01-25T00:00:00Z";

const history = (filter: object) => planOf((on) => listAgentHistory(on, agentHistoryFilter.parse({ agent: "agent-7", ...filter })));
const tasks = (filter: object) => planOf((on) => listTasks(on, taskFilter.parse({ agent: "agent-7", ...filter })));

test.each([
  ["its newest", {}],
  ["the next page", { cursor: `${Date.parse(until)}~R.t34500~1` }],
])("the history of an agent, %s: read from its index in order, with nothing to sort", async (_, filter) => {
  const plan = await history(filter);
  expect(plan).toMatch(/Index (Only )?Scan Backward using agent_task_history_ended/);
  expect(plan).not.toMatch(/Sort|Seq Scan/);
});

test("the history of an agent in a time: agent and both ends are conditions of the index", async () => {
  const plan = await history({ since, until });
  expect(plan).toMatch(/ on agent_task_history_ended|using agent_task_history_ended/);
  expect(plan).toMatch(/Index Cond: \(\(agent = 'agent-7'::text\) AND \(ended_at >= .*\) AND \(ended_at < /);
  expect(plan).not.toMatch(/Seq Scan/);
});

test("the tasks of an agent: its attempts come from their index", async () => {
  const plan = await tasks({});
  expect(plan).toContain("task_attempts_agent");
  expect(plan).not.toContain("Seq Scan on task_attempts");
});

test("the tasks of an agent in a time: no table is read through", async () => {
  const plan = await tasks({ since, until });
  expect(plan).toContain("orchestrator_tasks_submitted");
  expect(plan).not.toContain("Seq Scan");
});
