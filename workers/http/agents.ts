import * as z from "zod";
import { parseAgentId } from "../../core/ids.ts";
import type { AgentId } from "../../core/ids.ts";
import { createAgentToken, hashToken } from "../../platform/tokens.ts";
import { mailbox, pool } from "../../durable-objects/remote.ts";
import { capabilityName, grantedCapabilities, grantedKeys, grantedProjects } from "./agent-grants.ts";
import { forgetGrants } from "./auth.ts";
import { notFound } from "./errors.ts";
import { agentParams } from "./path-params.ts";
import type { Routes } from "./routes.ts";

const grantRequest = z.strictObject({
  id: z
    .string()
    .refine(
      (id) => parseAgentId(id) !== undefined && !id.startsWith("built-in.") && id !== "tokens",
      "1 to 64 characters of a-z 0-9 . _ -, not built-in.… and not tokens",
    ),
  capabilities: grantedCapabilities.default("any"),
  projects: grantedProjects.default("all"),
});

/** What operators do with agents. */
export function addAgents(routes: Routes): void {
  routes.add(
    {
      method: "post",
      path: "/agents",
      tag: "agents",
      summary: "Makes a token for an agent; it is shown once, and an earlier token of the agent ends",
      access: "operator",
      body: grantRequest,
      secretAnswer: true,
      answers: { 201: "the token", 400: "each fault with its path" },
    },
    async (c, { body }) => {
      const projects = await grantedKeys(c.env, body.projects);
      if (projects instanceof Response) return projects;
      const token = createAgentToken();
      const grant = { agent: body.id as AgentId, capabilities: body.capabilities, projects };
      await pool(c.env).grant(grant, await hashToken(token));
      forgetGrants();
      return c.json({ id: body.id, token, capabilities: body.capabilities, projects: body.projects }, 201);
    },
  );
  routes.add(
    {
      method: "get",
      path: "/agents",
      tag: "agents",
      summary: "Every agent with its state",
      access: "viewer",
      answers: { 200: "the agents" },
    },
    async (c) => c.json({ items: await pool(c.env).agents(), cursor: null }),
  );
  routes.add(
    {
      method: "get",
      path: "/agents/score/:capability",
      tag: "agents",
      summary: "Agents that offer a capability, best score first, with each factor",
      access: "viewer",
      params: z.object({ capability: capabilityName }),
      answers: { 200: "the scores" },
    },
    async (c, { params }) => c.json({ items: await pool(c.env).scores(params.capability), cursor: null }),
  );
  routes.add(
    {
      method: "delete",
      path: "/agents/:id",
      tag: "agents",
      summary: "Forgets an agent and its token",
      access: "operator",
      params: agentParams,
      answers: { 204: "forgotten", 404: "none had registered; a token it had is ended all the same" },
    },
    async (c, { params }) => {
      const known = await isAgent(c.env, params.id);
      await pool(c.env).remove(params.id);
      forgetGrants();
      return known ? c.body(null, 204) : notFound("agent");
    },
  );
  routes.add(
    {
      method: "post",
      path: "/agents/:id/drain",
      tag: "agents",
      summary: "The agent gets no new work and finishes what it has; draining: false takes that back",
      access: "operator",
      params: agentParams,
      body: z.strictObject({ draining: z.boolean().default(true) }),
      bodyOptional: true,
      answers: { 202: "taken", 404: "unknown" },
    },
    async (c, { params, body }) => {
      const known = await pool(c.env).drain(params.id, body.draining);
      return known ? c.json({ id: params.id, draining: body.draining }, 202) : notFound("agent");
    },
  );
  routes.add(
    {
      method: "get",
      path: "/agents/:id",
      tag: "agents",
      summary: "One agent, and what its mailbox knows",
      access: "viewer",
      params: agentParams,
      answers: { 200: "the agent", 404: "unknown" },
    },
    async (c, { params }) => {
      const agent = (await pool(c.env).agents()).find((one) => one.id === params.id);
      return agent ? c.json({ ...agent, mailbox: await mailbox(c.env, params.id).status() }) : notFound("agent");
    },
  );
}

/** Whether an agent of this id has registered. */
export async function isAgent(env: Env, id: AgentId): Promise<boolean> {
  return (await pool(env).agents()).some((agent) => agent.id === id);
}
