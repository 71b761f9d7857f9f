import { DrizzleQueryError } from "drizzle-orm/errors";
import { ClientError } from "../../clients/client-error.ts";
import type { ScheduledFailure } from "../../core/cleaned-up.ts";
import type { ProjectName } from "../../core/ids.ts";
import { errorText, log } from "../../platform/log.ts";

export interface ProjectReport {
  readonly project: ProjectName;
  readonly board: "read" | "not-due" | "none" | "points-spent" | "failed";
  /** Cards that had changed and were read. */
  readonly cards: number;
  readonly pulls: number;
  /** Inputs that changed something. */
  readonly applied: number;
  readonly redelivered: number;
  readonly failures: readonly ScheduledFailure[];
}

/** What one reconcile did. */
export interface ReconcileReport {
  readonly projects: readonly ProjectReport[];
  readonly healthChecks: number;
  readonly redelivered: number;
  /** Projects whose read model lagged behind and was poked. */
  readonly poked: number;
  /** Journal entries copied to the archive. */
  readonly archived: number;
  /** Credentials that were renewed. */
  readonly refreshed: number;
  /** Onboardings whose workflow was lost and is taken up. */
  readonly resumed: number;
  /** Projects whose deletion is not finished. */
  readonly leaving: number;
  readonly failures: readonly ScheduledFailure[];
}

export function failureOf(what: string, error: unknown): ScheduledFailure {
  if (error instanceof ClientError) return { what, reason: error.code, message: error.message };
  if (error instanceof DrizzleQueryError) return { what, reason: "read-model-unreachable", message: "the database does not answer" };
  return { what, reason: "internal", message: "an error of the mesh itself; see its log" };
}

/** Runs one part; its failure is noted and nothing else stops. */
export async function attempt<T>(what: string, failures: ScheduledFailure[], act: () => Promise<T>, fallback: T): Promise<T> {
  try {
    return await act();
  } catch (error) {
    failures.push(failureOf(what, error));
    log("warn", "a part of the reconcile failed", { reason: what, error: errorText(error) });
    return fallback;
  }
}

export function logReport(report: ReconcileReport): void {
  const failed = report.failures.length + report.projects.reduce((sum, project) => sum + project.failures.length, 0);
  log(failed > 0 ? "warn" : "debug", "reconciled", {
    count: report.projects.length,
    ...(failed > 0 ? { reason: `${failed} failed` } : {}),
  });
}
