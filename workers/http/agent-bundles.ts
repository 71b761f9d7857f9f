import * as z from "zod";
import { projectOf } from "../../core/ids.ts";
import type { AgentId, ProjectKey, TaskId } from "../../core/ids.ts";
import { orchestrator, vault } from "../../durable-objects/remote.ts";
import { refusal } from "./credentials.ts";
import { problem } from "./errors.ts";
import { agentParams } from "./path-params.ts";
import type { Routes } from "./routes.ts";

const noStore = { "cache-control": "no-store" };
const attempt = { taskId: z.string().min(3).max(200), attempt: z.number().int().min(1).max(1_000) };
const bundleId = z.string().regex(/^[a-z0-9]{8,64}$/);

/** How runners get the variables of a project's credentials: a bundle is made for one attempt of one agent, and opened once. */
export function addAgentBundles(routes: Routes): void {
  routes.add(
    {
      method: "post",
      path: "/agents/:id/bundle",
      tag: "agent protocol",
      summary:
        "Has the project's credentials made ready for a live attempt; `have`: the bundle that the agent opened last and still keeps in memory",
      access: "agent-now",
      params: agentParams,
      body: z.strictObject({ ...attempt, have: bundleId.nullable().default(null) }),
      answers: {
        200: "status `current` (what it has still holds), `provisioned` (open bundleId before expiresAt) or `no_credentials` (go on with your own)",
        403: "no live attempt of this agent",
      },
    },
    async (c, { params, body }) => {
      const project = await projectOfAttempt(c.env, body, params.id);
      if (!project) return noLiveAttempt();
      const holder = { agent: params.id, task: body.taskId, attempt: body.attempt };
      return c.json(await vault(c.env, project).provision(holder, body.have), 200, noStore);
    },
  );
  routes.add(
    {
      method: "post",
      path: "/agents/:id/bundle/:bundle",
      tag: "agent protocol",
      summary: "Opens a bundle, once: variables for the agent's environment, to be kept in memory only",
      access: "agent-now",
      params: agentParams.extend({ bundle: bundleId }),
      body: z.strictObject(attempt),
      answers: {
        200: "variables, and until when they hold",
        403: "no live attempt of this agent",
        409: "the Vault refuses; `reason` says why",
        410: "used, expired, ended with its credential, or made for another attempt",
      },
    },
    async (c, { params, body }) => {
      const project = await projectOfAttempt(c.env, body, params.id);
      if (!project) return noLiveAttempt();
      const holder = { agent: params.id, task: body.taskId, attempt: body.attempt };
      const opened = await vault(c.env, project).openBundle(params.bundle, holder);
      if (opened.ok) return c.json(opened.value, 200, noStore);
      return opened.error === "bundle-over"
        ? problem(410, "bundle-over", "This bundle opens no more; ask for another.")
        : refusal(opened.error);
    },
  );
}

/** The project whose repository the agent's live attempt works on. */
async function projectOfAttempt(
  env: Env,
  { taskId, attempt: number }: { taskId: string; attempt: number },
  agent: AgentId,
): Promise<ProjectKey | undefined> {
  const project = projectOf(taskId);
  const live = project && (await orchestrator(env, project).liveAttempt(taskId as TaskId, number, agent));
  return live ? live.profile.key : undefined;
}

function noLiveAttempt(): Response {
  return problem(403, "no-live-attempt", "This is not a live attempt of this agent.");
}
