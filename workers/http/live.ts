import { roleHeader, untilHeader } from "../../durable-objects/live-feed.ts";
import { problem } from "./errors.ts";
import type { Routes } from "./routes.ts";

/** `GET /live`: the socket on which browsers hear what changed. */
export function addLive(routes: Routes): void {
  routes.add(
    {
      method: "get",
      path: "/live",
      tag: "live",
      summary:
        "WebSocket that says what changed; `since=<feed>.<n>`, the last number seen, asks for what came after it, and the greeting says whether that is there",
      access: "viewer",
      answers: { 101: "connected", 403: "foreign origin", 426: "not a WebSocket request" },
    },
    (c) => {
      if (c.req.header("upgrade")?.toLowerCase() !== "websocket") return needsWebSocket();
      const request = withoutCredentials(c.req.raw);
      request.headers.set(roleHeader, c.get("role"));
      const until = c.get("until");
      if (until !== undefined) request.headers.set(untilHeader, String(until));
      else request.headers.delete(untilHeader);
      return c.env.LIVE.getByName("live").fetch(request);
    },
  );
}

/** The answer to a plain request of a socket's address. */
export function needsWebSocket(): Response {
  return problem(426, "websocket-needed", "This address speaks WebSocket.", undefined, { upgrade: "websocket", connection: "upgrade" });
}

/** The same request without what must not reach an object. */
export function withoutCredentials(request: Request): Request {
  const headers = new Headers(request.headers);
  headers.delete("authorization");
  headers.delete("cookie");
  headers.delete("sec-websocket-protocol");
  return new Request(request, { headers });
}
