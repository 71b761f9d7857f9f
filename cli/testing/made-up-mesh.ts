import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** A request as the made-up mesh got it. */
export interface Asked {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly body: unknown;
  readonly authorization: string | undefined;
  readonly idempotencyKey: string | undefined;
}

/** What a route answers: a document with status 200, or what a function makes of the request. */
export type Answer = object | ((asked: Asked, response: ServerResponse) => Made | undefined | Promise<Made | undefined>);

export interface Made {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A mesh for tests of the command: answers what it was told to, refuses without its token as the real one does, and keeps what was asked. */
export interface MadeUpMesh {
  readonly url: string;
  readonly token: string;
  readonly asked: Asked[];
  /** `GET /agents` → its answer; the query is not part of the key. */
  readonly routes: Map<string, Answer>;
  /** Says what later requests are answered. */
  on(route: string, answer: Answer): void;
  close(): Promise<void>;
}

export async function startMadeUpMesh(): Promise<MadeUpMesh> {
  const token = "operator-token-of-the-made-up-mesh";
  const routes = new Map<string, Answer>([["GET /healthz", { status: "ok" }]]);
  const asked: Asked[] = [];
  const server = createServer((request, response) => void answer(request, response));

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const text = await textOf(request);
    const one: Asked = {
      method: request.method ?? "",
      path: request.url ?? "",
      body: text === "" ? undefined : JSON.parse(text),
      authorization: request.headers.authorization,
      idempotencyKey: request.headers["idempotency-key"]?.toString(),
    };
    asked.push(one);
    const path = one.path.split("?")[0] ?? "";
    const route = routes.get(`${one.method} ${path}`);
    const isPublic = path.endsWith("/healthz") || path.endsWith("/readyz");
    const made =
      !isPublic && one.authorization !== `Bearer ${token}`
        ? problem(401, "unauthorized", "The token is not one of this mesh.")
        : route === undefined
          ? problem(404, "not-found", "There is no such route.")
          : typeof route === "function"
            ? await route(one, response)
            : { status: 200, body: route };
    if (made === undefined) return;
    const body = made.body === undefined ? "" : JSON.stringify(made.body);
    response
      .writeHead(made.status, {
        "content-type": made.status >= 400 ? "application/problem+json" : "application/json",
        "x-request-id": "request-1",
        ...made.headers,
      })
      .end(body);
  }

  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    token,
    asked,
    routes,
    on: (route, given) => void routes.set(route, given),
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A refusal as the mesh makes it. */
export function problem(status: number, reason: string, detail: string, issues?: readonly object[]): Made {
  return {
    status,
    body: { type: `urn:mesh-six:problem:${reason}`, title: "Refused", status, detail, reason, ...(issues ? { issues } : {}) },
  };
}

async function textOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString();
}
