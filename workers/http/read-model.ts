import { readApi } from "../../drizzle/read-api.ts";
import type { RouteSpec, Routes } from "./routes.ts";

const history: readonly Pick<RouteSpec, "path" | "summary">[] = [
  { path: "/events", summary: "The event log; filters: project, trace, task, agent, type, without, since, until" },
  {
    path: "/events.jsonl",
    summary:
      "The event log as JSON lines, newest first, with the filters of /events and its cursor; 20,000 lines at most, then a last line {cursor} goes on",
  },
  { path: "/usage", summary: "What was spent" },
  { path: "/runs/:owner/:name/:issue/events", summary: "The event log of one issue" },
  { path: "/runs/:owner/:name/:issue/history", summary: "Every run of one issue; fields=row: only what a list shows" },
  {
    path: "/runs/:owner/:name/:issue/consultations",
    summary: "What the architect was asked, and every question and answer of one issue, oldest first",
  },
  { path: "/questions/history", summary: "Questions that were answered or withdrawn" },
  { path: "/agents/:id/history", summary: "What an agent's attempts came to; filters: capability, project, ok=0|1, since, until" },
  { path: "/sessions", summary: "Sessions, newest first; filters: project, issue, run, agent, open=1" },
  { path: "/sessions/:id/checkpoints", summary: "What a session's worktree looked like, newest first" },
  { path: "/read-model/sessions/:id", summary: "A session as the read model has it" },
  { path: "/read-model", summary: "How far the read model follows the journals" },
  { path: "/read-model/projects", summary: "Projects as the read model has them" },
  { path: "/read-model/tasks/:id", summary: "A task as the read model has it, also long after it ended" },
  { path: "/read-model/runs/:owner/:name/:issue/:run", summary: "A run as the read model has it" },
];

/** History and sums, answered from Neon; the same router serves the dashboard's functions. */
export function addReadModel(routes: Routes): void {
  for (const { path, summary } of history) {
    routes.add(
      {
        method: "get",
        path,
        tag: "history",
        summary,
        access: "viewer",
        answers: {
          200: path.endsWith(".jsonl") ? "JSON lines, as a file" : "`{items, cursor}` or the row",
          400: "bad query",
          404: "unknown",
          503: "the database is away",
        },
      },
      async (c) => {
        const read = readApi(c.get("createClients")(c.env).openDatabase());
        return (await read(c.req.raw)) ?? c.notFound();
      },
    );
  }
}
