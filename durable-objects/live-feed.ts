import { DurableObject } from "cloudflare:workers";
import type { LiveMessage } from "../core/project/views.ts";
import { heartbeatRequest, heartbeatResponse } from "../core/protocol/frames.ts";
import { countCalls, KeptMeter } from "./cost-meter.ts";
import type { ObjectCosts } from "./cost-meter.ts";

/** Who listens; kept with the socket, so that it survives hibernation. */
export interface Listener {
  readonly role: "viewer" | "operator";
}

/** Names the listener's role on the request that the Worker passes on, after it has checked who asks. */
export const roleHeader = "x-mesh-role";

/**
 * Tells every open browser what has changed: one hibernating socket each; nothing is stored but what it costs. Who connects anew refetches, so a message
 * that was lost costs nothing. Heartbeats are answered without waking it.
 */
export class LiveFeed extends DurableObject<Env> {
  readonly meter: KeptMeter;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.meter = new KeptMeter(ctx.storage);
    ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair(heartbeatRequest, heartbeatResponse));
  }

  /** Accepts a listener's socket; everything else is 426. */
  override fetch(request: Request): Response {
    if (request.headers.get("upgrade")?.toLowerCase() !== "websocket") return new Response("WebSocket needed", { status: 426 });
    const { 0: client, 1: server } = new WebSocketPair();
    this.ctx.acceptWebSocket(server);
    const listener: Listener = { role: request.headers.get(roleHeader) === "operator" ? "operator" : "viewer" };
    server.serializeAttachment(listener);
    return new Response(null, { status: 101, webSocket: client });
  }

  /** Sends each message to every listener, as one JSON text each. */
  publish(messages: readonly LiveMessage[]): void {
    const texts = messages.map((message) => JSON.stringify(message));
    for (const socket of this.ctx.getWebSockets()) {
      if (socket.readyState !== WebSocket.OPEN) continue;
      for (const text of texts) socket.send(text);
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
}

countCalls(LiveFeed.prototype);
