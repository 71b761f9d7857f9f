import { DurableObject } from "cloudflare:workers";
import type { LiveFrame, LiveMessage } from "../core/project/views.ts";
import { heartbeatRequest, heartbeatResponse } from "../core/protocol/frames.ts";
import type { Moment } from "../core/time.ts";
import { now } from "../platform/clock.ts";
import { randomId } from "../platform/random-id.ts";
import { countCalls, KeptMeter } from "./cost-meter.ts";
import type { ObjectCosts } from "./cost-meter.ts";

/** Who listens, and how far the feed had come when it was last told; kept with the socket, so that both survive hibernation. */
export interface Listener {
  readonly role: "viewer" | "operator";
  readonly feed: string;
  readonly n: number;
  /** When its login ends; absent for those that came with a token. */
  readonly until?: Moment;
}

/** Names the listener's role on the request that the Worker passes on, after it has checked who asks. */
export const roleHeader = "x-mesh-role";
/** Names when the listener's login ends, in epoch milliseconds. */
export const untilHeader = "x-mesh-until";

/** The close code of a login that has ended. */
const loginEnded = 4_401;

/** What was told lately, for those who come back: so many frames, and so much text, are kept in memory. */
const keptFrames = 1_000;
const keptLength = 2_097_152;

/**
 * Tells every open browser what has changed: one hibernating socket each; nothing is stored but what it costs. Frames are numbered, and the last ones are
 * kept in memory, so that whoever lost the socket is sent what it missed; where they are gone it is told to fetch everything anew. Heartbeats are answered
 * without waking it.
 */
export class LiveFeed extends DurableObject<Env> {
  readonly meter: KeptMeter;
  readonly #feed: string;
  #n: number;
  #kept: { readonly n: number; readonly text: string }[] = [];
  #keptLength = 0;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.meter = new KeptMeter(ctx.storage);
    ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair(heartbeatRequest, heartbeatResponse));
    // Who listens through a hibernation goes on in the same numbering; without any listener nobody could miss a number.
    const last = ctx
      .getWebSockets()
      .map((socket) => socket.deserializeAttachment() as Listener)
      .reduce<Listener | undefined>((most, one) => (most && most.n >= one.n ? most : one), undefined);
    this.#feed = last?.feed ?? randomId();
    this.#n = last?.n ?? 0;
  }

  /** Accepts a listener's socket and greets it; everything else is 426. `?since=<feed>.<n>` asks for what came after that. */
  override fetch(request: Request): Response {
    if (request.headers.get("upgrade")?.toLowerCase() !== "websocket") return new Response("WebSocket needed", { status: 426 });
    const { 0: client, 1: server } = new WebSocketPair();
    this.ctx.acceptWebSocket(server);
    const until = Number(request.headers.get(untilHeader) ?? Number.NaN);
    this.#note(server, {
      role: request.headers.get(roleHeader) === "operator" ? "operator" : "viewer",
      ...(Number.isSafeInteger(until) ? { until } : {}),
    });
    const missed = this.#after(new URL(request.url).searchParams.get("since"));
    const n = this.#n - (missed?.length ?? 0);
    server.send(JSON.stringify({ type: "hello", feed: this.#feed, n, resumed: missed !== undefined } satisfies LiveFrame));
    for (const { text } of missed ?? []) server.send(text);
    return new Response(null, { status: 101, webSocket: client });
  }

  /** Sends the messages to every listener, as one frame. */
  publish(messages: readonly LiveMessage[]): void {
    this.#n += 1;
    const text = JSON.stringify({ type: "news", feed: this.#feed, n: this.#n, messages } satisfies LiveFrame);
    this.#keep(text);
    for (const socket of this.ctx.getWebSockets()) {
      if (socket.readyState !== WebSocket.OPEN) continue;
      const listener = socket.deserializeAttachment() as Listener;
      if (listener.until !== undefined && listener.until <= now()) {
        socket.close(loginEnded, "the login has ended");
        continue;
      }
      socket.send(text);
      this.#note(socket, listener);
    }
  }

  /** Ends the sockets of all who came with a login; whoever still has one comes back. */
  endLogins(): void {
    for (const socket of this.ctx.getWebSockets()) {
      if ((socket.deserializeAttachment() as Listener).until !== undefined) socket.close(loginEnded, "the login has ended");
    }
  }

  /** How many listen now, by role. */
  listeners(): { viewer: number; operator: number } {
    const count = { viewer: 0, operator: 0 };
    for (const socket of this.ctx.getWebSockets()) {
      if (socket.readyState === WebSocket.OPEN) count[(socket.deserializeAttachment() as Listener).role] += 1;
    }
    return count;
  }

  costs(): ObjectCosts {
    return this.meter.costs();
  }

  /** Listeners have nothing to say: whoever does is closed. */
  override webSocketMessage(socket: WebSocket): void {
    socket.close(1008, "this socket only tells");
  }

  /** What was told after `since`; undefined when that is not known (any more). */
  #after(since: string | null): readonly { readonly text: string }[] | undefined {
    const [, feed, number] = /^([A-Za-z0-9_-]{1,64})\.(\d{1,15})$/.exec(since ?? "") ?? [];
    const n = Number(number);
    if (feed !== this.#feed || n > this.#n || n < this.#n - this.#kept.length) return undefined;
    return this.#kept.filter((frame) => frame.n > n);
  }

  #keep(text: string): void {
    this.#kept.push({ n: this.#n, text });
    this.#keptLength += text.length;
    while (this.#kept.length > keptFrames || this.#keptLength > keptLength) this.#keptLength -= this.#kept.shift()?.text.length ?? 0;
  }

  #note(socket: WebSocket, { role, until }: Pick<Listener, "role" | "until">): void {
    socket.serializeAttachment({ role, feed: this.#feed, n: this.#n, ...(until === undefined ? {} : { until }) } satisfies Listener);
  }
}

countCalls(LiveFeed.prototype);
