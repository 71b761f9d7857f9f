import type { MeshFrame } from "../core/protocol/frames.ts";
import { utf8Length } from "../core/sessions/utf8.ts";
import type { Appended } from "./session-feed.ts";

/** Pieces that follow one another go to the feed together: the first at once, the next after so long or when they are so much. */
export const batchLimits = { ms: 150, bytes: 32_768 } as const;
/** So much is held until the feed has kept it, for one session (twice what a runner has on its way) and for all of an agent. */
export const heldLimits = { session: 2 * 1_048_576, agent: 32 * 1_048_576 } as const;

/** What a lane says to the agent of its session. */
export type OutputSaid = Extract<MeshFrame, { type: "output-ack" | "output-refused" }>;

/** What a lane needs of its mailbox. */
export interface LaneOptions {
  readonly session: string;
  /** Bytes that all lanes of the agent hold. */
  readonly held: { bytes: number };
  /** Hands a text on to the feed; calls arrive in their order. */
  readonly append: (offset: number, data: string) => Promise<Appended>;
  readonly tell: (said: OutputSaid) => void;
  /** The feed takes nothing of this session from this agent. */
  readonly refused: (reason: "foreign-session" | "malformed") => void;
  readonly failed: (thrown: unknown) => void;
}

/** Pieces joined, and how far they go. */
interface Batch {
  readonly offset: number;
  end: number;
  data: string;
}

/**
 * One session's way from its agent to its feed. Pieces are joined, handed on without waiting for those before, and acknowledged when they are kept. What
 * is more than can be held is let go, and asked for again when what was held is kept.
 */
export class OutputLane {
  readonly #options: LaneOptions;
  #batch: Batch | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #held = 0;
  /** Pieces were let go: the agent is told to send them again when nothing is held. */
  #isFull = false;
  /** Where the next piece has to begin after the agent was told to go back; undefined: anywhere. */
  #backTo: number | undefined;
  /** How often the agent was told to go back. What was handed on before says nothing of what comes after. */
  #turns = 0;
  #acknowledged = -1;
  #isClosed = false;

  constructor(options: LaneOptions) {
    this.#options = options;
  }

  /** Takes a piece; its acknowledgement or refusal is told. One without data asks how far the feed is. */
  take(offset: number, text: string): void {
    // Joined, two halves of a pair would be fewer bytes than apart.
    const data = text.toWellFormed();
    const bytes = utf8Length(data);
    if (this.#backTo !== undefined && offset > this.#backTo) return; // on its way when the agent was told
    if (data === "") return this.#ask(offset);
    if (this.#isFull || this.#isTooMuch(bytes)) {
      this.#isFull = true;
      return;
    }
    this.#backTo = undefined;
    this.#hold(bytes);
    this.#join(offset, data, bytes);
  }

  /** Hands on what waits to be joined. */
  flush(): void {
    const batch = this.#batch;
    if (batch === undefined) return;
    this.#batch = undefined;
    const [bytes, turn] = [batch.end - batch.offset, this.#turns];
    void this.#options.append(batch.offset, batch.data).then(
      (appended) => {
        this.#hold(-bytes);
        if (!this.#isClosed) this.#answered(appended, turn);
      },
      (thrown: unknown) => this.#failed(thrown, bytes),
    );
  }

  /** Nothing of it counts any more, and nothing is told. */
  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer ?? null);
    if (this.#batch !== undefined) this.#hold(this.#batch.offset - this.#batch.end);
    this.#batch = undefined;
  }

  #join(offset: number, data: string, bytes: number): void {
    if (this.#batch?.end !== offset) this.flush();
    this.#batch ??= { offset, end: offset, data: "" };
    this.#batch.data += data;
    this.#batch.end += bytes;
    if (this.#batch.end - this.#batch.offset >= batchLimits.bytes) this.flush();
    else if (this.#timer === undefined) this.#next();
  }

  /** What there is goes now; while there is something each time, it goes at this pace. */
  #next(): void {
    this.#timer = undefined;
    if (this.#batch === undefined) return;
    this.flush();
    this.#timer = setTimeout(() => this.#next(), batchLimits.ms);
  }

  #ask(offset: number): void {
    this.flush();
    void this.#options.append(offset, "").then(
      (appended) => {
        if (this.#isClosed) return;
        if (appended.status === "refused") return this.#options.refused(appended.reason);
        this.#acknowledge(appended.end);
      },
      (thrown: unknown) => this.#failed(thrown, 0),
    );
  }

  #answered(appended: Appended, turn: number): void {
    if (appended.status === "refused") return this.#options.refused(appended.reason);
    if (this.#isFull && this.#held === 0) {
      this.#isFull = false;
      return this.#goBack(appended.end);
    }
    if (appended.status === "gap" && turn === this.#turns) return this.#goBack(appended.end);
    if (appended.status === "kept" && appended.end > this.#acknowledged) this.#acknowledge(appended.end);
  }

  #goBack(end: number): void {
    this.#backTo = end;
    this.#turns += 1;
    this.#acknowledged = end;
    this.#options.tell({ type: "output-ack", sessionId: this.#options.session, offset: end, again: true });
  }

  #acknowledge(end: number): void {
    this.#acknowledged = end;
    this.#options.tell({ type: "output-ack", sessionId: this.#options.session, offset: end });
  }

  #failed(thrown: unknown, bytes: number): void {
    this.#hold(-bytes);
    if (!this.#isClosed) this.#options.failed(thrown);
  }

  /** A lane that holds nothing takes a piece in any case, so that each goes on. */
  #isTooMuch(bytes: number): boolean {
    return this.#held > 0 && (this.#held + bytes > heldLimits.session || this.#options.held.bytes + bytes > heldLimits.agent);
  }

  #hold(more: number): void {
    this.#held += more;
    this.#options.held.bytes += more;
  }
}
