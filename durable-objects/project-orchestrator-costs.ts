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
  /** Issues with an active run. */
  readonly perIssue: readonly IssueCosts[];
}
