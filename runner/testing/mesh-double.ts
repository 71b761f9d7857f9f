import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { WebSocketServer, type WebSocket } from "ws";
import {
  agentFrame,
  heartbeatResponse,
  registration,
  type AgentFrame,
  type MeshFrame,
  type Registration,
  type Report,
  type ReportBody,
} from "../../core/protocol/frames.ts";

/** A mesh for tests: speaks the agent protocol, keeps what agents report, acknowledges when `acknowledge` is set. */
export interface MeshDouble {
  readonly url: string;
  readonly token: string;
  readonly hellos: Extract<AgentFrame, { type: "hello" }>[];
  /** In the order of their numbers, without repeats. */
  readonly reports: Report[];
  /** Times a report came that was there already. */
  repeats: number;
  registrations: number;
  /** What was registered, refused ones excepted. */
  readonly registered: Registration[];
  /** Capabilities that the token grants; all when left out. */
  grants: readonly string[] | undefined;
  acknowledge: boolean;
  /** What was kept of each session's output. */
  readonly output: Map<string, Buffer>;
  /** Pieces of output that began before, or after, the end of what was kept. */
  readonly outputFaults: { repeats: number; gaps: number };
  /** Keeps and acknowledges output; else it is dropped on the way. */
  keepOutput: boolean;
  credential: { username: string; password: string; cloneUrl?: string };
  readonly credentialsAsked: unknown[];
  /** What is kept for the project; null: nothing. Setting it anew ends the bundles given out. */
  variables: Record<string, string> | null;
  /** How many bundles were opened. */
  bundlesOpened: number;
  /** Answers calls for bundles with this instead. */
  refuseBundlesWith: { status: number; reason: string } | undefined;
  /** Closes after each `hello` with this instead of welcoming. */
  refuseHelloWith: { code: number; reason: string } | undefined;
  /** The version it welcomes with. */
  speaks: number;
  /** Answers upgrades and calls with this status instead. */
  refuseWith: number | undefined;
  send(frame: MeshFrame): void;
  dropConnection(): void;
  closeWith(code: number, reason?: string): void;
  /** The next report that fits, or one that came before and was not waited for yet. */
  until<T extends ReportBody["type"]>(
    type: T,
    fits?: (body: Extract<ReportBody, { type: T }>) => boolean,
  ): Promise<Extract<ReportBody, { type: T }>>;
  connected(): Promise<void>;
  stop(): Promise<void>;
}

export async function startMeshDouble(): Promise<MeshDouble> {
  const token = "agent-token-for-tests";
  const sockets = new WebSocketServer({ noServer: true });
  let current: WebSocket | undefined;
  let wake: () => void = () => undefined;
  let changed = new Promise<void>((resolve) => (wake = resolve));
  const notify = () => {
    wake();
    changed = new Promise((resolve) => (wake = resolve));
  };
  const taken = new Set<Report>();

  const server: Server = createServer(async (request, response) => {
    const answer = (status: number, body: unknown) =>
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    if (mesh.refuseWith !== undefined) return answer(mesh.refuseWith, { detail: "refused by the test" });
    if (request.headers.authorization !== `Bearer ${token}`) return answer(401, { title: "unauthorized" });
    const body: unknown = JSON.parse(await textOf(request));
    if (request.url?.endsWith("/register") === true) {
      const asked = registration.parse(body);
      mesh.registrations += 1;
      if (asked.capabilities.some(({ name }) => mesh.grants?.includes(name) === false))
        return answer(403, { detail: "not granted", reason: "capability-not-granted" });
      mesh.registered.push(asked);
      return answer(200, {});
    }
    const bundle = /\/bundle(?:\/([a-z0-9]+))?$/.exec(request.url ?? "");
    if (bundle !== null) return answer(...answerBundle(mesh, bundle[1], body));
    mesh.credentialsAsked.push(body);
    answer(200, { ...mesh.credential, expiresAt: Date.now() + 60_000 });
  });
  server.on("upgrade", (request, socket, head) => {
    if (mesh.refuseWith !== undefined || request.headers.authorization !== `Bearer ${token}`) {
      socket.end("HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n");
      return;
    }
    sockets.handleUpgrade(request, socket, head, (ws) => {
      current = ws;
      ws.on("message", (data) => hear(ws, agentFrame.parse(JSON.parse(String(data)))));
    });
  });

  function hear(ws: WebSocket, frame: AgentFrame): void {
    if (frame.type === "heartbeat") return ws.send(heartbeatResponse);
    if (frame.type === "hello") {
      mesh.hellos.push(frame);
      if (mesh.refuseHelloWith !== undefined) {
        notify();
        return ws.close(mesh.refuseHelloWith.code, mesh.refuseHelloWith.reason);
      }
      const ack = mesh.acknowledge ? (mesh.reports.at(-1)?.seq ?? 0) : frame.lastAck;
      ws.send(JSON.stringify({ type: "welcome", version: mesh.speaks, ack } satisfies MeshFrame));
    }
    if (frame.type === "output" && mesh.keepOutput) keepOutput(frame);
    if (frame.type === "reports") {
      for (const report of frame.reports) {
        if (report.seq <= (mesh.reports.at(-1)?.seq ?? 0)) mesh.repeats += 1;
        else mesh.reports.push(report);
      }
      if (mesh.acknowledge) mesh.send({ type: "ack", seq: mesh.reports.at(-1)?.seq ?? 0 });
    }
    notify();
  }

  function keepOutput({ sessionId, offset, data }: Extract<AgentFrame, { type: "output" }>): void {
    const kept = mesh.output.get(sessionId) ?? Buffer.alloc(0);
    const again = offset > kept.length;
    if (again) mesh.outputFaults.gaps += 1;
    if (data !== "" && offset < kept.length) mesh.outputFaults.repeats += 1;
    const fresh = again ? Buffer.alloc(0) : Buffer.from(data).subarray(kept.length - offset);
    mesh.output.set(sessionId, Buffer.concat([kept, fresh]));
    const end = kept.length + fresh.length;
    mesh.send({ type: "output-ack", sessionId, offset: end, ...(again ? { again } : {}) });
  }

  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const mesh: MeshDouble = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    token,
    hellos: [],
    reports: [],
    repeats: 0,
    registrations: 0,
    registered: [],
    grants: undefined,
    acknowledge: true,
    output: new Map(),
    outputFaults: { repeats: 0, gaps: 0 },
    keepOutput: true,
    credential: { username: "x-access-token", password: "git-secret-for-tests" },
    credentialsAsked: [],
    variables: null,
    bundlesOpened: 0,
    refuseBundlesWith: undefined,
    refuseHelloWith: undefined,
    speaks: 1,
    refuseWith: undefined,
    send: (frame) => current?.send(JSON.stringify(frame)),
    dropConnection: () => current?.terminate(),
    closeWith: (code, reason) => current?.close(code, reason),
    async until(type, fits = () => true) {
      while (true) {
        const found = mesh.reports.find((report) => !taken.has(report) && report.body.type === type && fits(report.body as never));
        if (found !== undefined) {
          taken.add(found);
          return found.body as never;
        }
        await changed;
      }
    },
    async connected() {
      const before = mesh.hellos.length;
      while (mesh.hellos.length === before || current === undefined) await changed;
    },
    async stop() {
      for (const ws of sockets.clients) ws.terminate();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return mesh;
}

const bundles = new WeakMap<MeshDouble, Map<string, { variables: Record<string, string>; open: boolean }>>();

/** Bundles open once, and are current while what is kept is what they held. */
function answerBundle(mesh: MeshDouble, id: string | undefined, body: unknown): [status: number, body: unknown] {
  if (mesh.refuseBundlesWith !== undefined)
    return [mesh.refuseBundlesWith.status, { reason: mesh.refuseBundlesWith.reason, detail: "refused" }];
  const made = bundles.get(mesh) ?? new Map<string, { variables: Record<string, string>; open: boolean }>();
  bundles.set(mesh, made);
  const { have } = body as { have?: string | null };
  if (id === undefined) {
    if (mesh.variables === null) return [200, { status: "no_credentials" }];
    const held = made.get(have ?? "");
    if (held?.open === false && held.variables === mesh.variables) return [200, { status: "current", bundleId: have, expiresAt: 1 }];
    const bundleId = `bundle${String(made.size).padStart(4, "0")}`;
    made.set(bundleId, { variables: mesh.variables, open: true });
    return [200, { status: "provisioned", bundleId, expiresAt: 1 }];
  }
  const bundle = made.get(id);
  if (bundle?.open !== true || bundle.variables !== mesh.variables) return [410, { reason: "bundle-over", detail: "opens no more" }];
  bundle.open = false;
  mesh.bundlesOpened += 1;
  return [200, { variables: bundle.variables, expiresAt: 1 }];
}

export async function textOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString();
}
