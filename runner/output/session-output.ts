import type { ReportBody, SnapshotKind } from "../../core/protocol/frames.ts";
import { piecesOf } from "../../core/sessions/utf8.ts";
import { terminalSize } from "../../core/sessions/terminal-size.ts";
import type { AttemptRef } from "../journal.ts";
import { createControlFilter } from "../../core/sessions/control-filter.ts";
import type { OutputSender } from "./output-sender.ts";
import { renderNote } from "./render-event.ts";
import { SessionScreen } from "./session-screen.ts";
import { StreamRedactor } from "./stream-redactor.ts";

const batch = { ms: 100, bytes: 4_096 } as const;
/** A step shows so much; what it writes beyond is not shown. */
const mostPerStep = 16 * 1_048_576;

export interface SessionOutputOptions {
  readonly session: string;
  readonly ref: AttemptRef;
  readonly sender: OutputSender;
  /** What nothing may carry to the mesh, as it is known now. */
  readonly secrets: () => readonly string[];
  readonly report: (body: ReportBody) => void;
  /** In place of 16 MiB. */
  readonly mostBytes?: number;
}

/**
 * The terminal of one step of a session: what is written is filtered and freed of secrets, goes out in batches of 100 ms or 4 KiB, and onto a screen of
 * which snapshots are taken. Never waits for the mesh or the disk's own time.
 */
export class SessionOutput {
  readonly #options: SessionOutputOptions;
  readonly #filter = createControlFilter();
  readonly #redactor: StreamRedactor;
  readonly #screen = new SessionScreen();
  readonly #stream: ReturnType<OutputSender["open"]>;
  /** Snapshots are taken one after the other. */
  #taken: Promise<void> = Promise.resolve();
  #waiting = "";
  #timer: NodeJS.Timeout | undefined;
  #bytes = 0;
  #isFull = false;
  /** Bytes that found no room since the last that did. */
  #lost = 0;
  #isClosed = false;

  constructor(options: SessionOutputOptions) {
    this.#options = options;
    this.#redactor = new StreamRedactor(options.secrets);
    this.#stream = options.sender.open(options.session);
  }

  /** Takes whole lines or what a program writes piece by piece; with `whole` no secret goes on beyond it. */
  write(text: string, whole = false): void {
    if (this.#isFull || this.#isClosed || text === "") return;
    this.#waiting += this.#redactor.write(this.#filter(text)) + (whole ? this.#redactor.end() : "");
    if (this.#waiting.length >= batch.bytes) this.#flush();
    else this.#timer ??= setTimeout(() => this.#flush(), batch.ms);
  }

  /** Reports the screen as it is now. Resolves when that is done. */
  snapshot(kind: SnapshotKind): Promise<void> {
    this.#taken = this.#taken.then(async () => {
      if (this.#isClosed) return;
      this.#flush();
      const screen = await this.#screen.shown();
      const { ref, session, report } = this.#options;
      report({ ...ref, type: "snapshot", sessionId: session, kind, screen: screen.slice(-65_536), ...terminalSize });
    });
    return this.#taken;
  }

  /** The last lines as plain text. */
  tail(characters: number): Promise<string> {
    this.#flush();
    return this.#screen.tail(characters);
  }

  /** The step has ended: everything is written down, and a last screen reported. */
  async close(kind: "end" | "failure"): Promise<void> {
    this.#waiting += this.#redactor.end();
    await this.snapshot(kind);
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#stream.close();
    this.#screen.close();
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const waiting = this.#waiting;
    this.#waiting = "";
    for (const piece of piecesOf(waiting, batch.bytes * 8)) this.#keep(piece);
  }

  #keep(piece: string): void {
    if (this.#isFull) return;
    const most = this.#options.mostBytes ?? mostPerStep;
    const bytes = Buffer.from(piece);
    if (this.#bytes + bytes.length > most) {
      this.#isFull = true;
      this.#put(ended(renderNote(`this step has written ${mostOf(most)}; what it writes from here on is not shown`)));
      return;
    }
    this.#bytes += bytes.length;
    if (this.#lost > 0 && this.#put(ended(renderNote(`${this.#lost} bytes are missing here: the mesh did not take them in time`))))
      this.#lost = 0;
    if (this.#lost > 0 || !this.#put(piece)) this.#lost += bytes.length;
  }

  /** Onto the screen only what viewers get to see as well. */
  #put(text: string): boolean {
    const taken = this.#stream.write(Buffer.from(text));
    if (taken) this.#screen.write(text);
    return taken;
  }
}

function ended(text: string): string {
  return `\u001B[0m${text.replaceAll("\n", "\r\n")}`;
}

function mostOf(bytes: number): string {
  return bytes >= 1_048_576 ? `${Math.floor(bytes / 1_048_576)} MiB` : `${bytes} bytes`;
}
