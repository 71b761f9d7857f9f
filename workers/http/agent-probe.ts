import * as z from "zod";
import { probeAction } from "../../core/protocol/probe-work.ts";
import { limits } from "../../core/protocol/frames.ts";
import { secondMs } from "../../core/time.ts";
import { mailbox } from "../../durable-objects/remote.ts";
import { notFound, problem } from "./errors.ts";
import { isAgent } from "./agents.ts";
import { agentParams } from "./path-params.ts";
import type { Routes } from "./routes.ts";

/** What `mesh agents test` is made of: the mailbox of one agent sends made-up attempts, and tells what the agent did. */
export function addAgentProbe(routes: Routes): void {
  routes.add(
    {
      method: "post",
      path: "/agents/:id/probe",
      tag: "agents",
      summary:
        "Tests an agent: sends it frames, withholds acknowledgements, cuts its connection. Its attempts belong to no project and cost nothing",
      access: "operator",
      params: agentParams,
      body: probeAction,
      bodyLimit: 2 * limits.frameBytes,
      answers: { 200: "done", 404: "unknown agent", 409: "no test is under way; begin one" },
    },
    async (c, { params, body }) => {
      if (body.do === "begin" && !(await isAgent(c.env, params.id))) return notFound("agent");
      return (await mailbox(c.env, params.id).probe(body)) || body.do === "end" ? c.json({ done: body.do }) : noProbe();
    },
  );
  routes.add(
    {
      method: "get",
      path: "/agents/:id/probe",
      tag: "agents",
      summary: "What the agent under test said after entry `after`; waits up to `wait` seconds for it",
      access: "operator",
      params: agentParams,
      query: z.object({ after: z.coerce.number().int().min(0).default(0), wait: z.coerce.number().min(0).max(25).default(0) }),
      answers: { 200: "entries, perhaps none", 409: "no test is under way" },
    },
    async (c, { params, query }) => {
      const items = await mailbox(c.env, params.id).probed(query.after, query.wait * secondMs);
      return items === null ? noProbe() : c.json({ items, cursor: items.at(-1)?.n ?? null });
    },
  );
}

function noProbe(): Response {
  return problem(409, "no-probe", "No test of this agent is under way: none was begun, or its mailbox has restarted since.");
}
