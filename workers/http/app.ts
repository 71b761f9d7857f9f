import { Hono } from "hono";
import { ClientError } from "../../clients/client-error.ts";
import { now } from "../../platform/clock.ts";
import { ConfigurationError } from "../../platform/config.ts";
import { errorText, log } from "../../platform/log.ts";
import { randomId } from "../../platform/random-id.ts";
import type { CreateClients } from "../clients.ts";
import { ProjectBeingDeleted } from "../projects/configure-projects.ts";
import { addAgentTokens } from "./agent-tokens.ts";
import { addAgentBundles } from "./agent-bundles.ts";
import { addAgentProbe } from "./agent-probe.ts";
import { addAgentWork } from "./agent-work.ts";
import { addAgents } from "./agents.ts";
import { addArchive } from "./archive.ts";
import { addDiagnosis } from "./diagnosis.ts";
import { addCredentials } from "./credentials.ts";
import { notFound, problem } from "./errors.ts";
import { addBackups } from "./backups.ts";
import { addGitHubWebhooks } from "./github-webhooks.ts";
import { addHealth } from "./health.ts";
import type { Http, HttpContext } from "./http.ts";
import { addJournal } from "./journal.ts";
import { addLive } from "./live.ts";
import { addLogin } from "./login.ts";
import { addMcp } from "./mcp.ts";
import { addOnboarding } from "./onboarding.ts";
import { addModelBudget } from "./model-budget.ts";
import { addOpenApi } from "./openapi.ts";
import { addOps } from "./ops.ts";
import { addProjects } from "./projects.ts";
import { addQuestions } from "./questions.ts";
import { addReadModel } from "./read-model.ts";
import { addReplies } from "./replies.ts";
import { Routes } from "./routes.ts";
import { addRuns } from "./runs.ts";
import { addSessions } from "./sessions.ts";
import { addSettings } from "./settings.ts";
import { addTasks } from "./tasks.ts";
import { addVault } from "./vault.ts";

/** The Worker's HTTP interface. Every answer carries `x-request-id`, every refusal is a problem. */
export function createApp(createClients: CreateClients): Hono<Http> {
  const routes = new Routes();
  const app = new Hono<Http>();
  addHealth(routes);
  addGitHubWebhooks(routes);
  addAgentTokens(routes);
  addAgents(routes);
  addAgentWork(routes);
  addAgentProbe(routes);
  addAgentBundles(routes);
  addTasks(routes);
  addProjects(routes);
  addCredentials(routes);
  addRuns(routes);
  addQuestions(routes);
  addSessions(routes);
  addReplies(routes);
  addReadModel(routes);
  addSettings(routes);
  addLive(routes);
  addOnboarding(routes);
  addOps(routes);
  addBackups(routes);
  addDiagnosis(routes);
  addVault(routes);
  addJournal(routes);
  addArchive(routes);
  addLogin(routes);
  addModelBudget(routes);
  addMcp(routes, (request, c) => app.fetch(request, c.env, c.executionCtx));
  addOpenApi(routes);
  app.use(async (c, next) => {
    const given = c.req.header("x-request-id");
    const requestId = given !== undefined && /^[A-Za-z0-9._-]{8,64}$/.test(given) ? given : randomId();
    c.set("requestId", requestId);
    c.set("createClients", createClients);
    await next();
    if (c.res.status === 101) return;
    c.res = withRequestId(c.res, requestId);
  });
  app.route("/", routes.app);
  app.notFound(() => notFound("route"));
  app.onError(failed);
  return app;
}

function withRequestId(response: Response, requestId: string): Response {
  const named = new Response(response.body, response);
  named.headers.set("x-request-id", requestId);
  return named;
}

/** What no route foresaw. Outside failures and missing settings are told; our own bugs only to the log. */
function failed(error: Error, c: HttpContext): Response {
  const request = { request_id: c.get("requestId"), method: c.req.method, path: c.req.routePath, error: errorText(error) };
  if (error instanceof ConfigurationError) {
    log("error", "not configured", request);
    return problem(503, "not-configured", "Settings are missing.", error.issues);
  }
  if (error instanceof ProjectBeingDeleted) return problem(409, "being-deleted", error.message);
  if (error instanceof ClientError) {
    log("warn", "outside failure", { ...request, reason: error.code });
    const wait: Record<string, string> =
      error.retryAt === undefined ? {} : { "retry-after": String(Math.max(1, Math.ceil((error.retryAt - now()) / 1_000))) };
    return problem(
      error.retryable ? 503 : 502,
      `${error.service.toLowerCase().replaceAll(" ", "-")}-${error.code}`,
      error.message,
      undefined,
      wait,
    );
  }
  log("error", "request failed", request);
  return problem(500, "internal", "Something went wrong here; the request id leads to it in the log.");
}
