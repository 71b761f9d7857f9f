import { closeCodes, heartbeatRequest, heartbeatResponse, protocolVersion } from "../core/protocol/frames.ts";
import type { MeshFrame } from "../core/protocol/frames.ts";
import type { Moment } from "../core/time.ts";
import { now } from "../platform/clock.ts";
import type { Closing } from "./agent-mailbox-frames.ts";

/** Kept with the socket, so that it survives hibernation. `journal` is null before `hello`. */
interface Connection {
  readonly number: number;
  readonly since: Moment;
  readonly journal: string | null;
  readonly ack: number;
}

/** The agent's one socket: the newest open one. Heartbeats are answered by the platform and wake nothing. */
export class AgentConnection {
  readonly #ctx: DurableObjectState;
  /** Once looked up; only an open one counts. */
  #newest: WebSocket | undefined;

  constructor(ctx: DurableObjectState) {
    this.#ctx = ctx;
    ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair(heartbeatRequest, heartbeatResponse));
  }

  /** Accepts a socket; earlier ones are closed with 4409. Everything but an upgrade is 426. */
  accept(request: Request): Response {
    if (request.headers.get("upgrade")?.toLowerCase() !== "websocket") return new Response("WebSocket needed", { status: 426 });
    const earlier = this.#ctx.getWebSockets();
    const { 0: client, 1: server } = new WebSocketPair();
    const number = Math.max(0, ...earlier.map((socket) => stateOf(socket).number)) + 1;
    this.#ctx.acceptWebSocket(server);
    this.#newest = server;
    attach(server, { number, since: now(), journal: null, ack: 0 });
    for (const socket of earlier) this.close(socket, { code: closeCodes.replaced, reason: "replaced by a newer connection" });
    return new Response(null, { status: 101, webSocket: client });
  }

  get isOpen(): boolean {
    return this.#socket() !== undefined;
  }

  isCurrent(socket: WebSocket): boolean {
    return socket === this.#socket();
  }

  /** What the agent's hello said on the open socket; null before it, and without a socket. */
  get greeted(): { readonly number: number; readonly journal: string; readonly ack: number } | null {
    const socket = this.#socket();
    if (socket === undefined) return null;
    const { number, journal, ack } = stateOf(socket);
    return journal === null ? null : { number, journal, ack };
  }

  /** Answers hello; from now on frames may be sent. */
  welcome(socket: WebSocket, journal: string, ack: number): void {
    attach(socket, { ...stateOf(socket), journal, ack });
    socket.send(textOf({ type: "welcome", version: protocolVersion, ack }));
  }

  /** Acknowledges the reports of this journal, when it is the one of the open socket. */
  acknowledge(journal: string | null, ack: number): void {
    const socket = this.#socket();
    if (socket === undefined || journal === null || stateOf(socket).journal !== journal) return;
    attach(socket, { ...stateOf(socket), ack });
    socket.send(textOf({ type: "ack", seq: ack }));
  }

  /** Sends frames when the agent has said hello; answers on which connection, or null. */
  send(frames: readonly MeshFrame[]): number | null {
    const greeted = this.greeted;
    if (greeted === null) return null;
    for (const frame of frames) this.#socket()?.send(textOf(frame));
    return greeted.number;
  }

  close(socket: WebSocket, { code, reason }: Closing): void {
    if (socket.readyState === WebSocket.OPEN) socket.close(code, reason);
  }

  /** Closes the open socket; answers it. */
  hangUp(closing: Closing): WebSocket | undefined {
    const socket = this.#socket();
    if (socket !== undefined) this.close(socket, closing);
    return socket;
  }

  /** The last sign of life that the open socket (or this one) knows of: its opening, or a heartbeat answered. 0 without a socket. */
  lastContact(socket = this.#socket()): Moment {
    if (socket === undefined) return 0;
    return Math.max(stateOf(socket).since, this.#ctx.getWebSocketAutoResponseTimestamp(socket)?.getTime() ?? 0);
  }

  #socket(): WebSocket | undefined {
    if (this.#newest?.readyState === WebSocket.OPEN) return this.#newest;
    let newest: WebSocket | undefined;
    for (const socket of this.#ctx.getWebSockets()) {
      if (socket.readyState !== WebSocket.OPEN) continue;
      if (newest === undefined || stateOf(socket).number > stateOf(newest).number) newest = socket;
    }
    this.#newest = newest;
    return newest;
  }
}

/** What is attached to sockets, as it was read or written last: asked for with every frame. */
const attached = new WeakMap<WebSocket, Connection>();

function stateOf(socket: WebSocket): Connection {
  const known = attached.get(socket);
  if (known !== undefined) return known;
  const connection = socket.deserializeAttachment() as Connection;
  attached.set(socket, connection);
  return connection;
}

function attach(socket: WebSocket, connection: Connection): void {
  socket.serializeAttachment(connection);
  attached.set(socket, connection);
}

function textOf(frame: MeshFrame): string {
  return JSON.stringify(frame);
}
