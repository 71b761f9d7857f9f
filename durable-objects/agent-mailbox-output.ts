import { projectOf } from "../core/ids.ts";
import type { AgentId } from "../core/ids.ts";
import type { AgentFrame } from "../core/protocol/frames.ts";
import { OutputLane } from "./agent-mailbox-output-lane.ts";
import type { OutputSaid } from "./agent-mailbox-output-lane.ts";
import { sessionFeed } from "./remote.ts";
import type { Appended } from "./session-feed.ts";

type OutputFrame = Extract<AgentFrame, { type: "output" }>;

/** What output needs of its mailbox. */
export interface OutputOptions {
  /** Whether the agent has an attempt of this session now. */
  readonly isLive: (session: string) => Promise<boolean>;
  readonly tell: (frame: OutputSaid) => void;
  /** A feed did not answer: the agent is to connect and send again. */
  readonly failed: (thrown: unknown) => void;
}

/** Passes sessions' output on to their feeds, and acknowledges what is kept. */
export class OutputLanes {
  readonly #env: Env;
  readonly #agent: AgentId;
  readonly #options: OutputOptions;
  readonly #lanes = new Map<string, OutputLane>();
  readonly #held = { bytes: 0 };

  constructor(env: Env, agent: AgentId, options: OutputOptions) {
    this.#env = env;
    this.#agent = agent;
    this.#options = options;
  }

  /** Another connection begins: nothing of before counts. */
  reset(): void {
    for (const lane of this.#lanes.values()) lane.close();
    this.#lanes.clear();
  }

  /** Takes a piece from the socket; its acknowledgement or refusal is told. */
  take({ sessionId, offset, data }: OutputFrame): void {
    if (projectOf(sessionId) === undefined) return this.#refuse(sessionId, "foreign-session");
    this.#lane(sessionId).take(offset, data);
  }

  /** The same for a piece that came by itself; resolves when it is kept. */
  async append(session: string, offset: number, data: string): Promise<Appended> {
    if (projectOf(session) === undefined) return { status: "refused", reason: "foreign-session" };
    this.#lanes.get(session)?.flush();
    return this.#appendTo(sessionFeed(this.#env, session), session, offset, data);
  }

  async #appendTo(feed: ReturnType<typeof sessionFeed>, session: string, offset: number, data: string): Promise<Appended> {
    const live = await this.#options.isLive(session);
    return feed.append({ agent: this.#agent, live }, offset, data);
  }

  #refuse(sessionId: string, reason: "foreign-session" | "malformed"): void {
    this.#options.tell({ type: "output-refused", sessionId, reason });
  }

  #lane(session: string): OutputLane {
    const known = this.#lanes.get(session);
    if (known !== undefined) return known;
    // Calls on one stub arrive in their order.
    const feed = sessionFeed(this.#env, session);
    const lane = new OutputLane({
      session,
      held: this.#held,
      append: (offset, data) => this.#appendTo(feed, session, offset, data),
      tell: this.#options.tell,
      refused: (reason) => {
        lane.close();
        this.#lanes.delete(session);
        this.#refuse(session, reason);
      },
      failed: (thrown) => {
        this.reset();
        this.#options.failed(thrown);
      },
    });
    this.#lanes.set(session, lane);
    return lane;
  }
}
