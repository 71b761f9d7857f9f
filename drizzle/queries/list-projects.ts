import { asc } from "drizzle-orm";
import type { Database } from "../database.ts";
import { repoRegistry } from "../schema/projects.ts";

/** Every onboarded project as last configured, by name. */
export function listProjects(db: Database): Promise<(typeof repoRegistry.$inferSelect)[]> {
  return db.select().from(repoRegistry).orderBy(asc(repoRegistry.name));
}
