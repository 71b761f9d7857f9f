import { ClientError } from "../../clients/client-error.ts";
import type { ProjectKey } from "../../core/ids.ts";
import { hourMs } from "../../core/time.ts";
import type { Moment } from "../../core/time.ts";
import { vault } from "../../durable-objects/remote.ts";
import { now } from "../../platform/clock.ts";
import type { Clients } from "../clients.ts";
import { refreshCredential } from "../credentials/refresh-credential.ts";
import { toleranceMs } from "./reconcile-project.ts";
import { failureOf } from "./report.ts";
import type { ScheduledFailure } from "../../core/cleaned-up.ts";

/** A Vault without anything to renew is asked this often; who pushes what can be renewed has it asked at once. */
const askedEveryMs = 6 * hourMs;

/** What the reconcile has to know and to give. */
export interface RefreshRound {
  readonly env: Env;
  readonly clients: Pick<Clients, "oauth">;
  readonly which: "due" | "now";
  /** When each Vault is to be asked next, as far as it is known. */
  readonly known: Readonly<Record<string, Moment>>;
  readonly failures: ScheduledFailure[];
}

/**
 * Renews access tokens ahead of their end. Only Vaults in which something may be due are asked; answers when each is to be asked next. A credential
 * that cannot be renewed stops no other.
 */
export async function refreshCredentials(
  { env, clients, which, known, failures }: RefreshRound,
  projects: readonly ProjectKey[],
): Promise<{ refreshed: number; nextAt: Record<string, Moment> }> {
  const at = now();
  const rounds = await Promise.all(
    projects.map(async (project) => {
      const asked = known[project] ?? 0;
      if (which === "due" && asked > at + toleranceMs) return { project, refreshed: 0, nextAt: asked };
      return { project, ...(await refreshProject(env, clients, project, at, failures)) };
    }),
  );
  return {
    refreshed: rounds.reduce((sum, { refreshed }) => sum + refreshed, 0),
    nextAt: Object.fromEntries(rounds.map(({ project, nextAt }) => [project, nextAt])),
  };
}

async function refreshProject(
  env: Env,
  clients: Pick<Clients, "oauth">,
  project: ProjectKey,
  at: Moment,
  failures: ScheduledFailure[],
): Promise<{ refreshed: number; nextAt: Moment }> {
  const before = await vault(env, project).refreshDues();
  const due = before.filter(({ dueAt }) => dueAt <= at);
  let refreshed = 0;
  for (const { name } of due) {
    try {
      const renewed = await refreshCredential(env, clients, project, { name, by: "schedule", asked: false });
      if (renewed.ok) refreshed += 1;
    } catch (error) {
      // The Vault has noted the provider's refusal, and tries again when it says.
      if (!(error instanceof ClientError)) failures.push(failureOf("credential-refresh", error));
    }
  }
  const left = due.length === 0 ? before : await vault(env, project).refreshDues();
  return { refreshed, nextAt: Math.min(at + askedEveryMs, ...left.map(({ dueAt }) => Math.max(dueAt, at))) };
}
