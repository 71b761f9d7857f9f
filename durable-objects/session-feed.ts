import { DurableObject } from "cloudflare:workers";
import type { AgentId } from "../core/ids.ts";
import { heartbeatRequest, heartbeatResponse } from "../core/protocol/frames.ts";
import { castLines, joined, type OutputPiece } from "../core/sessions/recording.ts";
import { terminalSize } from "../core/sessions/terminal-size.ts";
import { utf8Length, withoutBytes } from "../core/sessions/utf8.ts";
import type { FeedMessage, SessionSnapshot } from "../core/sessions/views.ts";
import { hourMs, secondMs, type Moment } from "../core/time.ts";
import { now } from "../platform/clock.ts";
import { errorText, log } from "../platform/log.ts";
import { AlarmClock } from "./alarm-clock.ts";
import { countCalls, KeptMeter } from "./cost-meter.ts";
import type { ObjectCosts } from "./cost-meter.ts";
import { CountedSql } from "./counted-sql.ts";
import { SessionFeedStore, type FeedFacts } from "./session-feed-store.ts";
import { FeedViewers } from "./session-feed-viewers.ts";
import { recordedOf, writeChunk, writeSnapshot } from "./session-recording.ts";

/** Who writes: `live` when it has the session's live attempt. */
export interface FeedWriter {
  readonly agent: AgentId;
  readonly live: boolean;
}

/** What became of a piece: everything before `end` is kept; or nothing after `end` has come; or it is not taken. */
export type Appended =
  | { readonly status: "kept" | "gap"; readonly end: number }
  | { readonly status: "refused"; readonly reason: "foreign-session" | "malformed" };

export interface FeedState {
  readonly end: number;
  readonly startedAt: Moment | null;
  readonly endedAt: Moment | null;
}

/** A recording as it is now: so many chunks in the archive, and what follows them. */
export interface RecordingParts {
  readonly startedAt: Moment;
  readonly chunks: number;
  /** Event lines of asciicast v3. */
  readonly rest: string;
}

/**
 * What has come is written down soon, but at most so often, or when it is so much: acknowledged only then. Between commits up to a half more time passes,
 * by chance, or feeds that began together would keep the disk waiting together ever after.
 */
const commitLimits = { soonMs: 200, everyMs: 2 * secondMs, bytes: 262_144 } as const;
/**
 * A chunk has so much to twice as much, or what came in two thirds of the time to all of it, by chance for the same reason; after the archive was away
 * at most `mostBytes`: what is written at once is in memory.
 */
const chunkLimits = { ms: 30 * secondMs, bytes: 524_288, mostBytes: 2 * 1_048_576 } as const;
/** A viewer that comes new is sent what is kept in pieces of about this size. */
const tailPieceChars = 65_536;
/** Without output for so long, the recording alone has the stream. */
const idleMs = 24 * hourMs;

/**
 * The terminal stream of one session (named by its id): takes it in order of its bytes, tells it to viewers at once, keeps its end, and writes it as a
 * recording to the archive while it goes. What was acknowledged is kept; what was not is sent again by the runner. A feed that has nothing, not even
 * after a restore, goes on from what the archive has.
 */
export class SessionFeed extends DurableObject<Env> {
  readonly meter: KeptMeter;
  readonly #session: string;
  readonly #store: SessionFeedStore;
  readonly #viewers: FeedViewers;
  readonly #clock: AlarmClock;
  /** Come, and not yet written down. */
  #fresh: OutputPiece[] = [];
  #freshBytes = 0;
  #committedAt = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #waiting: ((end: number) => void)[] = [];
  #opening: Promise<FeedFacts> | undefined;
  #recording: Promise<void> | undefined;
  #chunk = someChunk();
  #unrecordedSince: Moment | undefined;
  #lastAt: Moment = now();

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#session = ctx.id.name ?? "";
    const sql = new CountedSql(ctx.storage.sql);
    this.meter = new KeptMeter(ctx.storage, sql);
    this.#store = new SessionFeedStore(ctx.storage, sql, () => this.meter.wrote());
    this.#viewers = new FeedViewers(ctx);
    ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair(heartbeatRequest, heartbeatResponse));
    if (this.#store.end > (this.#store.facts?.recorded ?? 0)) this.#unrecordedSince = now();
    this.#clock = new AlarmClock(
      ctx,
      () => this.#nextDue(),
      () => this.meter.alarmSet(),
    );
  }

  /**
   * Takes what follows the end; bytes before it are a repeat and ignored, a gap is refused with the end. Resolves when it is kept. A piece without data
   * tells the end. An agent without the live attempt is heard only when it was the last to write.
   */
  async append(writer: FeedWriter, offset: number, text: string): Promise<Appended> {
    if (!this.#admits(writer, await this.#opened(false))) return { status: "refused", reason: "foreign-session" };
    const end = this.#end;
    if (text === "") return { status: "kept", end: await this.#kept(end) };
    if (offset > end) return { status: "gap", end };
    const data = text.toWellFormed();
    const whole = utf8Length(data);
    if (offset + whole <= end) return { status: "kept", end: await this.#kept(offset + whole) };
    const fresh = withoutBytes(data, end - offset);
    if (fresh === undefined) return { status: "refused", reason: "malformed" };
    this.#lastAt = now();
    this.#fresh.push({ at: this.#lastAt, data: fresh });
    this.#freshBytes += offset + whole - end;
    this.#viewers.tell(end, fresh, offset + whole);
    if (this.#freshBytes >= commitLimits.bytes) this.#commit();
    else this.#timer ??= setTimeout(() => this.#commit(), this.#commitWait());
    return { status: "kept", end: await this.#kept(offset + whole) };
  }

  /** Keeps the session's screen; `id` tells snapshots apart, the same one again changes nothing. False: not from this agent. */
  async snapshot(writer: FeedWriter, id: string, snapshot: SessionSnapshot): Promise<boolean> {
    if (!this.#admits(writer, await this.#opened(false))) return false;
    await writeSnapshot(this.env.ARCHIVE, this.#session, id, snapshot);
    return true;
  }

  async state(): Promise<FeedState> {
    const { writer, startedAt, endedAt } = await this.#opened(false);
    return { end: this.#end, startedAt: writer === null && this.#end === 0 ? null : startedAt, endedAt: endedAt ?? null };
  }

  /** What a recording is made of now. */
  async parts(): Promise<RecordingParts> {
    const { startedAt, chunks, recorded, recordedAt } = await this.#opened(false);
    return { startedAt, chunks, rest: castLines([...this.#store.from(recorded), ...this.#fresh], recordedAt) };
  }

  /**
   * The session is over: viewers are told, the recording is completed. What its agent still has is taken. Answers what the feed has cost, the first time
   * only: whoever ends it keeps that, since nobody asks a feed that has ended.
   */
  async end(): Promise<ObjectCosts | null> {
    const facts = await this.#opened();
    if (facts.endedAt !== undefined) return null;
    this.#commit();
    this.#store.setFacts({ ...facts, endedAt: now() });
    this.#viewers.ended();
    await this.#record();
    this.#clock.wind();
    return this.meter.costs();
  }

  /** Its project is forgotten: nothing is left here, viewers are closed. */
  forget(): void {
    clearTimeout(this.#timer ?? null);
    this.#fresh = [];
    this.#freshBytes = 0;
    this.#store.clear();
    this.#opening = undefined;
    this.#viewers.closeAll(1001, "the session's project was deleted");
  }

  viewers(): number {
    return this.#viewers.count;
  }

  costs(): ObjectCosts {
    return this.meter.costs();
  }

  /** Accepts a viewer's socket (426 otherwise) and sends it what is kept from byte `from` on. Who asks has been checked by the Worker. */
  override async fetch(request: Request): Promise<Response> {
    if (request.headers.get("upgrade")?.toLowerCase() !== "websocket") return new Response("WebSocket needed", { status: 426 });
    const facts = await this.#opened(false);
    const asked = Number(new URL(request.url).searchParams.get("from") ?? 0);
    const from = Math.max(this.#store.start, asked);
    const { 0: client, 1: server } = new WebSocketPair();
    this.#viewers.add(server, from);
    server.send(JSON.stringify({ type: "hello", from, end: this.#end, ...terminalSize } satisfies FeedMessage));
    for (const { offset, data } of joined(this.#store.from(from), tailPieceChars)) this.#viewers.send(server, offset, data);
    this.#viewers.send(server, this.#store.end, this.#fresh.map(({ data }) => data).join(""));
    if (facts.endedAt !== undefined) server.send(JSON.stringify({ type: "ended" } satisfies FeedMessage));
    return new Response(null, { status: 101, webSocket: client });
  }

  override webSocketMessage(socket: WebSocket, message: string | ArrayBuffer): void {
    if (!this.#viewers.heard(socket, message)) socket.close(1008, "viewers say only how far they have seen");
  }

  /** Writes what has waited long enough to the archive; after a day without output lets go of what is there. */
  override alarm(): Promise<void> {
    return this.#clock.ring(async (at) => {
      this.#commit();
      if (this.#unrecordedSince !== undefined && at - this.#unrecordedSince >= this.#chunk.ms) await this.#record();
      if (this.#unrecordedSince === undefined && at - this.#lastAt >= idleMs) this.#store.dropRecorded();
    });
  }

  /** Whether an agent may write; one that may is who writes from now on. */
  #admits({ agent, live }: FeedWriter, opened: FeedFacts): boolean {
    // Others may have begun to write while the archive was asked.
    const facts = this.#store.facts ?? opened;
    if (facts.writer === agent) return true;
    if (live) this.#store.setFacts({ ...facts, writer: agent });
    return live;
  }

  get #end(): number {
    return this.#store.end + this.#freshBytes;
  }

  /** Resolves when everything before an offset is kept; with how much is. */
  #kept(offset: number): Promise<number> {
    if (offset <= this.#store.end) return Promise.resolve(this.#store.end);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #commitWait(): number {
    const more = 1 + Math.random() / 2;
    return Math.max(commitLimits.soonMs * more, this.#committedAt + commitLimits.everyMs * more - Date.now());
  }

  #commit(): void {
    clearTimeout(this.#timer ?? null);
    this.#timer = undefined;
    if (this.#fresh.length === 0) return;
    this.#committedAt = Date.now();
    this.#store.append(this.#fresh, this.#freshBytes);
    this.#unrecordedSince ??= this.#fresh[0]?.at;
    this.#fresh = [];
    this.#freshBytes = 0;
    for (const resolve of this.#waiting.splice(0)) resolve(this.#store.end);
    if (this.#store.end - (this.#store.facts?.recorded ?? 0) >= this.#chunk.bytes) void this.#record();
    else this.#clock.wind();
  }

  /** Writes what is kept and not recorded as the next chunk. Never rejects: what could not be written waits for the next time. */
  #record(): Promise<void> {
    this.#recording ??= this.#writeChunks()
      .catch((thrown: unknown) => {
        this.#unrecordedSince = now();
        log("warn", "a chunk of a recording was not written", { session: this.#session, error: errorText(thrown) });
      })
      .finally(() => {
        this.#recording = undefined;
        this.#clock.wind();
      });
    return this.#recording;
  }

  async #writeChunks(): Promise<void> {
    const to = this.#store.end;
    const recorded = () => this.#store.facts?.recorded ?? 0;
    do await this.#writeChunk();
    while (recorded() < Math.min(to, this.#store.end) || this.#store.end - recorded() >= this.#chunk.bytes);
  }

  async #writeChunk(): Promise<void> {
    const { chunks, recorded, recordedAt, startedAt } = this.#store.facts ?? newFacts();
    if (this.#store.end === recorded) return;
    const { pieces, to } = this.#store.take(recorded, chunkLimits.mostBytes);
    const before = { chunks, bytes: recorded, startedAt, at: recordedAt };
    const { bytes, at, chunks: written } = await writeChunk(this.env.ARCHIVE, this.#session, before, { pieces, to });
    const facts = this.#store.facts;
    if (facts === undefined) return; // forgotten meanwhile
    this.#store.setFacts({ ...facts, chunks: written, recorded: bytes, recordedAt: at });
    this.#chunk = someChunk();
    this.#unrecordedSince = this.#store.end > bytes ? now() : undefined;
    this.#store.prune();
  }

  #nextDue(): Moment | undefined {
    if (this.#unrecordedSince !== undefined) return this.#unrecordedSince + this.#chunk.ms;
    return this.#store.start < this.#store.end ? this.#lastAt + idleMs : undefined;
  }

  /** The facts, from the archive when there are none here; written down unless someone only looks at what nobody has written. */
  async #opened(write = true): Promise<FeedFacts> {
    if (this.#store.facts !== undefined) return this.#store.facts;
    this.#opening ??= recordedOf(this.env.ARCHIVE, this.#session).then((recorded) => ({
      ...newFacts(),
      ...(recorded && { startedAt: recorded.startedAt, chunks: recorded.chunks, recorded: recorded.bytes, recordedAt: recorded.at }),
    }));
    const facts = await this.#opening.finally(() => (this.#opening = undefined));
    if (this.#store.facts === undefined && (write || facts.chunks > 0)) this.#store.setFacts(facts);
    return this.#store.facts ?? facts;
  }
}

function someChunk(): { readonly bytes: number; readonly ms: number } {
  return { bytes: chunkLimits.bytes * (1 + Math.random()), ms: chunkLimits.ms * (1 - Math.random() / 3) };
}

function newFacts(): FeedFacts {
  const at = now();
  return { writer: null, startedAt: at, chunks: 0, recorded: 0, recordedAt: at };
}

countCalls(SessionFeed.prototype);
