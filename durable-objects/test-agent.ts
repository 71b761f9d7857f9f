import { env } from "cloudflare:workers";
import { heartbeatRequest, protocolVersion } from "../core/protocol/frames.ts";
import type { MeshFrame, ReportBody } from "../core/protocol/frames.ts";

type FrameOf<T extends MeshFrame["type"]> = Extract<MeshFrame, { type: T }>;

/** For tests: an agent on the mailbox's real socket, that speaks the protocol and keeps what it hears. */
export class TestAgent {
  readonly #socket: WebSocket;
  readonly #heard: MeshFrame[] = [];
  readonly #closed: Promise<{ code: number; reason: string }>;
  #wake: () => void = () => {};
  #seq = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    this.#closed = new Promise((resolve) => {
      socket.addEventListener("close", ({ code, reason }) => resolve({ code, reason }));
    });
    socket.addEventListener("message", ({ data }) => {
      this.#heard.push(JSON.parse(String(data)) as MeshFrame);
      this.#wake();
    });
    socket.accept();
  }

  /** Opens a socket to the agent's mailbox; says nothing. */
  static async open(agent: string): Promise<TestAgent> {
    const response = await env.MAILBOXES.getByName(agent).fetch("https://mailbox/connect", { headers: { upgrade: "websocket" } });
    if (response.webSocket === null) throw new Error(`no socket: ${response.status}`);
    return new TestAgent(response.webSocket);
  }

  /** Opens a socket and says hello; answers when the mailbox has welcomed it. */
  static async connect(agent: string, hello: { journal?: string; lastAck?: number; working?: object[] } = {}): Promise<TestAgent> {
    const it = await TestAgent.open(agent);
    it.#seq = hello.lastAck ?? 0;
    it.say({ type: "hello", version: protocolVersion, journal: "journal-1", lastAck: 0, ...hello });
    await it.hears("welcome");
    return it;
  }

  say(frame: unknown): void {
    this.#socket.send(typeof frame === "string" || frame instanceof ArrayBuffer ? frame : JSON.stringify(frame));
  }

  heartbeat(): void {
    this.#socket.send(heartbeatRequest);
  }

  /** Sends reports in one frame, numbered on; answers the last number. */
  report(...bodies: ReportBody[]): number {
    const reports = bodies.map((body) => ({ seq: ++this.#seq, at: 1, body }));
    this.say({ type: "reports", reports });
    return this.#seq;
  }

  /** The next frame of this type (that fits); earlier ones of other types stay. */
  async hears<T extends MeshFrame["type"]>(type: T, fits: (frame: FrameOf<T>) => boolean = () => true): Promise<FrameOf<T>> {
    for (;;) {
      const index = this.#heard.findIndex((frame) => frame.type === type && fits(frame as FrameOf<T>));
      if (index >= 0) return this.#heard.splice(index, 1)[0] as FrameOf<T>;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  /** Resolves when everything up to this number is acknowledged. */
  async acknowledged(seq: number): Promise<void> {
    await this.hears("ack", (frame) => frame.seq >= seq);
  }

  /** What was heard and not asked for yet. */
  get unread(): readonly MeshFrame[] {
    return this.#heard;
  }

  /** How the mesh ended the connection. */
  get closed(): Promise<{ code: number; reason: string }> {
    return this.#closed;
  }

  close(): void {
    this.#socket.close(1000, "done");
  }
}
