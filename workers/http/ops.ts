import * as z from "zod";
import { meshProject } from "../../core/ids.ts";
import { orchestrator } from "../../durable-objects/remote.ts";
import { registeredProjects } from "../registry.ts";
import { reconcile } from "../scheduled/reconcile.ts";
import type { Routes } from "./routes.ts";

/** Running the mesh: what the cron does, now, and what it costs. */
export function addOps(routes: Routes): void {
  routes.add(
    {
      method: "post",
      path: "/ops/reconcile",
      tag: "operations",
      summary: "Reads boards, pull requests and failed deliveries again, now; due=1: only what the cron would do now",
      access: "operator",
      query: z.object({ due: z.enum(["1", "0"]).default("0") }),
      answers: { 200: "what it did, and what failed" },
    },
    async (c, { query }) => c.json(await reconcile(c.env, c.get("createClients")(c.env), query.due === "1" ? "due" : "now")),
  );
  routes.add(
    {
      method: "get",
      path: "/ops/costs",
      tag: "operations",
      summary: "What the orchestrators counted: requests, rows, messages",
      access: "viewer",
      answers: { 200: "by project, and in all" },
    },
    async (c) => {
      const keys = [{ key: meshProject, name: "mesh" }, ...(await registeredProjects(c.env))];
      const projects = await Promise.all(
        keys.map(async ({ key, name }) => ({ project: name, ...(await orchestrator(c.env, key).costs()) })),
      );
      return c.json({ projects, total: totals(projects) });
    },
  );
}

function totals(counted: readonly object[]): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const counts of counted) {
    for (const [name, count] of Object.entries(counts)) if (typeof count === "number") sums[name] = (sums[name] ?? 0) + count;
  }
  return sums;
}
