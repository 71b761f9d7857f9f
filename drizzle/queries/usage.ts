import { and, eq, gte, lt, sql } from "drizzle-orm";
import * as z from "zod";
import { hourMs } from "../../core/time.ts";
import type { Spent, Usage } from "../../core/usage.ts";
import type { Database } from "../database.ts";
import { usageHours as hours } from "../schema/usage.ts";
import { momentParam, ofProject, projectParam, withProject } from "./list-page.ts";

/** A name such as `Europe/Berlin`, as https://www.iana.org/time-zones has them. */
const zoneParam = z
  .string()
  .max(64)
  .regex(/^[A-Za-z0-9_+-]+(\/[A-Za-z0-9_+-]+)*$/)
  .refine(isZone, "not a time zone such as Europe/Berlin");

export const usageFilter = withProject(
  z.strictObject({
    /** Key or `owner/name`. */
    project: projectParam.optional(),
    issue: z.coerce.number().int().positive().max(2_147_483_647).optional(),
    phase: z.string().max(40).toUpperCase().optional(),
    agent: z.string().max(100).optional(),
    /** Whole hours count: from the beginning of the one it falls into … */
    since: momentParam.transform((at) => Math.floor(at / hourMs) * hourMs).optional(),
    /** … to the end of the one it falls into; a full hour is exclusive. */
    until: momentParam.transform((at) => Math.ceil(at / hourMs) * hourMs).optional(),
    /** Whose days `byDay` has. */
    zone: zoneParam.default("UTC"),
  }),
);

const mostIssues = 200;
const mostDays = 400;
const mostHours = 200;

/** What runs have cost. */
export async function usage(db: Database, filter: z.output<typeof usageFilter>): Promise<Usage> {
  const { project, issue, phase, agent, since, until, zone } = filter;
  const which = and(
    project ? ofProject(hours.project, project) : undefined,
    issue ? eq(hours.issue, issue) : undefined,
    phase ? eq(hours.phase, phase) : undefined,
    agent === undefined ? undefined : eq(hours.agent, agent),
    since === undefined ? undefined : gte(hours.hour, since),
    until === undefined ? undefined : lt(hours.hour, until),
  );
  const { rows } = await db.execute<UsageRow>(sql`
    with spent as materialized (
      select project, issue, hour, (hour at time zone ${zone})::date as day, phase, agent, usd, input_tokens, output_tokens
      from ${hours} where ${which ?? sql`true`}
    ), summed as (
      select project, issue, day, hour, phase, agent, grouping(project, issue, day, hour, phase, agent)::int as level, sum(usd)::float8 as usd,
        sum(input_tokens)::float8 as "inputTokens", sum(output_tokens)::float8 as "outputTokens"
      from spent
      group by grouping sets ((), (project), (project, issue), (day), (hour), (phase), (agent))
    ), placed as (
      select *, row_number() over (partition by level order by usd desc) as place, row_number() over (partition by level order by coalesce(hour, day::timestamptz) desc) as latest
      from summed
    )
    select project, issue, day::text as day, extract(epoch from hour)::float8 * 1000 as hour, phase, agent, level, usd, "inputTokens", "outputTokens",
      case when project is not null then (select name from projection_cursors c where c.project = placed.project) end as name,
      case when issue is not null then (select title from issue_runs r where r.project = placed.project and r.issue = placed.issue order by run desc limit 1) end as title
    from placed
    where case level when ${levels.issue} then place <= ${mostIssues} when ${levels.day} then latest <= ${mostDays} when ${levels.hour} then latest <= ${mostHours} else true end
    order by level, place`);
  const at = (level: number) => rows.filter((row) => row.level === level);
  const latestFirst = (level: number) =>
    at(level).toSorted((a, b) => (b.hour ?? 0) - (a.hour ?? 0) || (b.day ?? "").localeCompare(a.day ?? ""));
  return {
    total: spent(at(levels.total)[0]),
    byProject: at(levels.project).map((row) => ({ project: row.project ?? "", name: row.name, ...spent(row) })),
    byIssue: at(levels.issue).map((row) => ({
      project: row.project ?? "",
      name: row.name,
      issue: row.issue ?? 0,
      title: row.title,
      ...spent(row),
    })),
    byAgent: at(levels.agent).map((row) => ({ agent: row.agent || null, ...spent(row) })),
    byPhase: at(levels.phase).map((row) => ({ phase: row.phase ?? "", ...spent(row) })),
    byDay: latestFirst(levels.day).map((row) => ({ day: row.day ?? "", ...spent(row) })),
    byHour: latestFirst(levels.hour).map((row) => ({ hour: row.hour ?? 0, ...spent(row) })),
  };
}

/** Bits of the columns that are summed over: project, issue, day, hour, phase, agent. https://www.postgresql.org/docs/current/functions-aggregate.html */
const levels = {
  total: 0b111111,
  project: 0b011111,
  issue: 0b001111,
  day: 0b110111,
  hour: 0b111011,
  phase: 0b111101,
  agent: 0b111110,
} as const;

type UsageRow = Spent & {
  readonly project: string | null;
  readonly name: string | null;
  readonly issue: number | null;
  readonly title: string | null;
  readonly day: string | null;
  readonly hour: number | null;
  readonly phase: string | null;
  readonly agent: string | null;
  readonly level: number;
} & Record<string, unknown>;

function spent(row: Spent | undefined): Spent {
  return { usd: row?.usd ?? 0, inputTokens: row?.inputTokens ?? 0, outputTokens: row?.outputTokens ?? 0 };
}

function isZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions().timeZone !== "";
  } catch {
    return false;
  }
}
