import { WebSocket } from "ws";
import { closeCodes, heartbeatRequest, limits, protocolVersion } from "../core/protocol/frames.ts";
import type { AgentFrame, Assignment, Command, MeshFrame, Registration } from "../core/protocol/frames.ts";
import { plainText } from "../core/sessions/recording.ts";
import type { Moment } from "../core/time.ts";
import { batched } from "./client/protocol.ts";
import type { Journal } from "./journal.ts";
import type { Log } from "./log.ts";
import { agentUrl, register, type MeshAccess } from "./mesh-api.ts";
import { parseMeshFrame } from "./parse-mesh-frame.ts";
import { runnerVersion } from "./registration.ts";

/** Why a runner cannot go on trying; its message is for the person who started it. */
export interface LinkEnd {
  readonly reason: "unauthorized" | "rejected" | "unsupported-version" | "replaced";
  readonly message: string;
}

export interface MeshLinkOptions {
  readonly mesh: MeshAccess;
  readonly registration: Registration;
  /** What is left of it for a token that does not grant every capability. */
  readonly leastRegistration: Registration;
  readonly journal: Journal;
  readonly log: Log;
  readonly onAssign: (assignment: Assignment) => void;
  readonly onCommand: (command: Command) => void;
  readonly onDrain: () => void;
  /** A connection stands and reports are on their way. */
  readonly onConnected?: () => void;
  /** What the mesh says of output. */
  readonly onOutput?: (said: OutputSaid) => void;
  /** Between two signs of life; 30 s. */
  readonly heartbeatMs?: number | undefined;
  /** First and longest pause between tries to connect; each try doubles it, with a random part. */
  readonly backoffMs?: { readonly first: number; readonly most: number };
}

export type OutputSaid = Extract<MeshFrame, { type: "output-ack" | "output-refused" }>;

/** A connection to the mesh that mends itself: reports go out in order and again until they are acknowledged. */
export interface MeshLink {
  readonly connected: boolean;
  /** When the mesh was last heard. */
  readonly lastContactAt: Moment;
  /** Sends what the journal holds and this connection has not sent yet. */
  flush(): void;
  /** Sends a piece of output when that is possible now; false: it is not, try again when the mesh has said something. */
  sendOutput(frame: Extract<AgentFrame, { type: "output" }>): boolean;
  /** Settles when there is no sense in trying on. */
  readonly ended: Promise<LinkEnd>;
  /** Resolves when every report is acknowledged, or after `withinMs`. */
  settled(withinMs: number): Promise<boolean>;
  close(): void;
}

export const defaultHeartbeatMs = 30_000;
const mostBufferedBytes = 1_048_576;

export function connectMesh(options: MeshLinkOptions): MeshLink {
  return new Link(options);
}

class Link implements MeshLink {
  connected = false;
  lastContactAt: Moment = Date.now();
  readonly ended: Promise<LinkEnd>;
  readonly #options: MeshLinkOptions;
  #end: (end: LinkEnd) => void = () => undefined;
  #socket: WebSocket | undefined;
  #sentUpTo = 0;
  #failures = 0;
  #closed = false;
  #retry: NodeJS.Timeout | undefined;
  readonly #heartbeat: NodeJS.Timeout;
  readonly #onAck = new Set<() => void>();

  constructor(options: MeshLinkOptions) {
    this.#options = options;
    this.ended = new Promise((resolve) => (this.#end = resolve));
    this.#heartbeat = setInterval(() => this.#beat(), options.heartbeatMs ?? defaultHeartbeatMs);
    void this.#connect();
  }

  flush(): void {
    if (!this.connected || this.#socket?.readyState !== WebSocket.OPEN) return;
    const unsent = this.#options.journal.unacknowledged().filter(({ seq }) => seq > this.#sentUpTo);
    for (const reports of batched(unsent)) {
      this.#send({ type: "reports", reports });
      this.#sentUpTo = reports.at(-1)?.seq ?? this.#sentUpTo;
    }
  }

  sendOutput(frame: Extract<AgentFrame, { type: "output" }>): boolean {
    const socket = this.#socket;
    // Reports and heartbeats are not to wait behind output.
    if (!this.connected || socket?.readyState !== WebSocket.OPEN || socket.bufferedAmount > mostBufferedBytes) return false;
    this.#send(frame);
    return true;
  }

  settled(withinMs: number): Promise<boolean> {
    const done = () => this.#options.journal.unacknowledged().length === 0;
    if (done()) return Promise.resolve(true);
    return new Promise((resolve) => {
      const finish = () => {
        clearTimeout(timer);
        this.#onAck.delete(look);
        resolve(done());
      };
      const look = () => done() && finish();
      const timer = setTimeout(finish, withinMs);
      this.#onAck.add(look);
    });
  }

  close(): void {
    this.#closed = true;
    clearInterval(this.#heartbeat);
    clearTimeout(this.#retry);
    this.#socket?.close(1000);
    this.#socket?.removeAllListeners("message");
    this.connected = false;
  }

  async #connect(): Promise<void> {
    const { mesh, journal, log } = this.#options;
    const registered = await this.#register();
    if (this.#closed) return;
    if (!registered.ok) {
      const { reason, message } = registered.error;
      if (reason === "unauthorized") {
        return this.#giveUp({ reason, message: `the mesh at ${mesh.url} refuses this token for agent ${mesh.id} (${message})` });
      }
      if (reason === "rejected") return this.#giveUp({ reason, message: `the mesh at ${mesh.url} refuses the registration (${message})` });
      return this.#again(message);
    }
    const url = agentUrl(mesh, "connect");
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(url, {
      headers: { authorization: `Bearer ${mesh.token}` },
      handshakeTimeout: 20_000,
      maxPayload: 4 * limits.frameBytes,
    });
    this.#socket = socket;
    let problem = "";
    socket.on("open", () => {
      this.#sentUpTo = journal.lastAck;
      const working = journal.live().map(({ assignment }) => ({ taskId: assignment.taskId, attempt: assignment.attempt }));
      this.#send({ type: "hello", version: protocolVersion, journal: journal.id, lastAck: journal.lastAck, working });
    });
    socket.on("message", (data) => this.#hear(String(data)));
    socket.on("error", (error) => (problem = error.message));
    socket.on("unexpected-response", (_request, response) => {
      problem = `HTTP ${response.statusCode}`;
      if (response.statusCode === 401 || response.statusCode === 403) {
        this.#giveUp({ reason: "unauthorized", message: `the mesh at ${mesh.url} refuses this token for agent ${mesh.id}` });
      }
      response.resume();
      socket.terminate();
    });
    socket.on("close", (code, reason) => {
      if (this.#socket !== socket || this.#closed) return;
      this.connected = false;
      const end = endOf(code, mesh, String(reason));
      if (end !== undefined) return this.#giveUp(end);
      log("warn", "connection to the mesh lost", { code, reason: problem || String(reason) });
      this.#again(problem || `closed with ${code}`);
    });
  }

  async #register(): Promise<Awaited<ReturnType<typeof register>>> {
    const { mesh, registration, leastRegistration, log } = this.#options;
    const registered = await register(mesh, registration);
    if (registered.ok || registered.error.problem !== "capability-not-granted") return registered;
    log("warn", "the token does not grant every capability; registered with fewer", { reason: registered.error.message });
    return register(mesh, leastRegistration);
  }

  #hear(data: string): void {
    const { journal, log } = this.#options;
    this.lastContactAt = Date.now();
    const frame = parseMeshFrame(data);
    if (frame === "malformed") {
      log("error", "the mesh sent a frame that cannot be read", { bytes: data.length });
      return this.#socket?.close(closeCodes.badFrame);
    }
    // A newer mesh may say more than this runner understands.
    if (frame === "unknown") return log("warn", "the mesh sent a frame this version does not know", { bytes: data.length });
    switch (frame.type) {
      case "unknown-command":
        // Confirmed as not done, or it would be repeated for ever.
        log("warn", "the mesh sent a command this version does not know", { command_id: frame.commandId, reason: frame.named });
        journal.report({ ...frame.ref, type: "command-received", commandId: frame.commandId, applied: false });
        return this.flush();
      case "welcome":
        if (frame.version !== protocolVersion) {
          const behind = frame.version > protocolVersion ? "update the runner" : "update the mesh, or use an older runner";
          return this.#giveUp(otherVersion(this.#options.mesh, `it welcomed with version ${frame.version}: ${behind}`));
        }
        this.connected = true;
        this.#failures = 0;
        journal.acknowledged(frame.ack);
        log("info", "connected to the mesh", { url: this.#options.mesh.url, agent: this.#options.mesh.id });
        this.flush();
        this.#options.onConnected?.();
        return this.#acknowledged();
      case "ack":
        journal.acknowledged(frame.seq);
        return this.#acknowledged();
      case "assign":
        for (const assignment of frame.assignments) this.#options.onAssign(assignment);
        return;
      case "command":
        return this.#options.onCommand(frame.command);
      case "output-ack":
      case "output-refused":
        return this.#options.onOutput?.(frame);
      case "drain":
        return this.#options.onDrain();
      case "heartbeat-ack":
        return;
    }
  }

  #acknowledged(): void {
    for (const look of this.#onAck) look();
  }

  #send(frame: AgentFrame): void {
    this.#socket?.send(JSON.stringify(frame));
  }

  #beat(): void {
    const socket = this.#socket;
    if (socket?.readyState !== WebSocket.OPEN) return;
    if (Date.now() - this.lastContactAt > (this.#options.heartbeatMs ?? defaultHeartbeatMs) * 2.5) return socket.terminate();
    socket.send(heartbeatRequest);
  }

  #again(reason: string): void {
    if (this.#closed) return;
    const { first, most } = this.#options.backoffMs ?? { first: 1_000, most: 30_000 };
    const pause = Math.min(most, first * 2 ** Math.min(this.#failures, 20)) * (0.5 + Math.random() / 2);
    this.#failures += 1;
    this.#options.log("info", "trying to connect again", { inMs: Math.round(pause), reason });
    this.#retry = setTimeout(() => void this.#connect(), pause);
  }

  #giveUp(end: LinkEnd): void {
    this.close();
    this.#end(end);
  }
}

function endOf(code: number, mesh: MeshAccess, said: string): LinkEnd | undefined {
  if (code === closeCodes.unauthorized)
    return { reason: "unauthorized", message: `the mesh no longer accepts the token of agent ${mesh.id}` };
  if (code === closeCodes.unknownVersion) return otherVersion(mesh, said === "" ? "this mesh speaks another one: update the runner" : said);
  if (code === closeCodes.replaced)
    return { reason: "replaced", message: `another runner connected as ${mesh.id}; each runner needs an id of its own` };
  return undefined;
}

/** `said`: the mesh's own words, which name its version and which of the two is behind. */
function otherVersion(mesh: MeshAccess, said: string): LinkEnd {
  const spoken = `this runner (${runnerVersion}) speaks version ${protocolVersion} of the agent protocol`;
  return { reason: "unsupported-version", message: `${spoken}, and the mesh at ${mesh.url} refuses it: ${plainText(said)}` };
}
