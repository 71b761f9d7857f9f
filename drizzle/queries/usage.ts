import { sql } from "drizzle-orm";
import * as z from "zod";
import type { Database } from "../database.ts";
import { momentParam, ofProject, projectParam } from "./list-page.ts";
import { meshSixEvents as events } from "../schema/events.ts";

export const usageFilter = z.strictObject({
  /** Key or `owner/name`. */
  project: projectParam.optional(),
  since: momentParam.optional(),
  until: momentParam.optional(),
});

/** US dollars and tokens. */
export interface Spent {
  readonly usd: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
}

export interface Usage {
  readonly total: Spent;
  /** Most expensive first. */
  readonly byProject: readonly (Spent & { readonly project: string; readonly name: string | null })[];
  /** Most expensive first, at most 200. */
  readonly byIssue: readonly (Spent & { readonly project: string; readonly name: string | null; readonly issue: number })[];
  /** UTC days that cost something, newest first, `2026-11-23`. */
  readonly byDay: readonly (Spent & { readonly day: string })[];
}

/**
 * What runs have cost. A run's figures only grow, so a day's cost is the day's last figure less that of the days before; `since` and
 * `until` (exclusive) count whole UTC days.
 */
export async function usage(db: Database, { project, since, until }: z.output<typeof usageFilter>): Promise<Usage> {
  const { rows } = await db.execute<UsageRow>(sql`
    with days as (
      select project, issue, run, (at at time zone 'UTC')::date as day,
        max((data->>'usd')::float8) as usd, max((data->>'inputTokens')::int8) as input_tokens, max((data->>'outputTokens')::int8) as output_tokens
      from ${events}
      where type = 'run-changed' ${project ? sql`and ${ofProject(events.project, project)}` : sql``}
      group by 1, 2, 3, 4
    ), spent as (
      select project, issue, day,
        usd - coalesce(lag(usd) over earlier, 0) as usd,
        input_tokens - coalesce(lag(input_tokens) over earlier, 0) as input_tokens,
        output_tokens - coalesce(lag(output_tokens) over earlier, 0) as output_tokens
      from days window earlier as (partition by project, issue, run order by day)
    )
    select spent.project, (select name from projection_cursors c where c.project = spent.project) as name, issue, day::text as day,
      grouping(spent.project, issue, day)::int as level, sum(usd)::float8 as usd, sum(input_tokens)::float8 as "inputTokens", sum(output_tokens)::float8 as "outputTokens"
    from spent
    where ${since === undefined ? sql`true` : sql`day >= (${new Date(since).toISOString()}::timestamptz at time zone 'UTC')::date`}
      and ${until === undefined ? sql`true` : sql`day < (${new Date(until).toISOString()}::timestamptz at time zone 'UTC')::date`}
    group by grouping sets ((spent.project), (spent.project, issue), (day))
    order by usd desc`);
  const at = (level: number) => rows.filter((row) => row.level === level);
  const byProject = at(0b011).map(({ project: key, name, ...row }) => ({ project: key ?? "", name, ...spent(row) }));
  return {
    total: byProject.reduce(added, { usd: 0, inputTokens: 0, outputTokens: 0 }),
    byProject,
    byIssue: at(0b001)
      .slice(0, 200)
      .map(({ project: key, name, issue, ...row }) => ({ project: key ?? "", name, issue: issue ?? 0, ...spent(row) })),
    byDay: at(0b110)
      .map(({ day, ...row }) => ({ day: day ?? "", ...spent(row) }))
      .filter(({ usd, inputTokens, outputTokens }) => usd + inputTokens + outputTokens > 0)
      .toSorted((a, b) => b.day.localeCompare(a.day)),
  };
}

type UsageRow = Spent & {
  readonly project: string | null;
  readonly name: string | null;
  readonly issue: number | null;
  readonly day: string | null;
  /** Bits of the columns that are summed over: project, issue, day. */
  readonly level: number;
} & Record<string, unknown>;

function spent({ usd, inputTokens, outputTokens }: Spent): Spent {
  return { usd, inputTokens, outputTokens };
}

function added(sum: Spent, one: Spent): Spent {
  return { usd: sum.usd + one.usd, inputTokens: sum.inputTokens + one.inputTokens, outputTokens: sum.outputTokens + one.outputTokens };
}
