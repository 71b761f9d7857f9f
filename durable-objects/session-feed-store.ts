import type { OutputPiece } from "../core/sessions/recording.ts";
import { utf8Length } from "../core/sessions/utf8.ts";
import type { AgentId } from "../core/ids.ts";
import type { Moment } from "../core/time.ts";
import type { CountedSql } from "./counted-sql.ts";
import { migrate } from "./schema-migrations.ts";

const steps = [`CREATE TABLE parts (number INTEGER PRIMARY KEY, start INTEGER NOT NULL, bytes INTEGER NOT NULL, pieces TEXT NOT NULL);`];

/** A row takes pieces until it has so many bytes. */
const partBytes = 65_536;
/** What a viewer that comes new is shown at once. */
const tailBytes = 262_144;

/** Stored. Fields are only added, as optional. */
export interface FeedFacts {
  /** Who writes; another agent may when it has the session's live attempt. */
  readonly writer: AgentId | null;
  readonly startedAt: Moment;
  /** Chunks of the recording that are written, and how many bytes they hold. */
  readonly chunks: number;
  readonly recorded: number;
  /** When the last recorded piece came. */
  readonly recordedAt: Moment;
  readonly endedAt?: Moment;
}

interface Part {
  readonly number: number;
  readonly start: number;
  bytes: number;
}

/**
 * The few rows of a feed: the end of the stream in parts of about 64 KiB, one of which grows, and one value of facts. A commit writes one row, and two
 * more when a part is full. Parts that are recorded go when 256 KiB follow them.
 */
export class SessionFeedStore {
  readonly #storage: DurableObjectStorage;
  readonly #sql: CountedSql;
  readonly #wrote: () => void;
  #facts: FeedFacts | undefined;
  #parts: Part[];

  constructor(storage: DurableObjectStorage, sql: CountedSql, wrote: () => void) {
    migrate(storage, steps);
    this.#storage = storage;
    this.#sql = sql;
    this.#wrote = wrote;
    this.#facts = storage.kv.get<FeedFacts>("facts");
    this.#parts = sql.all<{ number: number; start: number; bytes: number }>("SELECT number, start, bytes FROM parts ORDER BY number");
  }

  get facts(): FeedFacts | undefined {
    return this.#facts;
  }

  setFacts(facts: FeedFacts): void {
    this.#facts = facts;
    this.#storage.kv.put("facts", facts);
    this.#wrote();
  }

  /** Where the kept tail begins; `end` without one. */
  get start(): number {
    return this.#parts[0]?.start ?? this.end;
  }

  /** Everything before it is kept, here or in the recording. */
  get end(): number {
    const last = this.#parts.at(-1);
    return last === undefined ? (this.#facts?.recorded ?? 0) : last.start + last.bytes;
  }

  /** Keeps pieces of so many bytes that follow `end`. On disk when the object's next answer goes out. */
  append(pieces: readonly OutputPiece[], bytes: number): void {
    const text = pieces.map(({ at, data }) => `${JSON.stringify([at, data])}\n`).join("");
    const last = this.#parts.at(-1);
    if (last !== undefined && last.bytes < partBytes) {
      this.#sql.all("UPDATE parts SET bytes = bytes + ?, pieces = pieces || ? WHERE number = ?", bytes, text, last.number);
      last.bytes += bytes;
      return;
    }
    const part: Part = { number: (last?.number ?? 0) + 1, start: this.end, bytes };
    this.#sql.all("INSERT INTO parts (number, start, bytes, pieces) VALUES (?, ?, ?, ?)", part.number, part.start, bytes, text);
    this.#parts.push(part);
    this.prune();
  }

  /** Pieces from the part on that holds the offset, with where each begins. */
  *from(offset: number): Generator<OutputPiece & { readonly offset: number }> {
    for (const { number, start, bytes } of [...this.#parts]) {
      if (start + bytes <= offset) continue;
      let at = start;
      const text = this.#sql.first<{ pieces: string }>("SELECT pieces FROM parts WHERE number = ?", number)?.pieces ?? "";
      for (const line of text.split("\n")) {
        if (line === "") continue;
        const [moment, data] = JSON.parse(line) as [Moment, string];
        const end = at + utf8Length(data);
        if (end > offset) yield { at: moment, data, offset: at };
        at = end;
      }
    }
  }

  /** Pieces from a piece's beginning on, up to the end of the part with which they are so many bytes; `to` is where they end. */
  take(offset: number, most: number): { pieces: OutputPiece[]; to: number } {
    const last = this.#parts.find(({ start, bytes }) => start + bytes - offset >= most);
    const to = last === undefined ? this.end : last.start + last.bytes;
    const pieces: OutputPiece[] = [];
    for (const piece of this.from(offset)) {
      if (piece.offset >= to) break;
      pieces.push(piece);
    }
    return { pieces, to };
  }

  /** Lets go of recorded parts that 256 KiB follow. */
  prune(): void {
    const recorded = this.#facts?.recorded ?? 0;
    const gone = this.#parts.filter(({ start, bytes }) => start + bytes <= Math.min(recorded, this.end - tailBytes));
    if (gone.length > 0) this.#drop(gone.length);
  }

  /** Lets go of all that is recorded. */
  dropRecorded(): void {
    const recorded = this.#facts?.recorded ?? 0;
    this.#drop(this.#parts.filter(({ start, bytes }) => start + bytes <= recorded).length);
  }

  /** Everything is gone. */
  clear(): void {
    this.#drop(this.#parts.length);
    this.#storage.kv.delete("facts");
    this.#wrote();
    this.#facts = undefined;
  }

  #drop(first: number): void {
    if (first === 0) return;
    const last = this.#parts[first - 1]?.number ?? 0;
    this.#sql.all("DELETE FROM parts WHERE number <= ?", last);
    this.#parts = this.#parts.slice(first);
  }
}
