import { readdir, readFile } from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";
import { WebSocket } from "ws";
import { protocolVersion } from "../core/protocol/frames.ts";
import type { AgentFrame, MeshFrame, ReportBody } from "../core/protocol/frames.ts";
import type { FeedMessage } from "../core/sessions/views.ts";
import type { BenchMesh } from "./bench-mesh.ts";
import { Connections, percentile } from "./load.ts";
import { asOperator } from "./mesh-agent.ts";

const sessions = 50;
const agents = 10;
const viewers = 2;
const pieceBytes = 4_096;
const piecesPerSecond = 16;
const settleMs = 60_000;

/** How streaming went. */
export interface Streamed {
  readonly sessions: number;
  readonly viewers: number;
  /** Written by all sessions together, as it really was. */
  readonly bytesPerSecond: number;
  readonly seconds: number;
  /** Milliseconds from write to viewer. */
  readonly p50: number;
  readonly p99: number;
  /** Places at which a viewer missed, or had twice, what was written; and what the mesh asked for again. */
  readonly gaps: number;
  readonly rowsPerMb: number;
  /** Milliseconds of processor time that the runtime took for a MB written, which other programs' load does not change much. */
  readonly cpuPerMb: number;
  /** Bytes that the runtime holds: before, halfway, and after. */
  readonly memory: readonly [number, number, number];
}

/** Sessions that write 64 KiB a second each, with two viewers each: from an agent's socket through mailbox and feed to the viewers' sockets. */
export async function measureStreaming(bench: BenchMesh, seconds: number): Promise<Streamed> {
  const connections = new Connections(bench.mesh, 16);
  const writers = await Promise.all(Array.from({ length: agents }, (_, index) => StreamingAgent.connect(connections, bench.mesh, index)));
  const streams = Array.from({ length: sessions }, (_, index) => ({ session: `mesh.s${index + 1}-1`, offset: 0 }));
  for (const [index, { session }] of streams.entries()) {
    const task = { capability: `stream-${index % agents}`, payload: { sessionId: session } };
    await connections.json("POST", "/tasks", [task], asOperator);
  }
  await Promise.all(writers.map((writer) => writer.given(sessions / agents)));
  const watching = await Promise.all(
    streams.flatMap(({ session }) => Array.from({ length: viewers }, () => Viewer.open(bench.rig, session))),
  );

  const memory = [(await runtimeUse()).bytes];
  const cpuBefore = (await runtimeUse()).cpuMs;
  const begun = performance.now();
  const writtenBytes = () => streams.reduce((sum, { offset }) => sum + offset, 0);
  const pieces = seconds * piecesPerSecond;
  for (let piece = 0; piece < pieces; piece += 1) {
    for (const [index, stream] of streams.entries()) {
      const stamp = `${performance.timeOrigin + performance.now()} `;
      writers[index % agents]?.write(stream.session, stream.offset, stamp.padEnd(pieceBytes, "terminal output of a session, "));
      stream.offset += pieceBytes;
      // Spread over the time between two pieces, as sessions do that know nothing of each other.
      const due = begun + ((piece + (index + 1) / sessions) * 1_000) / piecesPerSecond;
      const early = due - performance.now();
      if (early > 0) await pause(early);
    }
    if (piece === Math.floor(pieces / 2)) memory.push((await runtimeUse()).bytes);
  }
  const tookMs = performance.now() - begun;
  const bytesPerSecond = (writtenBytes() / tookMs) * 1_000;
  await Promise.all(watching.map((viewer) => viewer.reached(seconds * piecesPerSecond * pieceBytes, settleMs)));
  const { bytes, cpuMs } = await runtimeUse();
  memory.push(bytes);
  const rows = await Promise.all(
    streams.map(
      async ({ session }) => ((await (await fetch(new URL(`/costs/${session}`, bench.rig))).json()) as { rowsWritten: number }).rowsWritten,
    ),
  );
  const latencies = watching.flatMap(({ latencies: each }) => each).toSorted((a, b) => a - b);
  const expected = pieces * pieceBytes;
  const gaps =
    watching.reduce((sum, viewer) => sum + viewer.gaps + (viewer.end === expected ? 0 : 1), 0) +
    writers.reduce((sum, { askedAgain }) => sum + askedAgain, 0);
  for (const each of [...writers, ...watching]) each.close();
  connections.close();
  return {
    sessions,
    viewers,
    bytesPerSecond,
    seconds: Math.round(tookMs / 1_000),
    p50: percentile(latencies, 0.5),
    p99: percentile(latencies, 0.99),
    gaps,
    rowsPerMb: rows.reduce((sum, each) => sum + each, 0) / (writtenBytes() / 1_048_576),
    cpuPerMb: (cpuMs - cpuBefore) / (writtenBytes() / 1_048_576),
    memory: memory as [number, number, number],
  };
}

class StreamingAgent {
  askedAgain = 0;
  readonly #socket: WebSocket;
  #given = 0;
  #seq = 0;
  #wake: () => void = () => undefined;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
  }

  static async connect(connections: Connections, url: URL, index: number): Promise<StreamingAgent> {
    const id = `streams-${index}`;
    const { token } = await connections.json<{ token: string }>("POST", "/agents", { id, capabilities: "any" }, asOperator);
    const authorization = `Bearer ${token}`;
    const registration = { capabilities: [{ name: `stream-${index}` }], slots: sessions };
    await connections.json("POST", `/agents/${id}/register`, registration, { authorization });
    const address = new URL(`/agents/${id}/connect`, url);
    address.protocol = "ws:";
    const socket = new WebSocket(address, { headers: { authorization }, perMessageDeflate: false });
    const agent = new StreamingAgent(socket);
    await new Promise<void>((resolve, reject) => {
      socket.on("error", reject);
      socket.on("open", () =>
        agent.#send({ type: "hello", version: protocolVersion, journal: `journal-of-${id}`, lastAck: 0, working: [] }),
      );
      socket.on("message", (data) => agent.#hear(JSON.parse(String(data)) as MeshFrame, resolve));
    });
    return agent;
  }

  write(sessionId: string, offset: number, data: string): void {
    this.#send({ type: "output", sessionId, offset, data });
  }

  /** Resolves when it works on so many tasks. */
  async given(tasks: number): Promise<void> {
    while (this.#given < tasks) await new Promise<void>((resolve) => (this.#wake = resolve));
  }

  close(): void {
    this.#socket.close(1000);
  }

  #hear(frame: MeshFrame, welcomed: () => void): void {
    if (frame.type === "welcome") welcomed();
    if (frame.type === "output-refused" || (frame.type === "output-ack" && frame.again === true)) this.askedAgain += 1;
    if (frame.type !== "assign") return;
    for (const { taskId, attempt } of frame.assignments) this.#report({ type: "task-accepted", taskId, attempt });
    this.#given += frame.assignments.length;
    this.#wake();
  }

  #report(body: ReportBody): void {
    this.#seq += 1;
    this.#send({ type: "reports", reports: [{ seq: this.#seq, at: Date.now(), body }] });
  }

  #send(frame: AgentFrame): void {
    this.#socket.send(JSON.stringify(frame));
  }
}

class Viewer {
  readonly latencies: number[] = [];
  gaps = 0;
  end = 0;
  readonly #socket: WebSocket;
  #seen = 0;
  #wake: () => void = () => undefined;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
  }

  static async open(rig: URL, session: string): Promise<Viewer> {
    const address = new URL(`/feed/${session}`, rig);
    address.protocol = "ws:";
    const socket = new WebSocket(address, { perMessageDeflate: false });
    const viewer = new Viewer(socket);
    await new Promise<void>((resolve, reject) => {
      socket.on("error", reject);
      socket.on("message", (data) => viewer.#hear(JSON.parse(String(data)) as FeedMessage, resolve));
    });
    return viewer;
  }

  async reached(bytes: number, withinMs: number): Promise<void> {
    const until = performance.now() + withinMs;
    while (this.end < bytes && performance.now() < until) {
      await Promise.race([new Promise<void>((resolve) => (this.#wake = resolve)), pause(100)]);
    }
  }

  close(): void {
    this.#socket.close(1000);
  }

  #hear(message: FeedMessage, greeted: () => void): void {
    if (message.type === "hello") greeted();
    if (message.type !== "output") return;
    const at = performance.timeOrigin + performance.now();
    if (message.offset !== this.end) this.gaps += 1;
    this.end = message.offset + Buffer.byteLength(message.data);
    // Each piece by itself: the mesh joins those that follow one another.
    for (let piece = 0; piece < message.data.length; piece += pieceBytes) {
      this.latencies.push(at - Number.parseFloat(message.data.slice(piece, piece + 20)));
    }
    if (this.end - this.#seen >= 1_048_576) {
      this.#seen = this.end;
      this.#socket.send(JSON.stringify({ type: "seen", offset: this.end }));
    }
    this.#wake();
  }
}

/** In which /proc counts time: a hundredth of a second, on every Linux. */
const tickMs = 10;

/** What this process's runtime holds in memory, and the processor time it has taken, by the kernel's count (Linux). */
async function runtimeUse(): Promise<{ bytes: number; cpuMs: number }> {
  let [bytes, cpuMs] = [0, 0];
  for (const pid of (await readdir("/proc")).filter((name) => /^\d+$/.test(name))) {
    const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
    const isOurs = /^Name:\s*workerd/m.test(status) && new RegExp(String.raw`^PPid:\s*${process.pid}$`, "m").test(status);
    if (!isOurs) continue;
    bytes += Number(/^VmRSS:\s*(\d+)/m.exec(status)?.[1] ?? 0) * 1_024;
    // https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html: utime and stime are the 12th and 13th behind the name.
    const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    cpuMs += (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) * tickMs;
  }
  return { bytes, cpuMs };
}
