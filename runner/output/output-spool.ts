import {
  appendFileSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import * as z from "zod";

const segmentBytes = 1_048_576;
/** So much waits for the mesh at most. */
export const mostWaitingBytes = 32 * 1_048_576;

/** Stored. Fields are only added, as optional. */
const stored = z.object({ session: z.string(), base: z.number().nullable(), acknowledged: z.number() });

/**
 * What a session has written and the mesh has not acknowledged, on disk in segments. Places are counted from the spool's own beginning; where that lies in
 * the session's stream is its base, which the mesh tells. Written without waiting for the disk: a runner that is killed loses nothing of it, a machine
 * that loses its power the last moments.
 */
export class OutputSpool {
  readonly session: string;
  readonly #folder: string;
  #segments: { readonly start: number; bytes: number }[];
  #base: number | null;
  #acknowledged: number;

  private constructor(folder: string, session: string, base: number | null, acknowledged: number) {
    this.session = session;
    this.#folder = folder;
    this.#base = base;
    this.#segments = readdirSync(folder)
      .filter((name) => /^\d{16}$/.test(name))
      .toSorted()
      .map((name) => ({ start: Number(name), bytes: wholeCharacters(join(folder, name)) }));
    this.#acknowledged = Math.max(acknowledged, this.#segments[0]?.start ?? acknowledged);
  }

  /** The spool of a session, new or as it was left. */
  static open(parent: string, session: string): OutputSpool {
    const folder = join(parent, encodeURIComponent(session));
    const known = stateOf(folder);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const spool = new OutputSpool(folder, session, known?.base ?? null, known?.acknowledged ?? 0);
    if (known === undefined) spool.#write();
    return spool;
  }

  /** All spools that were left in a folder. */
  static all(parent: string): OutputSpool[] {
    if (!existsSync(parent)) return [];
    return readdirSync(parent).flatMap((name) => {
      const known = stateOf(join(parent, name));
      return known === undefined ? [] : [OutputSpool.open(parent, known.session)];
    });
  }

  /** Where the spool begins in the session's stream; null until the mesh has told. */
  get base(): number | null {
    return this.#base;
  }

  get acknowledged(): number {
    return this.#acknowledged;
  }

  get end(): number {
    const last = this.#segments.at(-1);
    return last === undefined ? this.#acknowledged : last.start + last.bytes;
  }

  /** False when too much waits already: it was not taken. */
  append(data: Buffer): boolean {
    if (this.end - this.#acknowledged + data.length > mostWaitingBytes) return false;
    let last = this.#segments.at(-1);
    if (last === undefined || last.bytes >= segmentBytes) {
      last = { start: this.end, bytes: 0 };
      this.#segments.push(last);
    }
    appendFileSync(this.#path(last.start), data, { mode: 0o600 });
    last.bytes += data.length;
    return true;
  }

  /** Whole characters from a place on, at most so many bytes; empty at the end. */
  read(from: number, most: number): string {
    const segment = this.#segments.findLast(({ start }) => start <= from);
    if (segment === undefined || from >= segment.start + segment.bytes) return "";
    const bytes = Buffer.alloc(Math.min(most, segment.start + segment.bytes - from));
    const file = openSync(this.#path(segment.start), "r");
    const read = readSync(file, bytes, 0, bytes.length, from - segment.start);
    closeSync(file);
    return bytes.subarray(0, lastWhole(bytes.subarray(0, read))).toString();
  }

  /** Everything before a place is kept by the mesh. */
  acknowledge(place: number): void {
    if (place <= this.#acknowledged) return;
    this.#acknowledged = Math.min(place, this.end);
    const done = this.#segments.filter(({ start, bytes }) => start + bytes <= this.#acknowledged);
    for (const { start } of done) rmSync(this.#path(start), { force: true });
    this.#segments = this.#segments.slice(done.length);
    this.#write();
  }

  /** Says where the spool begins in the session's stream. */
  rebase(base: number): void {
    this.#base = base;
    this.#write();
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #path(start: number): string {
    return join(this.#folder, String(start).padStart(16, "0"));
  }

  #write(): void {
    const path = join(this.#folder, "state.json");
    const state: z.output<typeof stored> = { session: this.session, base: this.#base, acknowledged: this.#acknowledged };
    writeFileSync(`${path}.new`, JSON.stringify(state), { mode: 0o600 });
    renameSync(`${path}.new`, path);
  }
}

function stateOf(folder: string): z.output<typeof stored> | undefined {
  const path = join(folder, "state.json");
  return existsSync(path) ? stored.parse(JSON.parse(readFileSync(path, "utf8"))) : undefined;
}

/** Cuts off a character that a crash left half. */
function wholeCharacters(path: string): number {
  const size = statSync(path).size;
  const tail = readFileSync(path).subarray(Math.max(0, size - 4));
  const whole = size - tail.length + lastWhole(tail);
  if (whole < size) truncateSync(path, whole);
  return whole;
}

/** How many of these bytes end with a whole character of UTF-8. */
function lastWhole(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(4, bytes.length); back += 1) {
    const byte = bytes[bytes.length - back] ?? 0;
    if (byte < 0x80) return bytes.length - back + 1;
    if (byte < 0xc0) continue; // inside a character
    const needed = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
    return back >= needed ? bytes.length : bytes.length - back;
  }
  return bytes.length;
}
