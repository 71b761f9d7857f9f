import { WebSocket } from "ws";
import { heartbeatRequest, limits, protocolVersion } from "../core/protocol/frames.ts";
import type { AgentFrame, Assignment, MeshFrame, Report } from "../core/protocol/frames.ts";
import { settings } from "./bench-mesh.ts";
import type { Connections } from "./load.ts";

/** The header an operator's request carries. */
export const asOperator = { authorization: `Bearer ${settings.OPERATOR_TOKEN}` };

/** An agent on the mesh's socket that is done with every task at once. */
export class MeshAgent {
  readonly #socket: WebSocket;
  readonly #onDone: (taskId: string) => void;
  #seq = 0;
  #unacknowledged: { readonly seq: number; readonly taskId: string }[] = [];

  private constructor(socket: WebSocket, onDone: (taskId: string) => void) {
    this.#socket = socket;
    this.#onDone = onDone;
  }

  /** Gets a token, registers, connects and says hello. `onDone` hears of each task whose completion the mesh has acknowledged. */
  static async connect(
    mesh: Connections,
    url: URL,
    { id, capability, slots, onDone }: { id: string; capability: string; slots: number; onDone: (taskId: string) => void },
  ): Promise<MeshAgent> {
    const { token } = await mesh.json<{ token: string }>("POST", "/agents", { id, capabilities: "any" }, asOperator);
    const authorization = `Bearer ${token}`;
    await mesh.json("POST", `/agents/${id}/register`, { capabilities: [{ name: capability }], slots }, { authorization });
    const address = new URL(`/agents/${id}/connect`, url);
    address.protocol = "ws:";
    const socket = new WebSocket(address, { headers: { authorization }, perMessageDeflate: false });
    const agent = new MeshAgent(socket, onDone);
    await new Promise<void>((resolve, reject) => {
      socket.on("error", reject);
      socket.on("open", () =>
        agent.#send({ type: "hello", version: protocolVersion, journal: `journal-of-${id}`, lastAck: 0, working: [] }),
      );
      socket.on("message", (data) => agent.#hear(JSON.parse(String(data)) as MeshFrame, resolve));
    });
    return agent;
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#socket.on("close", () => resolve());
      this.#socket.close(1000);
    });
  }

  heartbeat(): void {
    this.#socket.send(heartbeatRequest);
  }

  #hear(frame: MeshFrame, welcomed: () => void): void {
    if (frame.type === "welcome") welcomed();
    if (frame.type === "assign") this.#finish(frame.assignments);
    if (frame.type === "ack") this.#acknowledged(frame.seq);
  }

  #finish(assignments: readonly Assignment[]): void {
    const at = Date.now();
    for (let from = 0; from < assignments.length; from += limits.reportsPerFrame) {
      const reports = assignments.slice(from, from + limits.reportsPerFrame).map(({ taskId, attempt }): Report => {
        this.#seq += 1;
        this.#unacknowledged.push({ seq: this.#seq, taskId });
        return { seq: this.#seq, at, body: { type: "task-done", taskId, attempt, result: { ok: true } } };
      });
      this.#send({ type: "reports", reports });
    }
  }

  #acknowledged(upTo: number): void {
    const still = this.#unacknowledged.findIndex(({ seq }) => seq > upTo);
    const done = this.#unacknowledged.splice(0, still < 0 ? this.#unacknowledged.length : still);
    for (const { taskId } of done) this.#onDone(taskId);
  }

  #send(frame: AgentFrame): void {
    this.#socket.send(JSON.stringify(frame));
  }
}
