import type { EventBody, JournalEntry, JournalEvent, JournalPage } from "../core/events.ts";
import type { ProjectKey, ProjectName } from "../core/ids.ts";
import type { ProjectInput } from "../core/inputs.ts";
import { traceOf } from "../core/project/transition.ts";
import type { Moment } from "../core/time.ts";
import type { CountedSql } from "./counted-sql.ts";

/** One input of a commit and what it led to; events without an input are the orchestrator's own. */
export interface Recorded {
  readonly input: ProjectInput | null;
  readonly inputId: string;
  readonly at: Moment;
  readonly events: readonly EventBody[];
}

/** A page of the journal for the archive: whole entries, and the place to go on from. */
export interface EntriesPage {
  readonly entries: readonly JournalEntry[];
  readonly upTo: number;
  readonly more: boolean;
}

/** Places leave room for commits without an event between two sequence numbers: place = seq × 1,000,000 at least. */
const placesPerSeq = 1_000_000;
/** A row holds at most 2 MB; entries are split into rows of about this many characters. */
const rowChars = 400_000;
/** A page of texts given to a caller, in characters. */
const pageChars = 4_000_000;

type JournalRow = { place: number; last_seq: number; at: number; inputs: string; events: string; ledger: string | null };

/**
 * The events of a project, numbered without gaps, and beside them the inputs that led to them: one packed row per commit. The newest row
 * also carries the ledger (counters and marks), so that these cost no row.
 */
export class Journal {
  readonly #project: ProjectKey;
  readonly #sql: CountedSql;
  #lastPlace = 0;
  #lastSeq = 0;

  constructor(project: ProjectKey, sql: CountedSql) {
    this.#project = project;
    this.#sql = sql;
  }

  /** Finds the journal's end; answers the ledger kept there. An empty one goes on after `former`. */
  load(former: { readonly seq: number; readonly place: number } = { seq: 0, place: 0 }): string | null {
    const last = this.#sql.first<JournalRow>("SELECT place, last_seq, ledger FROM journal ORDER BY place DESC LIMIT 1");
    this.#lastPlace = last?.place ?? former.place;
    this.#lastSeq = last?.last_seq ?? former.seq;
    return last?.ledger ?? null;
  }

  get lastSeq(): number {
    return this.#lastSeq;
  }

  get lastPlace(): number {
    return this.#lastPlace;
  }

  /** Appends one commit; answers the events as numbered. */
  append(recorded: readonly Recorded[], at: Moment, ledger: string): JournalEvent[] {
    const numbered: JournalEvent[] = [];
    const rows: (string | number | null)[][] = [];
    let [inputs, events, chars]: [string[], string[], number] = [[], [], 0];
    let first = this.#lastSeq + 1;
    const close = (): void => {
      if (inputs.length === 0 && events.length === 0) return;
      this.#lastPlace = Math.max(this.#lastPlace + 1, first * placesPerSeq);
      rows.push([this.#lastPlace, this.#lastSeq, at, `[${inputs.join(",")}]`, `[${events.join(",")}]`, null]);
      [inputs, events, chars, first] = [[], [], 0, this.#lastSeq + 1];
    };
    const put = (into: string[], text: string): void => {
      into.push(text);
      chars += text.length;
    };
    for (const { input, inputId, at: happened, events: bodies } of recorded) {
      if (chars > rowChars) close();
      if (input !== null) put(inputs, inputText(input));
      for (const body of bodies) {
        if (chars > rowChars) close();
        this.#lastSeq += 1;
        const event = { seq: this.#lastSeq, at: happened, ...body, trace: traceOf(body, inputId), inputId };
        put(events, JSON.stringify(event));
        numbered.push({ ...event, project: this.#project });
      }
    }
    close();
    const last = rows.at(-1);
    if (last !== undefined) last[5] = ledger;
    for (const row of rows)
      this.#sql.all("INSERT INTO journal (place, last_seq, at, inputs, events, ledger) VALUES (?, ?, ?, ?, ?, ?)", ...row);
    return numbered;
  }

  /** Puts a newer ledger into the newest row; there is none to put it in before the first commit. */
  keepLedger(ledger: () => string): void {
    if (this.#lastPlace > 0) this.#sql.all("UPDATE journal SET ledger = ? WHERE place = ?", ledger(), this.#lastPlace);
  }

  /** Events after `cursor`, at most about `limit`. */
  page(cursor: number, limit: number, name: ProjectName | null): JournalPage {
    const events: JournalEvent[] = [];
    let chars = 0;
    for (const row of this.#rowsFrom(this.#placeOf(cursor + 1))) {
      chars += row.events.length;
      for (const event of JSON.parse(row.events) as Omit<JournalEvent, "project">[])
        if (event.seq > cursor && events.length < limit) events.push({ ...event, project: this.#project });
      if (events.length >= limit || chars > pageChars) break;
    }
    const upTo = events.at(-1)?.seq ?? cursor;
    return { project: this.#project, name, events, upTo, more: upTo < this.#lastSeq };
  }

  /** Whole entries after the place `cursor` (0 at first), for the archive and for replay. */
  entries(cursor: number, limit: number): EntriesPage {
    const entries: JournalEntry[] = [];
    let [chars, upTo] = [0, cursor];
    for (const row of this.#rowsFrom(cursor + 1)) {
      const events = (JSON.parse(row.events) as Omit<JournalEvent, "project">[]).map((event) => ({ ...event, project: this.#project }));
      entries.push({ seq: events[0]?.seq ?? row.last_seq + 1, at: row.at, inputs: JSON.parse(row.inputs) as unknown[], events });
      upTo = row.place;
      chars += row.events.length + row.inputs.length;
      if (entries.length >= limit || chars > pageChars) break;
    }
    return { entries, upTo, more: upTo < this.#lastPlace };
  }

  /** Deletes rows up to both marks that are older than `before`; the newest row stays. Answers how many went. */
  forget(upToSeq: number, upToPlace: number, before: Moment): number {
    const written = this.#sql.written;
    this.#sql.all(
      `DELETE FROM journal WHERE place IN (SELECT place FROM journal WHERE place <= ? ORDER BY place LIMIT 1000)
       AND last_seq <= ? AND at < ? AND place < ?`,
      upToPlace,
      upToSeq,
      before,
      this.#lastPlace,
    );
    return this.#sql.written - written;
  }

  /** When the oldest row was written. */
  oldest(): Moment | undefined {
    return this.#sql.first<{ at: number }>("SELECT at FROM journal ORDER BY place LIMIT 1")?.at;
  }

  /** Where the row that holds `seq` begins. */
  #placeOf(seq: number): number {
    const row = this.#sql.first<{ place: number | null }>(
      "SELECT MAX(place) AS place FROM journal WHERE place < ?",
      (seq + 1) * placesPerSeq,
    );
    return row?.place ?? 0;
  }

  *#rowsFrom(place: number): Iterable<JournalRow> {
    let from = place;
    for (;;) {
      const rows = this.#sql.all<JournalRow>("SELECT * FROM journal WHERE place >= ? ORDER BY place LIMIT 10", from);
      yield* rows;
      const last = rows.at(-1);
      if (last === undefined || rows.length < 10) return;
      from = last.place + 1;
    }
  }
}

/** Inputs beyond what a row can hold are named only; their tasks and results stand in their own rows. */
function inputText(input: ProjectInput): string {
  const text = JSON.stringify(input);
  return text.length <= rowChars ? text : JSON.stringify({ id: input.id, at: input.at, type: input.type, omitted: text.length });
}
