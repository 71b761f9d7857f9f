import { randomUUID } from "node:crypto";
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import type { Assignment, Command, QuestionItem, Report, ReportBody } from "../core/protocol/frames.ts";
import type { Moment } from "../core/time.ts";

/** Stored. One line of the journal file, or one of those that a line has together. Fields are only added, as optional. */
type Entry =
  | { readonly t: "journal"; readonly id: string; readonly ack: number; readonly nextSeq: number }
  | { readonly t: "assigned"; readonly assignment: Assignment; readonly at: Moment }
  | { readonly t: "command"; readonly command: Command }
  | { readonly t: "report"; readonly report: Report }
  | { readonly t: "ack"; readonly seq: number }
  | { readonly t: "ended"; readonly taskId: string; readonly attempt: number };

export interface AttemptRef {
  readonly taskId: string;
  readonly attempt: number;
}

/** A question that the session asked; `answers` once the mesh has sent them. */
export interface AskRecord {
  readonly askId: string;
  readonly questions: readonly QuestionItem[];
  answers?: readonly string[];
}

/** What the journal knows of an attempt that has not ended. */
export interface AttemptRecord {
  readonly assignment: Assignment;
  readonly assignedAt: Moment;
  conversationId?: string;
  plan?: string;
  readonly asks: AskRecord[];
  /** Commands received and not yet given to the session. */
  readonly pending: Command[];
}

/** The durable memory of a runner: what it was told, what it reported, and what of that the mesh has. */
export interface Journal {
  readonly id: string;
  /** Every report up to this number is committed by the mesh. */
  readonly lastAck: number;
  /** On disk (synced) when it returns; only then may it be sent. */
  report(body: ReportBody): Report;
  /** For what nothing is done upon before `synced`: goes to disk with whatever else is said within a few milliseconds, in the order it was said. */
  reportSoon(body: ReportBody, onSynced?: () => void): void;
  /** Resolves when everything that was reported is on disk. */
  synced(): Promise<void>;
  /** On disk when it returns; false when this attempt is known already, live or ended. */
  assigned(assignment: Assignment): boolean;
  /** On disk when it returns; `repeated` when this command was received before, `unknown` for an attempt never assigned, `ended` for one that ended. */
  received(command: Command): "new" | "repeated" | "unknown" | "ended";
  /** Forgets reports up to `seq`; on disk with whatever is written next. What a crash loses of it is sent once more, which the mesh knows. */
  acknowledged(seq: number): void;
  unacknowledged(): readonly Report[];
  live(): readonly AttemptRecord[];
  attempt(ref: AttemptRef): AttemptRecord | undefined;
  close(): void;
}

/** They tell how the work goes; several of them share an fsync. Of an allowed use of a tool the tool waits for it. */
export const maySoon: ReadonlySet<ReportBody["type"]> = new Set(["tool-decision", "progress", "usage", "checkpoint", "snapshot"]);

const ending = new Set<ReportBody["type"]>(["task-done", "task-failed", "task-declined", "stopped", "parked"]);
const rememberEnded = 2_000;
const compactAboveBytes = 512 * 1024;
/** What is reported within so long shares an fsync. */
const together = { ms: 5 } as const;

/**
 * Opens the journal in a folder, or begins one. A torn last line (a crash while writing) is cut off: it was never acted on. A damaged file is set
 * aside under another name and a new journal begins; its attempts are then unknown here and the mesh counts them as lost.
 */
export function openJournal(folder: string, clock: () => Moment = Date.now): Journal {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, "journal.log");
  let read = readEntries(path);
  if (read === "damaged") {
    renameSync(path, join(folder, `journal.damaged-${clock()}.log`));
    read = [];
  }
  return new FileJournal(folder, path, read, clock);
}

class FileJournal implements Journal {
  id = "";
  lastAck = 0;
  #nextSeq = 1;
  #file = -1;
  #bytes = 0;
  #compactAt = compactAboveBytes;
  /** Not yet on disk, in the order they were said. */
  #waiting: { readonly at: Moment; readonly body: ReportBody }[] = [];
  readonly #onSynced: (() => void)[] = [];
  #timer: NodeJS.Timeout | undefined;
  /** `lastAck` is newer than the file. */
  #ackIsNews = false;
  readonly #unacknowledged: Report[] = [];
  readonly #attempts = new Map<string, { readonly record: AttemptRecord; readonly entries: Entry[] }>();
  readonly #ended = new Set<string>();
  readonly #commands = new Set<string>();
  readonly #folder: string;
  readonly #path: string;
  readonly #clock: () => Moment;

  constructor(folder: string, path: string, entries: readonly Entry[], clock: () => Moment) {
    this.#folder = folder;
    this.#path = path;
    this.#clock = clock;
    for (const entry of entries) this.#apply(entry);
    if (this.id === "") this.id = randomUUID();
    this.#unacknowledged.sort((a, b) => a.seq - b.seq);
    this.#compact();
  }

  report(body: ReportBody): Report {
    const report: Report = { seq: this.#nextSeq + this.#waiting.length, at: this.#clock(), body };
    this.#write({ t: "report", report });
    return report;
  }

  reportSoon(body: ReportBody, onSynced?: () => void): void {
    if (onSynced !== undefined) this.#onSynced.push(onSynced);
    this.#waiting.push({ at: this.#clock(), body });
    this.#timer ??= setTimeout(() => this.#write(), together.ms);
  }

  synced(): Promise<void> {
    if (this.#waiting.length === 0) return Promise.resolve();
    return new Promise((resolve) => this.#onSynced.push(resolve));
  }

  assigned(assignment: Assignment): boolean {
    const key = keyOf(assignment);
    if (this.#attempts.has(key) || this.#ended.has(key)) return false;
    this.#write({ t: "assigned", assignment, at: this.#clock() });
    return true;
  }

  received(command: Command): "new" | "repeated" | "unknown" | "ended" {
    if (this.#commands.has(command.commandId)) return "repeated";
    const key = keyOf(command);
    if (this.#ended.has(key)) return "ended";
    if (!this.#attempts.has(key)) return "unknown";
    this.#write({ t: "command", command });
    return "new";
  }

  acknowledged(seq: number): void {
    if (seq <= this.lastAck || seq >= this.#nextSeq) return;
    this.#apply({ t: "ack", seq });
    this.#ackIsNews = true;
    if (this.#bytes > this.#compactAt) this.#compact();
  }

  unacknowledged(): readonly Report[] {
    return this.#unacknowledged;
  }

  live(): readonly AttemptRecord[] {
    return [...this.#attempts.values()].map(({ record }) => record);
  }

  attempt(ref: AttemptRef): AttemptRecord | undefined {
    return this.#attempts.get(keyOf(ref))?.record;
  }

  close(): void {
    if (this.#file >= 0) {
      this.#write();
      closeSync(this.#file);
    }
    this.#file = -1;
  }

  /** Writes what waits, and the entry after it, and syncs once for all of it. */
  #write(last?: Entry): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const waiting = this.#waiting.map((said, at): Entry => ({ t: "report", report: { seq: this.#nextSeq + at, ...said } }));
    const entries = [
      ...(this.#ackIsNews ? [{ t: "ack", seq: this.lastAck } satisfies Entry] : []),
      ...waiting,
      ...(last === undefined ? [] : [last]),
    ];
    if (entries.length === 0) return;
    const line = lineOf(...entries);
    writeAll(this.#file, line);
    fsyncSync(this.#file);
    this.#bytes += line.length;
    this.#waiting = [];
    this.#ackIsNews = false;
    for (const entry of entries) this.#apply(entry);
    for (const resolve of this.#onSynced.splice(0)) resolve();
  }

  #apply(entry: Entry): void {
    switch (entry.t) {
      case "journal":
        this.id = entry.id;
        this.lastAck = entry.ack;
        this.#nextSeq = entry.nextSeq;
        return;
      case "assigned":
        this.#attempts.set(keyOf(entry.assignment), {
          record: { assignment: entry.assignment, assignedAt: entry.at, asks: [], pending: [] },
          entries: [entry],
        });
        return;
      case "command": {
        this.#commands.add(entry.command.commandId);
        const attempt = this.#attempts.get(keyOf(entry.command));
        attempt?.entries.push(entry);
        attempt?.record.pending.push(entry.command);
        return;
      }
      case "ack":
        this.lastAck = Math.max(this.lastAck, entry.seq);
        while (this.#unacknowledged[0] !== undefined && this.#unacknowledged[0].seq <= entry.seq) this.#unacknowledged.shift();
        return;
      case "ended":
        this.#end(`${entry.taskId} ${entry.attempt}`);
        return;
      case "report":
        this.#applyReport(entry);
        return;
    }
  }

  #applyReport(entry: Extract<Entry, { t: "report" }>): void {
    const { report } = entry;
    this.#nextSeq = Math.max(this.#nextSeq, report.seq + 1);
    if (report.seq > this.lastAck) this.#unacknowledged.push(report);
    const { body } = report;
    const key = keyOf(body);
    if (ending.has(body.type)) return this.#end(key);
    const attempt = this.#attempts.get(key);
    if (attempt === undefined) return;
    const { record } = attempt;
    if (body.type === "session-started") record.conversationId = body.conversationId;
    else if (body.type === "plan") record.plan = body.markdown;
    else if (body.type === "ask") record.asks.push({ askId: body.askId, questions: body.questions });
    else if (body.type === "command-received") {
      const at = record.pending.findIndex(({ commandId }) => commandId === body.commandId);
      const [command] = at < 0 ? [] : record.pending.splice(at, 1);
      if (command?.body.type === "answer" && body.applied) {
        const { askId, answers } = command.body;
        const ask = record.asks.find((one) => one.askId === askId);
        if (ask !== undefined) ask.answers = answers;
      }
    } else return; // progress, usage and the like are not needed to go on
    attempt.entries.push(entry);
  }

  #end(key: string): void {
    this.#attempts.delete(key);
    this.#ended.add(key);
    for (const oldest of this.#ended) {
      if (this.#ended.size <= rememberEnded) break;
      this.#ended.delete(oldest);
    }
  }

  /** Writes what is still needed to a new file and puts it in the old one's place: a crash leaves one or the other, whole. */
  #compact(): void {
    const lines = [lineOf({ t: "journal", id: this.id, ack: this.lastAck, nextSeq: this.#nextSeq })];
    for (const key of this.#ended) {
      const space = key.lastIndexOf(" ");
      lines.push(lineOf({ t: "ended", taskId: key.slice(0, space), attempt: Number(key.slice(space + 1)) }));
    }
    const kept = new Set<Entry>();
    for (const { entries } of this.#attempts.values()) for (const entry of entries) kept.add(entry);
    for (const entry of kept) lines.push(lineOf(entry));
    const keptSeqs = new Set([...kept].flatMap((entry) => (entry.t === "report" ? [entry.report.seq] : [])));
    const others = this.#unacknowledged.filter(({ seq }) => !keptSeqs.has(seq));
    for (const report of others) lines.push(lineOf({ t: "report", report }));
    const whole = Buffer.concat(lines);
    const fresh = `${this.#path}.new`;
    const file = openSync(fresh, "w", 0o600);
    writeAll(file, whole);
    fsyncSync(file);
    closeSync(file);
    renameSync(fresh, this.#path);
    syncFolder(this.#folder);
    if (this.#file >= 0) closeSync(this.#file);
    this.#file = openSync(this.#path, "a", 0o600);
    this.#ackIsNews = false;
    this.#bytes = whole.length;
    this.#compactAt = Math.max(compactAboveBytes, whole.length * 2);
  }
}

function keyOf(ref: AttemptRef): string {
  return `${ref.taskId} ${ref.attempt}`;
}

/** What is synced together is one line under one checksum: a power loss, which may leave any part of it unwritten, tears the last line and no other. */
function lineOf(...entries: readonly Entry[]): Buffer {
  const json = JSON.stringify(entries.length === 1 ? entries[0] : entries);
  return Buffer.from(`${crc32(json).toString(16).padStart(8, "0")} ${json}\n`);
}

function writeAll(file: number, bytes: Buffer): void {
  for (let at = 0; at < bytes.length;) at += writeSync(file, bytes, at);
}

function syncFolder(folder: string): void {
  const handle = openSync(folder, "r");
  fsyncSync(handle);
  closeSync(handle);
}

/** Entries of a journal file without a torn last line; `damaged` when a line that is not the last is wrong. */
function readEntries(path: string): Entry[] | "damaged" {
  if (!existsSync(path)) return [];
  const content = readFileSync(path);
  const entries: Entry[] = [];
  let at = 0;
  while (at < content.length) {
    const end = content.indexOf(10, at);
    if (end < 0) break;
    const json = content.toString("utf8", at + 9, end);
    if (content.toString("latin1", at, at + 9) !== `${crc32(json).toString(16).padStart(8, "0")} `) {
      if (end + 1 < content.length) return "damaged";
      break;
    }
    const parsed = JSON.parse(json) as Entry | Entry[];
    entries.push(...(Array.isArray(parsed) ? parsed : [parsed]));
    at = end + 1;
  }
  return entries;
}
