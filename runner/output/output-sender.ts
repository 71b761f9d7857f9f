import type { AgentFrame } from "../../core/protocol/frames.ts";
import type { Log } from "../log.ts";
import type { OutputSaid } from "../mesh-link.ts";
import { OutputSpool } from "./output-spool.ts";

type OutputFrame = Extract<AgentFrame, { type: "output" }>;

/** One frame carries so much at most; a frame may have 64 KiB. */
const pieceBytes = 32_768;
/** So much is on its way unacknowledged. */
const windowBytes = 1_048_576;

interface Stream {
  readonly spool: OutputSpool;
  /** Where the next piece to send begins; undefined until the mesh has told on this connection how far it is. */
  next: number | undefined;
  /** Steps that write to it. */
  writers: number;
}

/**
 * Brings what sessions write to the mesh: in order, from where the mesh says it is, again after every reconnect and restart until it is acknowledged.
 * Never waits and never holds a writer up.
 */
export class OutputSender {
  readonly #folder: string;
  readonly #send: (frame: OutputFrame) => boolean;
  readonly #log: Log;
  readonly #streams = new Map<string, Stream>();
  readonly #onSettled = new Set<() => void>();

  /** `send` answers false when a frame cannot go out now. What an earlier runner has left in the folder is sent, too. */
  constructor(folder: string, send: (frame: OutputFrame) => boolean, log: Log) {
    this.#folder = folder;
    this.#send = send;
    this.#log = log;
    for (const spool of OutputSpool.all(folder)) this.#streams.set(spool.session, { spool, next: undefined, writers: 0 });
  }

  /** A step begins to write; `close` when it has ended. */
  open(session: string): { readonly write: (data: Buffer) => boolean; readonly close: () => void } {
    const stream = this.#streams.get(session) ?? { spool: OutputSpool.open(this.#folder, session), next: undefined, writers: 0 };
    this.#streams.set(session, stream);
    stream.writers += 1;
    if (stream.next === undefined) this.#ask(stream);
    return {
      write: (data) => {
        // A refused stream is no longer among them; what is written to it is not kept.
        if (this.#streams.get(session) !== stream) return true;
        const taken = stream.spool.append(data);
        this.#pump(stream);
        return taken;
      },
      close: () => {
        stream.writers -= 1;
        this.#letGo(stream);
      },
    };
  }

  /** A connection stands: the mesh is asked how far it is with each stream. */
  connected(): void {
    for (const stream of this.#streams.values()) {
      stream.next = undefined;
      this.#ask(stream);
    }
  }

  /** What the mesh says of a stream: how far it is, or that it takes nothing of it. */
  heard(said: OutputSaid): void {
    if (said.type === "output-refused") this.#refused(said.sessionId, said.reason);
    else this.#acknowledged(said.sessionId, said.offset, said.again === true);
  }

  #acknowledged(session: string, offset: number, again: boolean): void {
    const stream = this.#streams.get(session);
    if (stream === undefined) return;
    const place = placeOf(stream.spool, offset, (reason) => this.#log("warn", reason, { session }));
    stream.spool.acknowledge(place);
    if (again || stream.next === undefined) stream.next = place;
    this.#pump(stream);
    this.#letGo(stream);
  }

  #refused(session: string, reason: string): void {
    const stream = this.#streams.get(session);
    if (stream === undefined) return;
    this.#log("warn", "the mesh takes no output of this session from here", { session, reason });
    this.#streams.delete(session);
    stream.spool.remove();
    this.#tellSettled();
  }

  /** Resolves when everything is acknowledged, or after so long. */
  settled(withinMs: number): Promise<void> {
    if (this.#isSettled()) return Promise.resolve();
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.#onSettled.delete(done);
        resolve();
      };
      const timer = setTimeout(done, withinMs);
      this.#onSettled.add(done);
    });
  }

  #ask({ spool }: Stream): void {
    this.#send({ type: "output", sessionId: spool.session, offset: 0, data: "" });
  }

  #pump(stream: Stream): void {
    const { spool } = stream;
    while (stream.next !== undefined && spool.base !== null && stream.next - spool.acknowledged < windowBytes) {
      const data = spool.read(stream.next, pieceBytes);
      if (data === "" || !this.#send({ type: "output", sessionId: spool.session, offset: spool.base + stream.next, data })) return;
      stream.next += Buffer.byteLength(data);
    }
  }

  #letGo(stream: Stream): void {
    const { spool, writers } = stream;
    if (spool.end > spool.acknowledged) return;
    // The next step's spool begins where the mesh then is.
    if (writers === 0 && this.#streams.get(spool.session) === stream) {
      this.#streams.delete(spool.session);
      spool.remove();
    }
    this.#tellSettled();
  }

  #isSettled(): boolean {
    return [...this.#streams.values()].every(({ spool }) => spool.end === spool.acknowledged);
  }

  #tellSettled(): void {
    if (this.#isSettled()) for (const done of this.#onSettled) done();
  }
}

/** Where an offset of the session's stream lies in the spool. A spool that does not fit the mesh's end is moved so that nothing is missing or doubled. */
function placeOf(spool: OutputSpool, offset: number, warn: (reason: string) => void): number {
  if (spool.base === null) spool.rebase(offset - spool.acknowledged);
  const place = offset - (spool.base ?? 0);
  if (place < spool.acknowledged) {
    warn("the mesh has lost output that it had acknowledged; what is left here follows what it has");
    spool.rebase(offset - spool.acknowledged);
    return spool.acknowledged;
  }
  if (place > spool.end) {
    // Another runner has gone on with the session.
    spool.rebase(offset - spool.end);
    return spool.end;
  }
  return place;
}
