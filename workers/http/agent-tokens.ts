import * as z from "zod";
import type { AgentGrant } from "../../core/pool/state.ts";
import { pool } from "../../durable-objects/remote.ts";
import { registeredProjects } from "../registry.ts";
import { grantedCapabilities, grantedKeys, grantedProjects } from "./agent-grants.ts";
import { forgetGrants } from "./auth.ts";
import { notFound } from "./errors.ts";
import { agentParams } from "./path-params.ts";
import type { Routes } from "./routes.ts";

/** Agents' tokens once they are made: what each allows, and its end. The tokens themselves are kept nowhere. */
export function addAgentTokens(routes: Routes): void {
  routes.add(
    {
      method: "get",
      path: "/agents/tokens",
      tag: "agents",
      summary: "Every agent's token by what it allows; when it was made, and last used (to the hour)",
      access: "viewer",
      answers: { 200: "the tokens, without themselves" },
    },
    async (c) => c.json({ items: await views(c.env, await pool(c.env).tokens()), cursor: null }),
  );
  routes.add(
    {
      method: "patch",
      path: "/agents/:id/token",
      tag: "agents",
      summary: "Changes what an agent's token allows; the token stays the same, and work the agent has already it finishes",
      access: "operator",
      params: agentParams,
      body: z
        .strictObject({ capabilities: grantedCapabilities.optional(), projects: grantedProjects.optional() })
        .refine(({ capabilities, projects }) => capabilities !== undefined || projects !== undefined, "capabilities or projects"),
      answers: { 200: "what it allows now", 400: "each fault with its path", 404: "the agent has no token" },
    },
    async (c, { params, body }) => {
      const projects = body.projects && (await grantedKeys(c.env, body.projects));
      if (projects instanceof Response) return projects;
      const { capabilities } = body;
      const grant = await pool(c.env).changeGrant(params.id, { ...(capabilities && { capabilities }), ...(projects && { projects }) });
      forgetGrants();
      return grant === null ? notFound("token") : c.json((await views(c.env, [grant]))[0]);
    },
  );
  routes.add(
    {
      method: "delete",
      path: "/agents/:id/token",
      tag: "agents",
      summary: "Ends an agent's token and its connection at once; the agent and its history stay known",
      access: "operator",
      params: agentParams,
      answers: { 204: "ended", 404: "the agent has no token" },
    },
    async (c, { params }) => {
      const had = await pool(c.env).revokeToken(params.id);
      forgetGrants();
      return had ? c.body(null, 204) : notFound("token");
    },
  );
}

/** Projects by name; one that is no longer registered by its key. */
async function views(env: Env, grants: readonly AgentGrant[]): Promise<object[]> {
  const names = new Map((await registeredProjects(env)).map(({ key, name }) => [key, name]));
  return grants.map(({ agent, capabilities, projects, createdAt, lastUsedAt }) => ({
    agent,
    capabilities,
    projects: projects === "all" ? "all" : projects.map((key) => names.get(key) ?? key),
    createdAt: createdAt ?? null,
    lastUsedAt: lastUsedAt ?? null,
  }));
}
