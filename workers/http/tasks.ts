import * as z from "zod";
import { meshProject, parseAgentId, projectOf } from "../../core/ids.ts";
import type { AgentId, ProjectKey, TaskId } from "../../core/ids.ts";
import { defaultPolicy } from "../../core/policy.ts";
import type { Candidate } from "../../core/pool/state.ts";
import type { TaskView } from "../../core/project/views.ts";
import type { Issue } from "../../core/result.ts";
import type { TaskSpec } from "../../core/task/state.ts";
import type { Moment } from "../../core/time.ts";
import { newestFirst } from "../../durable-objects/project-orchestrator-views.ts";
import { momentParam } from "../../drizzle/queries/list-page.ts";
import { now } from "../../platform/clock.ts";
import { hex, sha256 } from "../../platform/keys.ts";
import { orchestrator, pool } from "../../durable-objects/remote.ts";
import { isBuiltIn } from "../agents/built-in-agents.ts";
import { registerBuiltInOnce } from "../agents/register-built-in.ts";
import { isProject, projectKeyOf, registeredProjects } from "../registry.ts";
import { notFound, problem } from "./errors.ts";
import type { HttpContext } from "./http.ts";
import { inputIdOf } from "./idempotency.ts";
import { page, taskParams } from "./path-params.ts";
import type { Routes } from "./routes.ts";

/** Of one task, as JSON text. */
const payloadLimit = 262_144;
const mostTasks = 100;
const bodyLimit = 8 * 1024 * 1024;

const capability = z.string().regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, "1 to 64 characters of a-z 0-9 . _ -, the first a letter or digit");

/** One task as it is asked for. */
export const taskRequest = z.strictObject({
  capability,
  payload: z.unknown().default(null).describe("any JSON value, at most 256 KiB"),
  priority: z.number().int().min(0).max(10).default(5),
  timeoutSeconds: z.number().positive().max(86_400).default(defaultPolicy.tasks.timeoutSeconds),
  maxAttempts: z.number().int().min(1).max(20).default(defaultPolicy.tasks.maxAttempts),
  wait: z.boolean().default(true).describe("false: refused at once when no agent offers the capability"),
  project: z.string().min(1).max(200).optional().describe("owner/name; without it the task belongs to the mesh"),
  agent: z
    .string()
    .transform((text, context): AgentId => {
      const id = parseAgentId(text);
      if (id) return id;
      context.issues.push({ code: "custom", message: "1 to 64 characters of a-z 0-9 . _ -", input: text });
      return z.NEVER;
    })
    .optional()
    .describe("only this agent may have it; it is waited for"),
});
type TaskRequest = z.output<typeof taskRequest>;

const submission = z.unknown().transform((value, context): TaskRequest[] => {
  const several = z.array(taskRequest).min(1).max(mostTasks);
  const parsed = Array.isArray(value) ? several.safeParse(value) : taskRequest.transform((task) => [task]).safeParse(value);
  if (parsed.success) return parsed.data;
  for (const issue of parsed.error.issues) context.issues.push({ ...issue, input: value } as z.core.$ZodRawIssue);
  return z.NEVER;
});

export const taskSubmission = z.union([taskRequest, z.array(taskRequest).min(1).max(mostTasks)]);

/** Submitting, listing, reading and cancelling tasks. */
export function addTasks(routes: Routes): void {
  routes.add(
    {
      method: "post",
      path: "/tasks",
      tag: "tasks",
      summary: "Submits one task, or an array of up to 100, stored durably when answered",
      access: "operator",
      body: submission,
      bodySchema: taskSubmission,
      bodyLimit,
      ownKey: true,
      answers: {
        202: "accepted: the tasks with their ids",
        400: "each fault with its path, an agent that is unknown or may not serve the project included",
        404: "unknown project",
        413: "a payload over 256 KiB, or a body over 8 MiB",
        422: "the Idempotency-Key was used for another body",
        503: "wait is false and no agent offers the capability",
      },
    },
    async (c, { body }) => submit(c, body),
  );
  routes.add(
    {
      method: "get",
      path: "/tasks",
      tag: "tasks",
      summary: "Lists tasks of the last days, newest first; /read-model has them all",
      access: "viewer",
      query: z.object({
        status: z.enum(["pending", "dispatched", "running", "completed", "failed", "cancelled"]).optional(),
        capability: capability.optional(),
        project: z.string().min(1).max(200).optional(),
        agent: z
          .string()
          .regex(/^[a-z0-9][a-z0-9._-]{0,63}$/)
          .optional()
          .describe("some attempt of the task was this agent's"),
        since: momentParam.optional().describe("submitted at this moment or later"),
        until: momentParam.optional().describe("submitted before this moment"),
        limit: page.limit,
        cursor: z
          .string()
          .regex(/^\d{1,15}~[\x21-\x7e]{1,200}$/, "not a cursor of this list")
          .optional(),
      }),
      answers: { 200: "a page; `cursor` leads to the one after it", 404: "unknown project" },
    },
    async (c, { query }) => {
      const projects = await projectsAsked(c.env, query.project);
      if (!projects) return notFound("project");
      const { status, capability: named, agent, since, until, limit, cursor } = query;
      const before = cursor === undefined ? until && { at: until, id: "" } : placeOf(cursor);
      const filter = {
        limit,
        ...(status ? { status } : {}),
        ...(named ? { capability: named } : {}),
        ...(agent ? { agent: agent as AgentId } : {}),
        ...(since ? { since } : {}),
        ...(before ? { before } : {}),
      };
      const found = (await Promise.all(projects.map((project) => orchestrator(c.env, project).tasks(filter)))).flat();
      const tasks = found.toSorted(newestFirst).slice(0, limit);
      const last = tasks.at(-1);
      return c.json({ items: tasks, cursor: last && tasks.length === limit ? `${last.submittedAt}~${last.id}` : null });
    },
  );
  routes.add(
    {
      method: "get",
      path: "/tasks/:id",
      tag: "tasks",
      summary: "A task with its attempts",
      access: "viewer",
      params: taskParams,
      answers: { 200: "the task", 404: "unknown" },
    },
    async (c, { params }) => {
      const task = await taskOf(c.env, params.id);
      return task ? c.json(task) : notFound("task");
    },
  );
  routes.add(
    {
      method: "delete",
      path: "/tasks/:id",
      tag: "tasks",
      summary: "Cancels a task",
      access: "operator",
      params: taskParams,
      answers: { 200: "cancelled", 404: "unknown", 409: "it has ended" },
    },
    async (c, { params }) => {
      const project = projectOf(params.id);
      if (!project || !(await isProject(c.env, project))) return notFound("task");
      const input = await inputIdOf(c);
      if (input instanceof Response) return input;
      const applied = await orchestrator(c.env, project).apply({
        id: `api.${input.id}`,
        at: now(),
        type: "task-cancelled",
        task: params.id,
        by: c.get("by"),
      });
      if (applied.reason === "unknown-task") return notFound("task");
      if (applied.status !== "applied") return problem(409, applied.reason ?? "not-applied", "The task cannot be cancelled any more.");
      return c.json(await orchestrator(c.env, project).task(params.id));
    },
  );
}

/** A cursor names the last task of the page before: many may have been submitted at the same moment. */
function placeOf(cursor: string): { at: Moment; id: string } {
  const [at, id] = cursor.split("~");
  return { at: Number(at), id: id ?? "" };
}

async function submit(c: HttpContext, tasks: readonly TaskRequest[]): Promise<Response> {
  const tooLarge = oversized(tasks);
  if (tooLarge.length > 0) return problem(413, "payload-too-large", "A task's payload has at most 256 KiB as JSON.", tooLarge);
  const input = await inputIdOf(c);
  if (input instanceof Response) return input;
  const keys = await Promise.all(tasks.map((task) => (task.project === undefined ? meshProject : projectKeyOf(c.env, task.project))));
  const unknown = keys.flatMap((key, index) =>
    key ? [] : [{ path: tasks.length === 1 ? "project" : `[${index}].project`, message: "unknown project" }],
  );
  if (unknown.length > 0) return problem(404, "unknown-project", "There is no such project.", unknown);
  if (tasks.some((task) => isBuiltIn(task.capability))) await registerBuiltInOnce(c.env);
  const serving = await servingAgents(c.env, tasks, keys);
  const strangers = unknownAgents(tasks, keys, serving);
  if (strangers.length > 0) return problem(400, "unknown-agent", "The task is addressed to an agent that cannot have it.", strangers);
  const nobody = await unoffered(c.env, tasks, keys, serving);
  if (nobody.length > 0) return problem(503, "no-agent", "No agent offers the capability, and the task says not to wait.", nobody);
  const suffix = input.repeatable ? `${input.id.slice(0, 24)}${hex(await sha256(JSON.stringify(tasks))).slice(0, 8)}` : input.id;
  const specs = tasks.map((task, index) => specOf(task, keys[index] ?? meshProject, suffix, index));
  for (const project of new Set(keys)) {
    const refusal =
      project &&
      (await submitTo(
        c,
        project,
        input,
        specs.filter((spec) => projectOf(spec.id) === project),
      ));
    if (refusal) return refusal;
  }
  return c.json({ tasks: specs.map(accepted) }, 202);
}

function accepted({ id, capability: named, priority, timeoutSeconds, maxAttempts }: TaskSpec): object {
  return { id, project: projectOf(id), capability: named, status: "pending", priority, timeoutSeconds, maxAttempts };
}

async function submitTo(
  c: HttpContext,
  project: ProjectKey,
  input: { id: string; repeatable: boolean },
  tasks: readonly TaskSpec[],
): Promise<Response | undefined> {
  const applied = await orchestrator(c.env, project).apply({ id: `api.${input.id}`, at: now(), type: "tasks-submitted", tasks });
  if (applied.status !== "applied") {
    return problem(422, applied.reason ?? "refused", applied.detail ?? "The tasks were not taken.");
  }
  const [first] = tasks;
  if (!input.repeatable || !first || (await orchestrator(c.env, project).task(first.id))) return undefined;
  return problem(422, "idempotency-key-reused", "This Idempotency-Key was used for other tasks.");
}

function specOf(task: TaskRequest, project: ProjectKey, suffix: string, index: number): TaskSpec {
  const { project: _, ...said } = task;
  return { id: `${project}.a${suffix}-${index + 1}` as TaskId, ...said };
}

function oversized(tasks: readonly TaskRequest[]): Issue[] {
  const encoder = new TextEncoder();
  return tasks.flatMap((task, index) => {
    const text = JSON.stringify(task.payload);
    const fits = text.length * 3 <= payloadLimit || encoder.encode(text).byteLength <= payloadLimit;
    return fits ? [] : [{ path: tasks.length === 1 ? "payload" : `[${index}].payload`, message: "over 256 KiB" }];
  });
}

/** Who may serve each project, when some task is addressed. */
type Serving = ReadonlyMap<ProjectKey, readonly Candidate[]>;

async function servingAgents(env: Env, tasks: readonly TaskRequest[], keys: readonly (ProjectKey | undefined)[]): Promise<Serving> {
  const asked = new Set(keys.flatMap((key, index) => (key && tasks[index]?.agent !== undefined ? [key] : [])));
  return new Map(await Promise.all([...asked].map(async (key) => [key, await pool(env).candidates(key, null)] as const)));
}

/** Agents that nobody registered, or whose token does not serve the project: a task for them would wait in vain. */
function unknownAgents(tasks: readonly TaskRequest[], keys: readonly (ProjectKey | undefined)[], serving: Serving): Issue[] {
  return tasks.flatMap((task, index) => {
    if (task.agent === undefined || addressee(task.agent, keys[index], serving) !== undefined) return [];
    const message = "no such agent is registered, or its token does not serve the project";
    return [{ path: tasks.length === 1 ? "agent" : `[${index}].agent`, message }];
  });
}

function addressee(agent: AgentId, key: ProjectKey | undefined, serving: Serving): Candidate | undefined {
  return key && serving.get(key)?.find((each) => each.agent === agent);
}

async function unoffered(
  env: Env,
  tasks: readonly TaskRequest[],
  keys: readonly (ProjectKey | undefined)[],
  serving: Serving,
): Promise<Issue[]> {
  if (tasks.every((task) => task.wait)) return [];
  const offered = await pool(env).offers();
  return tasks.flatMap((task, index) => {
    const offers =
      task.agent === undefined ? offered : (addressee(task.agent, keys[index], serving)?.capabilities.map(({ name }) => name) ?? []);
    return task.wait || offers.includes(task.capability)
      ? []
      : [{ path: tasks.length === 1 ? "capability" : `[${index}].capability`, message: "offered by no agent" }];
  });
}

async function taskOf(env: Env, id: TaskId): Promise<TaskView | null> {
  const project = projectOf(id);
  return project && (await isProject(env, project)) ? orchestrator(env, project).task(id) : null;
}

/** The one project asked for, else all and the mesh; undefined when it is unknown. */
export async function projectsAsked(env: Env, asked: string | undefined): Promise<readonly ProjectKey[] | undefined> {
  if (asked === undefined) return [meshProject, ...(await registeredProjects(env)).map((profile) => profile.key)];
  const key = await projectKeyOf(env, asked);
  return key && [key];
}
