import type { JournalEntry, JournalEvent } from "../core/events.ts";
import type { ProjectKey, ProjectName } from "../core/ids.ts";
import type { ProjectProfile } from "../core/inputs.ts";
import type { Database } from "./database.ts";
import { cursorOf, projectPage } from "./project-page.ts";

/** Where the read model stood and stands in one project's journal. */
export interface Replayed {
  readonly project: ProjectKey;
  /** The number of the last event it had before. */
  readonly from: number;
  readonly upTo: number;
  /** Events put aside in `projection_refusals`. */
  readonly refused: number;
}

const pageSize = 500;

/**
 * Projects a project's archived journal into a read model, from where that stands on: into an empty database, or over a gap. Entries come oldest
 * first and may overlap what is there. Doing it again, or while the Worker projects too, writes nothing twice. Throws a `JournalGap` when the
 * entries begin after the place where the read model stands.
 */
export async function replayJournal(db: Database, project: ProjectKey, entries: AsyncIterable<JournalEntry>): Promise<Replayed> {
  const from = await cursorOf(db, project);
  let [upTo, refused]: [number, number] = [from, 0];
  let name: ProjectName | null = null;
  let waiting: JournalEvent[] = [];
  const write = async (): Promise<void> => {
    while (waiting.length > 0) {
      const page = { project, name, events: waiting, upTo: waiting.at(-1)?.seq ?? upTo, more: true };
      const projected = await projectPage(db, page);
      upTo = projected.upTo;
      refused += projected.refused.length;
      // Another was quicker; what it has not written is ours still.
      waiting = projected.applied ? [] : waiting.filter(({ seq }) => seq > upTo);
    }
  };
  for await (const { events } of entries) {
    for (const event of events) {
      name = nameIn(event) ?? name;
      if (event.seq > upTo) waiting.push(event);
      if (waiting.length >= pageSize) await write();
    }
  }
  await write();
  return { project, from, upTo, refused };
}

/** A repository may have been renamed since; the newest configuration has its name. */
function nameIn(event: JournalEvent): ProjectName | null {
  return event.type === "project-configured" ? ((event.data["profile"] as ProjectProfile | undefined)?.name ?? null) : null;
}
