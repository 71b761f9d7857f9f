import type { AgentId } from "../core/ids.ts";
import type { Report } from "../core/protocol/frames.ts";
import { log } from "../platform/log.ts";
import { sessionFeed } from "./remote.ts";

/** Takes the screens out of an agent's reports and brings them to their sessions' feeds: no journal holds them. */
export class SnapshotPost {
  readonly #env: Env;
  readonly #agent: AgentId;
  /** Those that came while their session's attempt was the agent's; the report after them may end it. */
  readonly #live = new WeakSet<Report>();

  constructor(env: Env, agent: AgentId) {
    this.#env = env;
    this.#agent = agent;
  }

  /** To be called before the reports are acted on. */
  note(reports: readonly Report[], isLive: (session: string) => boolean): void {
    for (const report of reports) if (report.body.type === "snapshot" && isLive(report.body.sessionId)) this.#live.add(report);
  }

  /** Resolves with all other reports when the screens among these are kept; those of foreign sessions are dropped. */
  async deliver(journal: string, reports: readonly Report[]): Promise<readonly Report[]> {
    await Promise.all(reports.map((report) => this.#keep(journal, report)));
    return reports.filter(({ body }) => body.type !== "snapshot");
  }

  async #keep(journal: string, report: Report): Promise<void> {
    const { body, at, seq } = report;
    if (body.type !== "snapshot") return;
    const { sessionId, kind, screen, cols, rows } = body;
    const writer = { agent: this.#agent, live: this.#live.has(report) };
    if (await sessionFeed(this.#env, sessionId).snapshot(writer, `${journal}-${seq}`, { at, kind, screen, cols, rows })) return;
    log("warn", "a screen of a foreign session was dropped", { agent: this.#agent, session: sessionId, reason: "foreign-session" });
  }
}
