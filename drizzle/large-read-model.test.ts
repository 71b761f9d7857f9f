import { sql } from "drizzle-orm";
import { neon as connect } from "@neondatabase/serverless";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startNeon, type Neon } from "../dev/neon/start-neon.ts";
import { openDatabase, type Database } from "./database.ts";
import { migrate } from "./migrate.ts";
import { readApi, type ReadApi } from "./read-api.ts";

/**
 * Every list on a read model of 1,000,000 events, 100,000 tasks and 50,000 runs (one project has 10,000 of them): no table is read from end to end, and
 * what is visited stays a small part. Counted by Postgres itself (EXPLAIN ANALYZE), not timed.
 */
const fill = {
  mesh_six_events: `(project, seq, at, type, trace, issue, run, task, agent, input_id, data)
    select 'R_p' || n % 20, n, timestamptz '2026-10-01' + n * interval '4 seconds',
      (array['run-changed', 'task-started', 'usage-counted', 'tool-decided', 'effect-done'])[1 + n % 5], n % 5000 || '.1', n % 5000, 1,
      case when n % 5 = 1 then 'R_p' || n % 20 || '.t' || n / 10 end, case when n % 3 = 0 then 'runner-' || n % 40 end, 'in-' || n, '{}'
    from generate_series(1, 1000000) n`,
  orchestrator_tasks: `(id, project, run, capability, status, priority, timeout_seconds, max_attempts, submitted_at, ended_at)
    select 'R_p' || n % 20 || '.t' || n, 'R_p' || n % 20, n % 5000 || '.1', (array['implement', 'test', 'plan'])[1 + n % 3],
      case when n > 99900 then 'running' when n % 50 = 0 then 'failed' else 'completed' end, 5, 120, 3,
      timestamptz '2026-10-01' + n * interval '40 seconds', timestamptz '2026-10-01' + n * interval '41 seconds'
    from generate_series(1, 100000) n`,
  task_attempts: `(task, number, project, agent, score, status, dispatched_at)
    select 'R_p' || n % 20 || '.t' || n, 1, 'R_p' || n % 20, 'runner-' || n % 40, 1, 'completed', timestamptz '2026-10-01' + n * interval '40 seconds'
    from generate_series(1, 100000) n`,
  agent_task_history: `(agent, task, attempt, project, capability, ok, status, ended_at)
    select 'runner-' || n % 40, 'R_p' || n % 20 || '.t' || n, 1, 'R_p' || n % 20, (array['implement', 'test', 'plan'])[1 + n % 3], n % 50 <> 0,
      'completed', timestamptz '2026-10-01' + n * interval '41 seconds'
    from generate_series(1, 100000) n`,
  issue_runs: `(project, issue, run, name, id, title, phase, awaiting, branch, merged, open_questions, usd, input_tokens, output_tokens, started_at, phase_since, ended_at, view)
    select 'R_p' || p, n, 1, 'acme/p' || p, 'acme/p' || p || '#' || n || '.1', 'Title ' || n,
      case when n % 500 = 0 then 'IMPLEMENTATION' when n % 20 = 0 then 'FAILED' else 'ACCEPTED' end, 'nothing', 'mesh/' || n, true, 0, 1, 10, 10,
      timestamptz '2026-10-01' + n * interval '7 minutes' + p * interval '1 second', timestamptz '2026-10-01' + n * interval '8 minutes',
      case when n % 500 = 0 then null else timestamptz '2026-10-01' + n * interval '9 minutes' end,
      jsonb_build_object('project', 'R_p' || p, 'issue', n, 'run', 1, 'questions', '[]'::jsonb)
    from generate_series(0, 19) p, generate_series(1, case when p = 0 then 10000 else 2105 end) n`,
  session_questions: `(id, project, issue, run, purpose, status, asked_at, parked, view)
    select 'R_p' || n % 20 || '.q' || n, 'R_p' || n % 20, 1 + n % 2000, 1, 'session', case when n % 100 = 0 then 'with-human' else 'answered' end,
      timestamptz '2026-10-01' + n * interval '2 minutes', false, '{}'
    from generate_series(1, 30000) n`,
  implementation_sessions: `(id, project, issue, run, agent, seen_at, name, started_at, ended_at)
    select 'R_p' || n % 20 || '.s' || n, 'R_p' || n % 20, 1 + n % 2000, 1, 'runner-' || n % 40, now(), 'acme/p' || n % 20,
      timestamptz '2026-10-01' + n * interval '80 seconds', case when n > 49950 then null else timestamptz '2026-10-01' + n * interval '90 seconds' end
    from generate_series(1, 50000) n`,
  session_checkpoints: `(project, seq, at, issue, run, data)
    select 'R_p' || n % 20, n, timestamptz '2026-10-01' + n * interval '60 seconds', 1 + n % 2000, 1, '{}' from generate_series(1, 60000) n`,
  usage_hours: `(project, issue, run, hour, phase, by, agent, usd, input_tokens, output_tokens)
    select 'R_p' || n % 20, n / 60, 1, timestamptz '2026-10-01' + (n / 150) * interval '1 hour', (array['PLANNING', 'IMPLEMENTATION', 'QA'])[1 + n / 20 % 3], 'session',
      'runner-' || n % 40, 0.5, 100, 10
    from generate_series(1, 200000) n on conflict do nothing`,
  projection_cursors: `(project, name, seq, updated_at) select 'R_p' || p, 'acme/p' || p, 1, now() from generate_series(0, 19) p`,
} as const;

let neon: Neon;
let db: Database;
let api: ReadApi;
const sent: { readonly text: string; readonly values: readonly unknown[] }[] = [];

beforeAll(async () => {
  neon = await startNeon({ memory: true });
  await migrate(neon.url, neon.fetchEndpoint);
  db = openDatabase({ ...neon, onStatement: (text, values) => sent.push({ text, values }) });
  api = readApi(db);
  const run = (text: string) => db.execute(sql.raw(text));
  await run("create table mesh_six_events_2026_10 partition of mesh_six_events for values from ('2026-10-01') to ('2026-11-01')");
  await run("create table mesh_six_events_2026_11 partition of mesh_six_events for values from ('2026-11-01') to ('2026-12-01')");
  const { rows } = await db.execute<{ name: string; def: string }>(
    sql`select indexname as name, indexdef as def from pg_indexes where tablename = 'mesh_six_events' and indexname not like '%\\_pk'`,
  );
  // An index over what is there already is quicker made than kept.
  for (const { name } of rows) await run(`drop index "${name}"`);
  for (const [table, values] of Object.entries(fill)) await run(`insert into ${table} ${values}`);
  for (const { def } of rows) await run(def.replace(" ON ONLY ", " ON "));
  await run("analyze");
}, 240_000);
afterAll(() => neon.close());

interface Plan {
  readonly "Node Type": string;
  readonly "Relation Name"?: string;
  readonly "Actual Rows": number;
  readonly "Actual Loops": number;
  readonly "Rows Removed by Filter"?: number;
  readonly "Rows Removed by Index Recheck"?: number;
  readonly Plans?: readonly Plan[];
}

/** Rows of tables that were looked at, and tables that were read from end to end though they are large. */
function visits(plan: Plan): { rows: number; whole: string[] } {
  const under = (plan.Plans ?? []).map(visits);
  const seen = plan["Actual Rows"] + (plan["Rows Removed by Filter"] ?? 0) + (plan["Rows Removed by Index Recheck"] ?? 0);
  const own = plan["Relation Name"] === undefined ? 0 : seen * plan["Actual Loops"];
  const whole = plan["Node Type"] === "Seq Scan" && seen > 1_000 ? [plan["Relation Name"] ?? "?"] : [];
  return { rows: under.reduce((sum, { rows }) => sum + rows, own), whole: [...whole, ...under.flatMap((each) => each.whole)] };
}

async function visited(path: string): Promise<{ rows: number; whole: string[] }> {
  const client = connect(neon.url);
  const found = { rows: 0, whole: [] as string[] };
  for (let at: string | null = path, page = 0; at !== null && page < 2; page += 1) {
    sent.length = 0;
    const response: Response | null = await api(new Request(`https://mesh.test${at}`));
    const body = (await response?.json()) as { readonly cursor?: string | null };
    expect(response?.status, JSON.stringify(body)).toBe(200);
    for (const { text, values } of [...sent]) {
      const [row] = (await client.query(`explain (analyze, timing off, format json) ${text}`, [...values])) as {
        "QUERY PLAN": { Plan: Plan }[];
      }[];
      const one = visits(row?.["QUERY PLAN"][0]?.Plan as Plan);
      found.rows += one.rows;
      found.whole.push(...one.whole);
    }
    at = body.cursor ? `${path}${path.includes("?") ? "&" : "?"}cursor=${encodeURIComponent(body.cursor)}` : null;
  }
  return found;
}

const since = Date.UTC(2026, 10, 1);
const until = since + 3_600_000;

/** Two pages of each; with one filter the rows shown are about the rows visited. */
test.each([
  "/events",
  "/events?limit=200",
  "/events?project=acme/p3",
  "/events?trace=17.1",
  "/events?task=R_p1.t1000",
  "/events?agent=runner-7",
  "/events?type=tool-decided",
  "/events?type=never-happened",
  `/events?since=${since}&until=${until}`,
  `/events?project=acme/p3&since=${since}&until=${until}`,
  "/events?project=acme/p3&issue=43",
  "/runs/acme/p3/43/events",
  "/tasks",
  "/tasks?status=running",
  "/tasks?project=acme/p3",
  "/tasks?capability=plan",
  `/tasks?since=${since}&until=${until}`,
  "/read-model/tasks/R_p1.t1",
  "/runs",
  "/runs?project=acme/p0",
  "/runs?project=acme/p0&limit=200",
  "/runs?phase=FAILED",
  "/runs?active=1",
  "/runs?project=acme/p0&active=1",
  `/runs?since=${since}`,
  "/runs/acme/p3/43/history",
  "/read-model/runs/acme/p3/43/1",
  "/sessions",
  "/sessions?open=1",
  "/sessions?project=acme/p3",
  "/sessions?project=acme/p3&issue=44",
  "/sessions?agent=runner-7",
  "/sessions/R_p3.s43-1/checkpoints",
  "/questions/history",
  "/questions/history?id=R_p1.q1",
  "/agents/runner-7/history",
  "/agents/runner-7/history?capability=plan",
  "/runs/acme/p3/43/consultations",
  "/read-model",
])("%s", async (path) => {
  const { rows, whole } = await visited(path);
  expect(whole).toEqual([]);
  expect(rows).toBeLessThan(2_500);
});

/** Filters that lie across each other: the narrower one leads, and the other is looked through. */
test.each([
  "/events?project=acme/p3&type=tool-decided",
  "/events?project=acme/p3&type=never-happened",
  "/events?project=acme/p3&agent=runner-8",
  "/events?agent=runner-7&type=effect-done",
  `/events?agent=runner-8&since=${since}&until=${until}`,
  "/tasks?agent=runner-7",
  "/tasks?project=acme/p3&status=failed",
  `/tasks?agent=runner-7&status=failed&since=${since}`,
  "/runs?project=acme/p0&phase=FAILED",
  "/sessions?project=acme/p3&open=1",
  `/usage?since=${since}`,
  `/usage?project=acme/p3&since=${since}`,
  "/questions/history?project=acme/p3",
  "/usage?project=acme/p3&issue=43",
  "/usage?agent=runner-7",
])("%s", async (path) => {
  const { rows, whole } = await visited(path);
  expect(whole.filter((table) => table !== "usage_hours")).toEqual([]);
  expect(rows).toBeLessThan(120_000);
});

test("an issue's number alone leads nowhere: the project is needed with it", async () => {
  for (const path of ["/events?issue=43", "/runs?issue=43", "/sessions?issue=43", "/usage?issue=43"]) {
    const response = await api(new Request(`https://mesh.test${path}`));
    expect([response?.status, await response?.json()]).toMatchObject([400, { issues: [{ path: "issue" }] }]);
  }
});
