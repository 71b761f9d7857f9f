import { sql } from "drizzle-orm";
import type { ProjectKey, ProjectName } from "../core/ids.ts";
import type { Database } from "./database.ts";

/**
 * Sets the read model to a journal that was brought back from a backup and holds the events `first` to `last` (`first` = `last` + 1: none). Events after
 * `last` are of a future that has not come: they go. Those before `first` that the read model lacks are not waited for. Doing it twice changes nothing more.
 */
export async function alignReadModel(
  db: Database,
  project: ProjectKey,
  { name, first, last }: { readonly name: ProjectName | null; readonly first: number; readonly last: number },
): Promise<void> {
  await db.batch([
    db.execute(sql`delete from mesh_six_events where project = ${project} and seq > ${last}::bigint`),
    db.execute(sql`delete from projection_refusals where project = ${project} and seq > ${last}::bigint`),
    db.execute(sql`insert into projection_cursors (project, name, seq, updated_at) values (${project}, ${name}, ${first - 1}::bigint, now())
      on conflict (project) do update set updated_at = now(), seq = least(greatest(projection_cursors.seq, ${first - 1}::bigint), ${last}::bigint)`),
  ]);
}
