import * as z from "zod";
import { parsePolicy, policySchema } from "../../core/policy.ts";
import type { PolicyOverrides } from "../../core/policy.ts";
import { settings } from "../../durable-objects/remote.ts";
import { configureProjects } from "../projects/configure-projects.ts";
import { problem } from "./errors.ts";
import type { Routes } from "./routes.ts";

/** Mesh-wide settings; projects' own lie over them. */
export function addSettings(routes: Routes): void {
  routes.add(
    {
      method: "get",
      path: "/settings",
      tag: "settings",
      summary: "What is set mesh-wide, and what it makes of every default",
      access: "viewer",
      answers: { 200: "overrides and policy" },
    },
    async (c) => c.json(shown(await settings(c.env).get())),
  );
  routes.add(
    {
      method: "get",
      path: "/settings/schema",
      tag: "settings",
      summary: "What may be set, mesh-wide and for a project, as JSON Schema: each setting with its words, range and default",
      access: "viewer",
      answers: { 200: "JSON Schema 2020-12" },
    },
    (c) => c.json(z.toJSONSchema(policySchema, { io: "input" })),
  );
  routes.add(
    {
      method: "patch",
      path: "/settings",
      tag: "settings",
      summary: "Changes mesh-wide settings; null goes back to the default",
      access: "operator",
      body: z.record(z.string(), z.unknown()),
      answers: { 200: "overrides and policy", 400: "each unknown key and value out of range" },
    },
    async (c, { body }) => {
      const patched = await settings(c.env).patch(body);
      if (!patched.ok) return problem(400, "invalid-settings", "The settings do not fit.", patched.error);
      await configureProjects(c.env);
      return c.json(shown(patched.value));
    },
  );
}

function shown(overrides: PolicyOverrides): object {
  const policy = parsePolicy(overrides);
  return { overrides, policy: policy.ok ? policy.value : null };
}
