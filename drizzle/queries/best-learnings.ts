import { sql } from "drizzle-orm";
import type { ProjectKey } from "../../core/ids.ts";
import type { Learning } from "../../core/outbound/learnings.ts";
import type { Database } from "../database.ts";
import { storableText } from "../many-rows.ts";
import { learnings } from "../schema/learnings.ts";

const most = 5;
const mostCharacters = 8_000;
const mostTerms = 64;

/**
 * What was learned in this repository or mesh-wide that shares words with the text: at most five, best first by `ts_rank`
 * (https://www.postgresql.org/docs/current/textsearch-controls.html), the repository's own and the newer first when equal. Any of the text's
 * first 64 different words will do, so that a long question finds as much as a short one. Throws when the database is away.
 */
export async function bestLearnings(
  db: Database,
  { project, text }: { readonly project: ProjectKey; readonly text: string },
): Promise<readonly Learning[]> {
  const asked = storableText(text.slice(0, mostCharacters));
  const { rows } = await db.execute<{ id: string; text: string; wide: boolean; at: number }>(sql`
    with words as (
      select lexeme from unnest(to_tsvector('english', ${asked}::text)) order by positions[1], lexeme limit ${mostTerms}::int
    ), asked as (
      select string_agg('''' || replace(replace(lexeme, '\\', '\\\\'), '''', '''''') || '''', ' | ')::tsquery as query from words
    )
    select id, text, project is null as wide, (extract(epoch from created_at) * 1000)::float8 as at
    from ${learnings}, asked
    where words @@ query and (project = ${project} or project is null)
    order by ts_rank(words, query, 1) desc, project is null, created_at desc, id
    limit ${most}::int`);
  return rows.map(({ id, text: learned, wide, at }) => ({ id: Number(id), text: learned, scope: wide ? "mesh" : "repository", at }));
}
