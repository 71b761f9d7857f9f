import * as z from "zod";
import { parseAgentId, parseOnboardingId, parseProjectName, projectOf } from "../../core/ids.ts";
import type { AgentId, OnboardingId, ProjectName, QuestionId, SessionId, TaskId } from "../../core/ids.ts";
import { runOf } from "../../core/lifecycle/run-ids.ts";

const fits = <T>(parse: (text: string) => T | undefined) =>
  z.string().transform((text, context) => {
    const value = parse(text);
    if (value !== undefined) return value;
    context.issues.push({ code: "custom", message: "malformed", input: text });
    return z.NEVER;
  });

const routed = <T extends string>() => fits((text) => (text.length <= 200 && projectOf(text) ? (text as T) : undefined));

export const agentParams = z.object({ id: fits<AgentId>(parseAgentId) });
export const taskParams = z.object({ id: routed<TaskId>() });
export const onboardingParams = z.object({ id: fits<OnboardingId>(parseOnboardingId) });
/** Sessions are named by their run. */
export const sessionParams = z.object({
  id: fits<SessionId>((text) => (/\.s\d/.test(text) && runOf(text) ? (text as SessionId) : undefined)),
});
export const questionParams = z.object({ id: routed<QuestionId>() });

const projectName = { owner: z.string(), name: z.string() };
const named = <T extends { owner: string; name: string }>(path: T, context: z.core.ParsePayload<T>): T & { project: ProjectName } => {
  const project = parseProjectName(`${path.owner}/${path.name}`);
  if (project) return { ...path, project };
  context.issues.push({ code: "custom", message: "malformed", input: path });
  return z.NEVER;
};

export const projectParams = z.object(projectName).transform(named);
export const runParams = z
  .object({
    ...projectName,
    issue: z
      .string()
      .regex(/^[1-9]\d{0,9}$/)
      .transform(Number),
  })
  .transform(named);

/** Newest first, by cursor. */
export const page = {
  limit: z.coerce.number().int().min(1).max(200).default(50),
  /** The `cursor` of the page before. */
  cursor: z.coerce.number().int().nonnegative().optional(),
};

/** `owner/name` in a body, whatever its case. */
export const repositoryField = z.string().transform((text, context) => {
  const name = parseProjectName(text);
  if (name) return name;
  context.issues.push({ code: "custom", message: "owner/name is needed", input: text });
  return z.NEVER;
});

/** A board as people name it: whose, and the number in its address. */
export const boardField = z.strictObject({ owner: z.string().regex(/^[A-Za-z0-9-]{1,39}$/), number: z.number().int().positive() });
