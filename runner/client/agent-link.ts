import type { AgentFrame, MeshFrame, Report } from "../../core/protocol/frames.ts";
import { batched, closeCodes, heartbeatRequest, protocolVersion, socketProtocol, tokenProtocolPrefix } from "./protocol.ts";

/** Why there is no sense in trying on; the message is for the person who runs the agent. */
export interface AgentEnd {
  readonly reason: "unauthorized" | "rejected" | "unsupported-version" | "replaced" | "journal" | "closed";
  readonly message: string;
}

/** How a session with the mesh ended: `worked` when it was of use, `end` when there shall be no other. */
export interface SessionEnd {
  readonly worked: boolean;
  readonly why: string;
  /** The mesh refused a frame: its own fault may pass with the session, the agent's comes again. */
  readonly badFrame?: boolean;
  readonly end?: AgentEnd;
}

/** What a session needs of the agent. */
export interface LinkHost {
  readonly url: string;
  readonly id: string;
  readonly token: string;
  readonly journal: string;
  readonly lastAck: number;
  readonly heartbeatMs: number;
  /** Aborted when the agent closes. */
  readonly closing: AbortSignal;
  readonly fetch: typeof fetch;
  readonly connect: (url: string, protocols: string[]) => SocketLike;
  hello(): Extract<AgentFrame, { type: "hello" }>;
  unacknowledged(): readonly Report[];
  hear(frame: MeshFrame): void;
  acknowledged(seq: number): void;
  /** The session is up: calls back whenever there are new reports to send. */
  online(flush: () => void): void;
}

/** As much of the platform's WebSocket as is needed. */
export interface SocketLike {
  readonly readyState: number;
  send(text: string): void;
  close(code?: number, reason?: string): void;
  addEventListener(type: "open" | "message" | "close" | "error", listener: (event: SocketEvent) => void): void;
}

export interface SocketEvent {
  readonly data?: unknown;
  readonly code?: number;
  readonly reason?: string;
}

const isOpen = 1;

/** One session by WebSocket; settles when it is over, and never rejects. */
export function socketSession(host: LinkHost): Promise<SessionEnd> {
  return new Promise((resolve) => {
    let [worked, over, sentUpTo, heardAt] = [false, false, host.lastAck, Date.now()];
    const address = agentUrl(host, "connect").replace(/^http/, "ws");
    const socket = host.connect(address, [socketProtocol, `${tokenProtocolPrefix}${host.token}`]);
    const say = (frame: AgentFrame) => socket.send(JSON.stringify(frame));
    const finish = (why: string, end?: AgentEnd, code?: number) => {
      if (over) return;
      over = true;
      clearInterval(beat);
      host.closing.removeEventListener("abort", leave);
      socket.close(1000);
      resolve({ worked, why, badFrame: code === closeCodes.badFrame || code === closeCodes.tooLarge, ...(end ? { end } : {}) });
    };
    const leave = () => finish("closed");
    const flush = () => {
      if (over || socket.readyState !== isOpen) return;
      for (const reports of batched(host.unacknowledged().filter(({ seq }) => seq > sentUpTo))) {
        say({ type: "reports", reports });
        sentUpTo = reports.at(-1)?.seq ?? sentUpTo;
      }
    };
    const beat = setInterval(() => {
      // A socket that is dead without knowing it would wait for its timeouts for minutes.
      if (Date.now() - heardAt > host.heartbeatMs * 2.5) return finish("the mesh is silent");
      if (socket.readyState === isOpen) socket.send(heartbeatRequest);
    }, host.heartbeatMs);
    host.closing.addEventListener("abort", leave);
    socket.addEventListener("open", () => say(host.hello()));
    socket.addEventListener("error", () => finish("no connection"));
    socket.addEventListener("close", ({ code = 1006, reason = "" }) =>
      finish(`closed with ${code} ${reason}`.trim(), endOf(code, reason), code),
    );
    socket.addEventListener("message", ({ data }) => {
      heardAt = Date.now();
      const frame = frameOf(data);
      if (over || frame === undefined) return;
      if (frame.type === "welcome") {
        worked = true;
        host.acknowledged(frame.ack);
        sentUpTo = frame.ack;
        host.online(flush);
        return flush();
      }
      if (frame.type === "ack") return host.acknowledged(frame.seq);
      host.hear(frame);
    });
  });
}

function endOf(code: number, reason: string): AgentEnd | undefined {
  if (code === closeCodes.unauthorized) return { reason: "unauthorized", message: "the mesh no longer accepts this token" };
  if (code === closeCodes.replaced) return { reason: "replaced", message: "another program connected under this id; each needs its own" };
  if (code === closeCodes.unknownVersion) return otherVersion(reason || "the mesh speaks another one: update the client");
  return undefined;
}

function otherVersion(said: string): AgentEnd {
  return { reason: "unsupported-version", message: `this client speaks version ${protocolVersion} of the agent protocol: ${said}` };
}

/** What the mesh says and this version does not know is passed over: newer meshes may say more. */
function frameOf(data: unknown): MeshFrame | undefined {
  try {
    return typeof data === "string" ? (JSON.parse(data) as MeshFrame) : undefined;
  } catch {
    return undefined;
  }
}

const pollSeconds = 25;
const answerWithinMs = 20_000;

/** One session by plain HTTP, for `forMs` at most; settles when it is over, and never rejects. */
export async function pollSession(host: LinkHost, forMs: number): Promise<SessionEnd> {
  const until = Date.now() + forMs;
  const session = new AbortController();
  const signal = AbortSignal.any([session.signal, host.closing]);
  let [worked, wake] = [false, () => {}];
  const ask = async () => {
    while (!signal.aborted && Date.now() < until) {
      const { frames } = await asked<{ frames: MeshFrame[] }>(
        host,
        signal,
        "GET",
        `tasks?wait=${worked ? Math.min(pollSeconds, host.heartbeatMs / 1_000) : 0}`,
      );
      if (!worked) {
        worked = true;
        host.online(() => wake());
      }
      for (const frame of frames) host.hear(frame);
    }
  };
  const tell = async () => {
    while (!signal.aborted) {
      const [reports] = batched(host.unacknowledged());
      if (reports === undefined) {
        await new Promise<void>((resolve) => {
          wake = resolve;
          signal.addEventListener("abort", () => resolve(), { once: true });
          if (host.unacknowledged().length > 0) resolve();
        });
        continue;
      }
      const before = host.lastAck;
      const { ack } = await asked<{ ack: number }>(host, signal, "POST", "reports", { journal: host.journal, reports });
      host.acknowledged(ack);
      if (host.lastAck === before) throw new Error("reports were not stored");
    }
  };
  try {
    await Promise.race([ask(), tell()]);
    return { worked, why: host.closing.aborted ? "closed" : "time to try a socket" };
  } catch (thrown) {
    return {
      worked,
      why: thrown instanceof Error ? thrown.message : String(thrown),
      ...(thrown instanceof Refused ? { end: thrown.end } : {}),
    };
  } finally {
    session.abort();
  }
}

/** The mesh understood, and will not. */
export class Refused extends Error {
  readonly end: AgentEnd;

  constructor(end: AgentEnd) {
    super(end.message);
    this.end = end;
  }
}

/** A request to the agent's own routes. Throws `Refused` when asking again is of no use, else an `Error`. */
export async function asked<T>(host: LinkHost, signal: AbortSignal, method: "GET" | "POST", path: string, body?: unknown): Promise<T> {
  const limit = AbortSignal.timeout(answerWithinMs + (method === "GET" ? pollSeconds * 1_000 : 0));
  const response = await host.fetch.call(undefined, agentUrl(host, path), {
    method,
    headers: { authorization: `Bearer ${host.token}`, ...(body === undefined ? {} : { "content-type": "application/json" }) },
    signal: AbortSignal.any([signal, limit]),
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (response.ok) return (await response.json()) as T;
  const told = (await response.json().catch(() => ({}))) as { reason?: string; detail?: string };
  const message = `${response.status} ${told.reason ?? ""}: ${told.detail ?? "no reason was given"}`;
  if (response.status === 401 || told.reason === "other-agent") throw new Refused({ reason: "unauthorized", message });
  if ([400, 403, 413].includes(response.status)) throw new Refused({ reason: "rejected", message });
  throw new Error(message);
}

function agentUrl(host: LinkHost, path: string): string {
  return `${host.url.replace(/\/+$/, "")}/agents/${encodeURIComponent(host.id)}/${path}`;
}
