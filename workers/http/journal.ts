import * as z from "zod";
import { orchestrator } from "../../durable-objects/remote.ts";
import { projectNamed } from "../registry.ts";
import { notFound } from "./errors.ts";
import { projectParams } from "./path-params.ts";
import type { Routes } from "./routes.ts";

/** The journal as its orchestrator has it, for comparing the read model with it and for export. */
export function addJournal(routes: Routes): void {
  routes.add(
    {
      method: "get",
      path: "/projects/:owner/:name/journal",
      tag: "projects",
      summary: "Events of the project's journal after a number, oldest first, from the orchestrator itself",
      access: "operator",
      params: projectParams,
      query: z.object({ after: z.coerce.number().int().min(0).default(0), limit: z.coerce.number().int().min(1).max(1_000).default(200) }),
      answers: { 200: "a page; `upTo` is the number to go on from while `more`", 404: "unknown project" },
    },
    async (c, { params, query }) => {
      const profile = await projectNamed(c.env, params.project);
      return profile ? c.json(await orchestrator(c.env, profile.key).journalSince(query.after, query.limit)) : notFound("project");
    },
  );
}
