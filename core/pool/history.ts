import { historyKept } from "./score.ts";
import type { History } from "./state.ts";

/** An attempt's end as the pool counts it: only completed, failed, timed-out and lost ones are results. */
export interface AgentResult {
  readonly agent: string;
  readonly capability: string;
  readonly ok: boolean;
  readonly at: number;
  /** The journal's number of its event: a repeat inside a longer batch is told apart by it. */
  readonly seq?: number;
}

/** A history as stored: `1` success, `0` failure, newest first. */
export function renderHistory(history: History): string {
  return history.map((succeeded) => (succeeded ? "1" : "0")).join("");
}

/** The inverse of `renderHistory`. */
export function parseHistory(text: string): History {
  return [...text].map((digit) => digit === "1");
}

/** The history after these results (oldest first); the 20 newest are kept. */
export function withResults(history: History, results: readonly boolean[]): History {
  return [...results.toReversed(), ...history].slice(0, historyKept);
}
