import type { ObjectCosts } from "./cost-meter.ts";

/** What one issue has cost the orchestrator, as far as it can be told apart. */
export interface IssueCosts {
  readonly issue: number;
  readonly requests: number;
  readonly rowsWritten: number;
  readonly queueMessages: number;
}

/** What an orchestrator has cost so far. */
export interface Costs extends ObjectCosts {
  /** What the feeds of this project's sessions have cost that have ended. */
  readonly endedFeeds: ObjectCosts;
  /** Sessions whose feed has not ended, and is to be asked itself. */
  readonly openSessions: readonly string[];
  /** Issues with an active run. */
  readonly perIssue: readonly IssueCosts[];
}
