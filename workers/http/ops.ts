import * as z from "zod";
import { costsOf } from "../costs.ts";
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
      summary: "What the mesh has cost, by its own counters: requests, rows, queue operations, active time, SQL statements",
      access: "viewer",
      answers: { 200: "by project, by object, of the Worker, and in all" },
    },
    async (c) => c.json(await costsOf(c.env)),
  );
}
