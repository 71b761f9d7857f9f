import { utf8Length, withoutBytes } from "../core/sessions/utf8.ts";
import { tooSlowCode, type FeedMessage } from "../core/sessions/views.ts";

/** So much is sent to a viewer beyond what it says it has seen. */
const mostUnseenBytes = 4 * 1_048_576;

interface Position {
  /** What it was sent so far ends here. */
  next: number;
  /** It has come so far, by its own word. */
  seen: number;
}

/** Whoever watches a session, each on a hibernating socket. The platform does not tell how much waits to be sent, so viewers do. */
export class FeedViewers {
  readonly #ctx: DurableObjectState;
  readonly #positions = new WeakMap<WebSocket, Position>();
  /** Looked up once since the object woke. */
  #sockets: WebSocket[] | undefined;

  constructor(ctx: DurableObjectState) {
    this.#ctx = ctx;
  }

  get count(): number {
    return this.#open().length;
  }

  /** Takes a viewer that wants what begins at `from`. */
  add(socket: WebSocket, from: number): void {
    const others = this.#open();
    this.#ctx.acceptWebSocket(socket);
    this.#sockets = [...others, socket];
    this.#positions.set(socket, { next: from, seen: from });
  }

  /** Sends a piece to one viewer, but what it had already; one that does not keep up is cut off. */
  send(socket: WebSocket, offset: number, data: string, end = offset + utf8Length(data), whole?: string): void {
    // After hibernation everything before has long been sent.
    const position = this.#positions.get(socket) ?? { next: offset, seen: offset };
    this.#positions.set(socket, position);
    if (socket.readyState !== WebSocket.OPEN || end <= position.next) return;
    if (end - position.seen > mostUnseenBytes) return socket.close(tooSlowCode, "too slow: connect again from your offset");
    const from = Math.max(offset, position.next);
    const rest = from === offset ? data : withoutBytes(data, from - offset);
    if (rest === undefined) return socket.close(tooSlowCode, "the offset cuts a character: connect again");
    socket.send(from === offset && whole !== undefined ? whole : textOf({ type: "output", offset: from, data: rest }));
    position.next = end;
  }

  /** Sends a piece that ends at `end` to everyone. */
  tell(offset: number, data: string, end: number): void {
    const sockets = this.#open();
    if (sockets.length === 0) return;
    const whole = textOf({ type: "output", offset, data });
    for (const socket of sockets) this.send(socket, offset, data, end, whole);
  }

  /** The stream is over. */
  ended(): void {
    for (const socket of this.#open()) socket.send(textOf({ type: "ended" }));
  }

  /** A viewer has come so far. False: that is no such message. */
  heard(socket: WebSocket, message: string | ArrayBuffer): boolean {
    const offset = typeof message === "string" ? seenIn(message) : undefined;
    if (offset === undefined) return false;
    const position = this.#positions.get(socket);
    if (position !== undefined) position.seen = Math.min(position.next, Math.max(position.seen, offset));
    return true;
  }

  closeAll(code: number, reason: string): void {
    for (const socket of this.#open()) socket.close(code, reason);
  }

  #open(): WebSocket[] {
    this.#sockets = (this.#sockets ?? this.#ctx.getWebSockets()).filter(({ readyState }) => readyState === WebSocket.OPEN);
    return this.#sockets;
  }
}

function textOf(message: FeedMessage): string {
  return JSON.stringify(message);
}

function seenIn(message: string): number | undefined {
  const [, digits] = /^\{"type":"seen","offset":(\d{1,16})\}$/.exec(message) ?? [];
  return digits === undefined ? undefined : Number(digits);
}
