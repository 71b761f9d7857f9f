import { ConfigurationError } from "../platform/config.ts";
import { errorText, log } from "../platform/log.ts";
import type { Clients, CreateClients } from "./clients.ts";
import { createApp } from "./http/app.ts";
import { consume } from "./queues/consume.ts";
import { reconcile } from "./scheduled/reconcile.ts";
import { logReport } from "./scheduled/report.ts";

const unconfiguredRetrySeconds = 60;

/** The Worker's handlers around what speaks to the outside world; tests give another one. */
export function createWorker(createClients: CreateClients): Required<Pick<ExportedHandler<Env>, "fetch" | "queue" | "scheduled">> {
  const app = createApp(createClients);
  return {
    fetch: (request, env, ctx) => app.fetch(request, env, ctx),
    async queue(batch, env) {
      const clients = configured(env, createClients);
      if (clients) await consume(batch, env, clients);
      else batch.retryAll({ delaySeconds: unconfiguredRetrySeconds });
    },
    async scheduled(_controller, env) {
      const clients = configured(env, createClients);
      if (clients) logReport(await reconcile(env, clients, "due"));
    },
  };
}

/** The clients, or undefined while settings are missing: each is named in the log, and messages wait. */
function configured(env: Env, createClients: CreateClients): Clients | undefined {
  try {
    return createClients(env);
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    log("error", "not configured", { reason: "not-configured", error: errorText(error) });
    return undefined;
  }
}
