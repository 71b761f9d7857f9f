import * as z from "zod";
import type { OperatorCommand } from "../../core/inputs.ts";
import type { RunView } from "../../core/project/views.ts";
import { now } from "../../platform/clock.ts";
import { orchestrator } from "../../durable-objects/remote.ts";
import { projectNamed } from "../registry.ts";
import { notFound, problem } from "./errors.ts";
import { inputIdOf } from "./idempotency.ts";
import { page, runParams } from "./path-params.ts";
import type { Routes } from "./routes.ts";
import { projectsAsked } from "./tasks.ts";

/** What an operator may tell a run. */
export const operatorCommands = ["retry", "cancel", "pause", "resume", "advance"] as const satisfies readonly OperatorCommand[];
const ended = ["ACCEPTED", "FAILED", "CANCELLED"];

/** Runs: their live state, why one is not moving, and what an operator may do to it. */
export function addRuns(routes: Routes): void {
  routes.add(
    {
      method: "get",
      path: "/runs",
      tag: "runs",
      summary: "Runs that the orchestrators hold, newest first",
      access: "viewer",
      query: z.object({
        project: z.string().min(1).max(200).optional(),
        phase: z
          .string()
          .transform((phase) => phase.toUpperCase())
          .optional(),
        active: z.enum(["1", "0"]).optional().describe("1: only those that have not ended"),
        title: z.string().max(200).optional().describe("a part of the title, in any case"),
        ...page,
      }),
      answers: { 200: "a page; `cursor` leads to the one after it", 404: "unknown project" },
    },
    async (c, { query }) => {
      const projects = await projectsAsked(c.env, query.project);
      if (!projects) return notFound("project");
      const found = (await Promise.all(projects.map((project) => orchestrator(c.env, project).runs()))).flat();
      const title = query.title?.toLowerCase() ?? "";
      const before = query.cursor ?? Number.POSITIVE_INFINITY;
      const runs = found
        .filter(
          (run) =>
            run.startedAt < before &&
            (!query.phase || run.phase === query.phase) &&
            run.title.toLowerCase().includes(title) &&
            (!query.active || ended.includes(run.phase) === (query.active === "0")),
        )
        .toSorted((one, other) => other.startedAt - one.startedAt)
        .slice(0, query.limit);
      return c.json({ items: runs, cursor: runs.length === query.limit ? (runs.at(-1)?.startedAt ?? null) : null });
    },
  );
  routes.add(
    {
      method: "get",
      path: "/runs/:owner/:name/:issue",
      tag: "runs",
      summary: "The issue's latest run, or the one asked for",
      access: "viewer",
      params: runParams,
      query: z.object({ run: z.coerce.number().int().min(1).optional() }),
      answers: { 200: "the run", 404: "unknown" },
    },
    async (c, { params, query }) => {
      const profile = await projectNamed(c.env, params.project);
      const run = profile && (await orchestrator(c.env, profile.key).run(params.issue, query.run));
      return run ? c.json(run) : notFound("run");
    },
  );
  routes.add(
    {
      method: "get",
      path: "/runs/:owner/:name/:issue/explain",
      tag: "runs",
      summary: "Why it is not moving, or what happens now, in one sentence",
      access: "viewer",
      params: runParams,
      answers: { 200: "the sentence", 404: "unknown project" },
    },
    async (c, { params }) => {
      const profile = await projectNamed(c.env, params.project);
      if (!profile) return notFound("project");
      const run = await orchestrator(c.env, profile.key).run(params.issue);
      if (run) return c.json(explained(run));
      const filtered = (await orchestrator(c.env, profile.key).view()).filtered.find((card) => card.issue === params.issue);
      const key = `${params.project}#${params.issue}`;
      return filtered
        ? c.json({
            key,
            phase: null,
            awaiting: null,
            explain: `No run was started: ${filtered.reason}.`,
            reason: filtered.reason,
            at: filtered.at,
          })
        : c.json({ key, phase: null, awaiting: null, explain: "No card of this issue was seen in the board's first column." });
    },
  );
  for (const command of operatorCommands) addCommand(routes, command);
}

function explained(run: RunView): object {
  const { key, id, phase, awaiting, explain, phaseSince } = run;
  return { key, run: id, phase, awaiting, explain, since: phaseSince };
}

/** Why a command does nothing now, for people. */
function refusalOf(command: OperatorCommand, reason: string | null | undefined): string {
  const because: Readonly<Record<string, string>> = {
    "already-paused": "it is paused already",
    "not-paused": "it is not paused",
    "nothing-to-retry": "what it waits for is under way, so there is nothing to try again",
    "waits-for-its-turn": "it waits for its turn, since the project already has as many runs at work as it may",
    "no-plan-yet": "there is no plan yet that could be taken as approved",
    "no-commits-yet": "nothing was committed yet that a pull request could be opened for",
    "run-has-ended": "the run has ended",
    "run-ended": "the run has ended",
  };
  return `The command ${command} does not apply now: ${because[reason ?? ""] ?? reason ?? "nothing would change"}.`;
}

function addCommand(routes: Routes, command: OperatorCommand): void {
  routes.add(
    {
      method: "post",
      path: `/runs/:owner/:name/:issue/${command}`,
      tag: "runs",
      summary: `Operator: ${command}`,
      access: "operator",
      params: runParams,
      body: z.strictObject({ reason: z.string().max(2_000).default("") }),
      bodyOptional: true,
      answers: { 202: "taken; the run as it is now", 404: "unknown", 409: "does not apply now; `reason` says why" },
    },
    async (c, { params, body }) => {
      const profile = await projectNamed(c.env, params.project);
      if (!profile) return notFound("project");
      const project = orchestrator(c.env, profile.key);
      const input = await inputIdOf(c);
      if (input instanceof Response) return input;
      const said = { issue: params.issue, command, by: c.get("by"), reason: body.reason };
      const applied = await project.apply({ id: `api.${input.id}`, at: now(), type: "operator-commanded", ...said });
      if (applied.reason === "unknown-run") return notFound("run");
      if (applied.status !== "applied") return problem(409, applied.reason ?? "not-applied", refusalOf(command, applied.reason));
      return c.json({ status: "accepted", run: await project.run(params.issue) }, 202);
    },
  );
}
