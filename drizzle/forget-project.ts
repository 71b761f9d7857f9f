import { eq, sql, type SQL } from "drizzle-orm";
import type { ProjectKey, ProjectName } from "../core/ids.ts";
import type { Database } from "./database.ts";
import { onboardingRuns } from "./schema/onboardings.ts";
import { repoRegistry } from "./schema/projects.ts";
import { learnings } from "./schema/learnings.ts";

/** The project is no longer listed; what it has done stays. Doing it twice changes nothing more. */
export async function unlistProject(db: Database, project: ProjectKey): Promise<void> {
  await db.delete(repoRegistry).where(eq(repoRegistry.project, project));
}

/**
 * Deletes every row of a project in one transaction: from each table that names projects, what was learned there, and its onboardings. Answers how
 * many rows there were.
 */
export async function forgetProject(db: Database, project: ProjectKey, name: ProjectName): Promise<number> {
  const [owner = "", repository = ""] = name.split("/");
  const { rows: tables } = await db.execute<{ name: string }>(tablesOfProjects);
  const [first, ...more] = [
    sql`delete from ${learnings} where ${learnings.sourceProject} = ${project}`,
    sql`delete from ${onboardingRuns} where lower(${onboardingRuns.repoOwner}) = ${owner} and lower(${onboardingRuns.repoName}) = ${repository}`,
    ...tables.map((table) => sql`delete from ${sql.identifier(table.name)} where project = ${project}`),
  ].map((each) => db.execute<{ n: string }>(counted(each)));
  if (first === undefined) return 0;
  const deleted = await db.batch([first, ...more]);
  return deleted.reduce((sum, { rows }) => sum + Number(rows[0]?.n ?? 0), 0);
}

/** Looked up, so that a table added later is not left out. Partitions go with their table. */
const tablesOfProjects = sql`select relname as name from pg_class join pg_attribute on attrelid = pg_class.oid
  where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and not relispartition and attname = 'project' and not attisdropped`;

function counted(statement: SQL): SQL {
  return sql`with gone as (${statement} returning 1) select count(*) as n from gone`;
}
