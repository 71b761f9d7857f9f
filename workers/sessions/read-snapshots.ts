import type { SessionSnapshot } from "../../core/sessions/views.ts";
import { snapshotsPrefix } from "../../durable-objects/session-recording.ts";

const mostShown = 100;

/** A session's screens, oldest first: the last hundred. `seq` counts all of them from 1. */
export async function readSnapshots(archive: R2Bucket, session: string): Promise<(SessionSnapshot & { readonly seq: number })[]> {
  const keys: string[] = [];
  for (let cursor: string | undefined; ;) {
    const page: R2Objects = await archive.list({ prefix: snapshotsPrefix(session), ...(cursor === undefined ? {} : { cursor }) });
    keys.push(...page.objects.map(({ key }) => key));
    if (!page.truncated) break;
    cursor = page.cursor;
  }
  const before = Math.max(0, keys.length - mostShown);
  const read = await Promise.all(keys.slice(before).map(async (key) => (await archive.get(key))?.json<SessionSnapshot>()));
  return read.flatMap((snapshot, index) => (snapshot === undefined ? [] : [{ seq: before + index + 1, ...snapshot }]));
}
