import { projectOf } from "../core/ids.ts";
import type { AgentId } from "../core/ids.ts";
import type { AgentFrame, MeshFrame } from "../core/protocol/frames.ts";
import { utf8Length } from "../core/sessions/utf8.ts";
import { sessionFeed } from "./remote.ts";
import type { Appended } from "./session-feed.ts";

type OutputFrame = Extract<AgentFrame, { type: "output" }>;

/** What output needs of its mailbox. */
export interface OutputOptions {
  /** Whether the agent has an attempt of this session now. */
  readonly isLive: (session: string) => Promise<boolean>;
  readonly tell: (frame: MeshFrame) => void;
  /** A feed did not answer: the agent is to connect and send again. */
  readonly failed: (thrown: unknown) => void;
}

/** One session's way to its feed. Calls on one stub arrive in their order. */
interface Lane {
  readonly feed: ReturnType<typeof sessionFeed>;
  /** Where the next piece has to begin after the agent was told to go back; undefined: anywhere. */
  backTo: number | undefined;
  /** What was acknowledged. */
  acknowledged: number;
}

/** Passes sessions' output on to their feeds, without waiting for one piece before the next, and acknowledges what is kept. */
export class OutputLanes {
  readonly #env: Env;
  readonly #agent: AgentId;
  readonly #options: OutputOptions;
  readonly #lanes = new Map<string, Lane>();

  constructor(env: Env, agent: AgentId, options: OutputOptions) {
    this.#env = env;
    this.#agent = agent;
    this.#options = options;
  }

  /** Another connection begins: nothing of before counts. */
  reset(): void {
    this.#lanes.clear();
  }

  /** Takes a piece from the socket; its acknowledgement or refusal is told. */
  take({ sessionId, offset, data }: OutputFrame): void {
    const lane = this.#lane(sessionId);
    if (lane === undefined) return this.#options.tell({ type: "output-refused", sessionId, reason: "foreign-session" });
    if (lane.backTo !== undefined && offset > lane.backTo) return; // on its way when the agent was told
    if (lane.backTo !== undefined) lane.backTo = offset + utf8Length(data);
    void this.#append(lane, sessionId, offset, data).then(
      (appended) => this.#answer(lane, { sessionId, offset, data }, appended),
      (thrown: unknown) => {
        if (this.#lanes.get(sessionId) !== lane) return;
        this.#lanes.clear();
        this.#options.failed(thrown);
      },
    );
  }

  /** The same for a piece that came by itself; resolves when it is kept. */
  async append(session: string, offset: number, data: string): Promise<Appended> {
    const lane = this.#lane(session);
    return lane === undefined ? { status: "refused", reason: "foreign-session" } : this.#append(lane, session, offset, data);
  }

  async #append(lane: Lane, session: string, offset: number, data: string): Promise<Appended> {
    const live = await this.#options.isLive(session);
    return lane.feed.append({ agent: this.#agent, live }, offset, data);
  }

  #answer(lane: Lane, { sessionId, offset, data }: Omit<OutputFrame, "type">, appended: Appended): void {
    if (this.#lanes.get(sessionId) !== lane) return;
    if (appended.status === "refused") {
      this.#lanes.delete(sessionId);
      return this.#options.tell({ type: "output-refused", sessionId, reason: appended.reason });
    }
    if (appended.status === "gap") {
      if (lane.backTo !== undefined) return;
      lane.backTo = appended.end;
      lane.acknowledged = appended.end;
      return this.#options.tell({ type: "output-ack", sessionId, offset: appended.end, again: true });
    }
    if (data !== "" && (appended.end <= lane.acknowledged || appended.end < offset)) return;
    lane.acknowledged = appended.end;
    this.#options.tell({ type: "output-ack", sessionId, offset: appended.end });
  }

  #lane(session: string): Lane | undefined {
    const known = this.#lanes.get(session);
    if (known !== undefined || projectOf(session) === undefined) return known;
    const lane: Lane = { feed: sessionFeed(this.#env, session), backTo: undefined, acknowledged: -1 };
    this.#lanes.set(session, lane);
    return lane;
  }
}
