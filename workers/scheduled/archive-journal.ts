import type { ProjectKey } from "../../core/ids.ts";
import { orchestrator } from "../../durable-objects/remote.ts";

const entriesPerObject = 2_000;
const mostObjects = 20;

/**
 * Copies a project's journal, inputs and events, to R2 as JSON lines, from where the archive ends. Objects are named by the place they begin at, so
 * that doing it twice at once writes the same. Answers how many entries.
 */
export async function archiveJournal(env: Env, project: ProjectKey): Promise<number> {
  const owner = orchestrator(env, project);
  let from = await owner.archived(0);
  let archived = 0;
  for (let objects = 0; objects < mostObjects; objects += 1) {
    const { entries, upTo, more } = await owner.entriesSince(from, entriesPerObject);
    if (entries.length === 0) break;
    const lines = entries.map((entry) => `${JSON.stringify(entry)}\n`).join("");
    await env.ARCHIVE.put(`journal/${project}/${String(from).padStart(16, "0")}.jsonl`, lines, {
      httpMetadata: { contentType: "application/jsonl" },
    });
    archived += entries.length;
    from = await owner.archived(upTo);
    if (!more) break;
  }
  return archived;
}
