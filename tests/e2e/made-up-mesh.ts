import { readFile } from "node:fs/promises";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join } from "node:path";
import type { Duplex } from "node:stream";
import { WebSocketServer, type WebSocket } from "ws";
import type { LiveFrame, LiveMessage } from "../../core/project/views.ts";
import { heartbeatRequest, heartbeatResponse } from "../../core/protocol/heartbeat.ts";
import type { FeedMessage } from "../../core/sessions/views.ts";

const contentTypes: Readonly<Record<string, string>> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".webmanifest": "application/manifest+json",
};

/**
 * What the made-up API answers, by `METHOD /path` without the query; a number is a status without a body, a text is sent as it is, and a function
 * is asked what to answer.
 */
export type Answers = Record<string, unknown>;

/** A list that comes page by page, each asked for by what the one before it says. */
export function inPages(...pages: readonly (readonly unknown[])[]): (asked: Asked) => unknown {
  return ({ query }) => {
    const place = Number(query.get("cursor") ?? 0);
    return { items: pages[place] ?? [], cursor: place + 1 < pages.length ? String(place + 1) : null };
  };
}

/** What is known of a request that a function answers. */
export interface Asked {
  readonly query: URLSearchParams;
  readonly body: string;
  readonly headers: IncomingHttpHeaders;
}

/** A session's live socket as a test plays it. */
export interface MadeUpFeed {
  /** What each viewer asked for: path and query, without `/api`. */
  readonly asked: string[];
  /** What viewers said. */
  readonly heard: string[];
  /** What a new viewer is told, by the byte it wants to begin at. */
  begin: (from: number) => readonly FeedMessage[];
  say(message: FeedMessage): void;
  /** Ends all viewers' sockets. */
  cut(): void;
}

export interface MadeUpMesh {
  readonly url: string;
  readonly answers: Answers;
  /** `METHOD /path body` of every request for `/api`. */
  readonly asked: string[];
  /** Path and query of every request for `/api`. */
  readonly queries: string[];
  readonly feed: MadeUpFeed;
  say(...messages: LiveMessage[]): void;
  /** Ends all sockets; with `refuse` new ones are refused until called again. */
  cutSockets(refuse: boolean): void;
  /** As a network that drops everything: nothing is answered or said, nothing is closed. Ended, what hung is broken off. */
  drop(everything: boolean): void;
  /** As a Worker that was restarted: nobody knows any more what was said before. */
  forget(): void;
  close(): Promise<void>;
}

/** Serves a built dashboard with its own headers, and an API that says what a test wants. */
export async function startMadeUpMesh(dist: string, answers: Answers): Promise<MadeUpMesh> {
  const asked: string[] = [];
  const queries: string[] = [];
  let refusing = false;
  let dropping = false;
  const hung = new Set<Duplex>();
  const live = startLive();
  const headers = await dashboardHeaders(join(dist, "_headers"));
  const server = createServer(async (request, response) => {
    if (dropping) return void hung.add(request.socket);
    const { pathname, search, searchParams: query } = new URL(request.url ?? "/", "http://localhost");
    for (const [name, value] of headers) response.setHeader(name, value);
    if (pathname.startsWith("/api/")) {
      const body = Buffer.concat(await request.toArray()).toString();
      const key = `${request.method} ${pathname.slice(4)}`;
      asked.push(`${key} ${body}`.trim());
      queries.push(`${pathname.slice(4)}${search}`);
      const given = answers[key] ?? 404;
      const answer = typeof given === "function" ? (given as (asked: Asked) => unknown)({ query, body, headers: request.headers }) : given;
      const status = typeof answer === "number" ? answer : ((answer as { status?: unknown }).status as number);
      const isText = typeof answer === "string";
      response.writeHead(typeof status === "number" ? status : 200, { "content-type": isText ? "text/plain" : "application/json" });
      response.end(isText ? answer : typeof answer === "number" ? undefined : JSON.stringify(answer));
      return;
    }
    // As Pages without a 404.html: whatever is no file is the page itself.
    const content = await readFile(join(dist, pathname)).catch(() => undefined);
    const type = content ? contentTypes[extname(pathname)] : contentTypes[".html"];
    response.writeHead(200, { "content-type": type ?? "text/plain" });
    response.end(content ?? (await readFile(join(dist, "index.html"))));
  });
  const sockets = new WebSocketServer({ noServer: true });
  const { feed, viewers, view } = startFeed();
  server.on("upgrade", (request, socket, head) => {
    if (dropping) return void hung.add(socket);
    const isFeed = /^\/api\/sessions\/[^/]+\/live\?/.test(request.url ?? "");
    if (refusing || (!isFeed && !/^\/api\/live(\?|$)/.test(request.url ?? ""))) return void socket.destroy();
    if (isFeed) return viewers.handleUpgrade(request, socket, head, (client) => view(client, request.url ?? ""));
    sockets.handleUpgrade(request, socket, head, (client) => {
      client.on("message", (data: Buffer) => {
        if (!dropping && data.toString() === heartbeatRequest) client.send(heartbeatResponse);
      });
      for (const frame of live.greeting(new URL(request.url ?? "/", "http://localhost").searchParams.get("since"))) client.send(frame);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    answers,
    asked,
    queries,
    feed,
    say: (...messages) => {
      const frame = live.news(messages);
      for (const client of sockets.clients) if (!dropping) client.send(frame);
    },
    drop: (everything) => {
      dropping = everything;
      if (everything) return;
      // What was sent into the void is not sent again here, as TCP would: the sockets are broken instead.
      for (const socket of hung) socket.destroy();
      for (const client of sockets.clients) client.terminate();
      hung.clear();
    },
    forget: live.forget,
    cutSockets: (refuse) => {
      refusing = refuse;
      for (const client of sockets.clients) client.terminate();
    },
    close: async () => {
      for (const client of [...sockets.clients, ...viewers.clients]) client.terminate();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Numbers what is said, and keeps it for those who come back, as the live feed does. */
function startLive() {
  let life = 1;
  let said: string[] = [];
  const frame = (each: LiveFrame) => JSON.stringify(each);
  return {
    news(messages: readonly LiveMessage[]): string {
      const text = frame({ type: "news", feed: `life-${life}`, n: said.length + 1, messages });
      said.push(text);
      return text;
    },
    greeting(since: string | null): string[] {
      const [, number] = new RegExp(`^life-${life}\\.(\\d+)$`).exec(since ?? "") ?? [];
      const n = number === undefined ? said.length : Number(number);
      return [frame({ type: "hello", feed: `life-${life}`, n, resumed: number !== undefined }), ...said.slice(n)];
    },
    forget(): void {
      life += 1;
      said = [];
    },
  };
}

function startFeed(): { feed: MadeUpFeed; viewers: WebSocketServer; view: (client: WebSocket, url: string) => void } {
  const viewers = new WebSocketServer({ noServer: true });
  const feed: MadeUpFeed = {
    asked: [],
    heard: [],
    begin: () => [],
    say: (message) => {
      for (const client of viewers.clients) client.send(JSON.stringify(message));
    },
    cut: () => {
      for (const client of viewers.clients) client.terminate();
    },
  };
  return {
    feed,
    viewers,
    view(client, url) {
      feed.asked.push(url.slice(4));
      client.on("message", (data: Buffer) => feed.heard.push(data.toString()));
      const from = Number(new URL(url, "http://localhost").searchParams.get("from"));
      for (const message of feed.begin(from)) client.send(JSON.stringify(message));
    },
  };
}

/** The headers that hold for every page, as Pages reads them from `_headers`. */
async function dashboardHeaders(file: string): Promise<[string, string][]> {
  const text = await readFile(file, "utf8");
  const [everywhere = ""] = text.split("\n\n");
  return [...everywhere.matchAll(/^ {2}([\w-]+): (.+)$/gm)].map(([, name = "", value = ""]) => [name, value]);
}
