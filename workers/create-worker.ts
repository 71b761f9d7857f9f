import { minuteMs } from "../core/time.ts";
import { now } from "../platform/clock.ts";
import { ConfigurationError } from "../platform/config.ts";
import { errorText, log } from "../platform/log.ts";
import { countWorker } from "../platform/worker-counts.ts";
import type { Clients, CreateClients } from "./clients.ts";
import { createApp } from "./http/app.ts";
import { consume } from "./queues/consume.ts";
import { reconcile } from "./scheduled/reconcile.ts";
import { logReport } from "./scheduled/report.ts";
import { tellCountsLater } from "./tell-counts.ts";

const unconfiguredRetrySeconds = 60;
let unconfiguredSaidAt = Number.NEGATIVE_INFINITY;

/** The Worker's handlers around what speaks to the outside world; tests give another one. */
export function createWorker(createClients: CreateClients): Required<Pick<ExportedHandler<Env>, "fetch" | "queue" | "scheduled">> {
  const app = createApp(createClients);
  return {
    fetch(request, env, ctx) {
      countWorker("workerRequests");
      tellCountsLater(env, ctx);
      return app.fetch(request, env, ctx);
    },
    async queue(batch, env, ctx) {
      countWorker("workerRequests");
      countWorker("queueRedeliveries", batch.messages.filter(({ attempts }) => attempts > 1).length);
      tellCountsLater(env, ctx);
      const clients = configured(env, createClients);
      if (clients) await consume(batch, env, clients);
      else batch.retryAll({ delaySeconds: unconfiguredRetrySeconds });
    },
    async scheduled(_controller, env, ctx) {
      countWorker("workerRequests");
      tellCountsLater(env, ctx);
      const clients = configured(env, createClients);
      if (clients) logReport(await reconcile(env, clients, "due"));
    },
  };
}

/** The clients, or undefined while settings are missing: each is named in the log (once a minute), and messages wait. */
function configured(env: Env, createClients: CreateClients): Clients | undefined {
  try {
    return createClients(env);
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    if (Math.abs(now() - unconfiguredSaidAt) >= minuteMs) {
      unconfiguredSaidAt = now();
      log("error", "not configured", { reason: "not-configured", error: errorText(error) });
    }
    return undefined;
  }
}
