import * as z from "zod";
import { pool, settings } from "../../durable-objects/remote.ts";
import { costsOf } from "../costs.ts";
import { configureProjects } from "../projects/configure-projects.ts";
import { cleanUp } from "../scheduled/clean-up.ts";
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
      method: "post",
      path: "/ops/stop",
      tag: "operations",
      summary: "Stops the whole mesh: no session begins, running ones stop after their step; what comes in is recorded",
      access: "operator",
      body: z.strictObject({ reason: z.string().trim().max(500).default("") }),
      bodyOptional: true,
      answers: { 200: "stopped, also when it was before; `untold`: projects that learn it by the next reconcile" },
    },
    async (c, { body }) => {
      const { stopped } = await settings(c.env).stop(c.get("by"), body.reason);
      return c.json({ stopped, untold: await configureProjects(c.env) });
    },
  );
  routes.add(
    {
      method: "post",
      path: "/ops/start",
      tag: "operations",
      summary: "Starts the mesh again: every run goes on from where it stood, unless something else holds it",
      access: "operator",
      answers: { 200: "at work, also when it was before; `untold`: projects that learn it by the next reconcile" },
    },
    async (c) => {
      const { stopped } = await settings(c.env).start();
      return c.json({ stopped, untold: await configureProjects(c.env) });
    },
  );
  routes.add(
    {
      method: "get",
      path: "/ops/state",
      tag: "operations",
      summary: "Whether the mesh is stopped: since when, by whom and why; and which projects are being deleted",
      access: "viewer",
      answers: {
        200: "`stopped`, null while it works; `day`: what was spent today of `budget.meshPerDayUsd`, null without that; `leaving`; `restoring`: the backup that is being brought back",
      },
    },
    async (c) => {
      const [{ meshState }, day, restoring, departures] = await Promise.all([
        settings(c.env).all(),
        settings(c.env).dayBudget(),
        settings(c.env).restoring(),
        pool(c.env).departures(),
      ]);
      const leaving = departures.map(({ profile, history, by, at }) => ({ project: profile.name, history, by, at }));
      return c.json({ stopped: meshState.stopped, day, leaving, restoring: restoring?.name ?? null });
    },
  );
  routes.add(
    {
      method: "post",
      path: "/ops/cleanup",
      tag: "operations",
      summary: "Removes what the policy calls too old, as every night; dryRun: only says what it would remove",
      access: "operator",
      body: z.strictObject({ dryRun: z.boolean().default(false) }),
      bodyOptional: true,
      answers: { 200: "what was, or would be, removed; and what failed" },
    },
    async (c, { body }) => c.json(await cleanUp(c.env, c.get("createClients")(c.env), body.dryRun)),
  );
  routes.add(
    {
      method: "get",
      path: "/ops/costs",
      tag: "operations",
      summary: "What the mesh has cost, by its own counters: requests, rows, queue operations, active time, SQL statements",
      access: "viewer",
      answers: { 200: "by project, by object, of the Worker, and in all" },
    },
    async (c) => c.json(await costsOf(c.env)),
  );
}
