import { castLines, type OutputPiece } from "../core/sessions/recording.ts";
import type { SessionSnapshot } from "../core/sessions/views.ts";
import type { Moment } from "../core/time.ts";

/** Where a session's objects lie in the archive: by project, so that they go with it. */
export function sessionObjects(session: string): string {
  const dot = session.indexOf(".");
  return `recordings/${session.slice(0, dot)}/${session.slice(dot + 1)}/`;
}

/** Sessions of a project that the archive has anything of. */
export async function recordedSessions(archive: R2Bucket, project: string): Promise<string[]> {
  const prefix = `recordings/${project}/`;
  const sessions: string[] = [];
  for (let cursor: string | undefined; ;) {
    const page: R2Objects = await archive.list({ prefix, delimiter: "/", ...(cursor === undefined ? {} : { cursor }) });
    sessions.push(...page.delimitedPrefixes.map((found) => `${project}.${found.slice(prefix.length, -1)}`));
    if (!page.truncated) return sessions;
    cursor = page.cursor;
  }
}

/** A chunk of a recording: event lines of asciicast v3, without a header. */
export function chunkObject(session: string, number: number): string {
  return `${sessionObjects(session)}chunks/${String(number).padStart(8, "0")}.cast`;
}

export function snapshotsPrefix(session: string): string {
  return `${sessionObjects(session)}snapshots/`;
}

/** How far the recording in the archive goes. */
export interface Recorded {
  readonly chunks: number;
  /** Bytes of the stream. */
  readonly bytes: number;
  readonly startedAt: Moment;
  /** When its last piece came. */
  readonly at: Moment;
}

/** Writes a chunk. The same number again, with at least the same pieces, is the same chunk. */
export async function writeChunk(
  archive: R2Bucket,
  session: string,
  { chunks, startedAt, at }: Recorded,
  { pieces, to }: { readonly pieces: readonly OutputPiece[]; readonly to: number },
): Promise<Recorded> {
  const last = Math.max(at, pieces.at(-1)?.at ?? at);
  const customMetadata = { to: String(to), at: String(last), startedAt: String(startedAt) };
  const httpMetadata = { contentType: "application/x-asciicast" };
  await archive.put(chunkObject(session, chunks), castLines(pieces, at), { customMetadata, httpMetadata });
  return { chunks: chunks + 1, bytes: to, startedAt, at: last };
}

/** What the archive has of a session's recording; undefined: nothing. */
export async function recordedOf(archive: R2Bucket, session: string): Promise<Recorded | undefined> {
  const prefix = `${sessionObjects(session)}chunks/`;
  let last: R2Object | undefined;
  for (let cursor: string | undefined; ;) {
    const page: R2Objects = await archive.list({ prefix, include: ["customMetadata"], ...(cursor === undefined ? {} : { cursor }) });
    last = page.objects.at(-1) ?? last;
    if (!page.truncated) break;
    cursor = page.cursor;
  }
  if (last === undefined) return undefined;
  const { to, at, startedAt } = last.customMetadata ?? {};
  return { chunks: Number(last.key.slice(prefix.length, -5)) + 1, bytes: Number(to), at: Number(at), startedAt: Number(startedAt) };
}

/** Keeps a snapshot under an id of its own: the same one again changes nothing. */
export async function writeSnapshot(archive: R2Bucket, session: string, id: string, snapshot: SessionSnapshot): Promise<void> {
  const key = `${snapshotsPrefix(session)}${String(snapshot.at).padStart(15, "0")}.${id}.json`;
  await archive.put(key, JSON.stringify(snapshot), { httpMetadata: { contentType: "application/json" } });
}
