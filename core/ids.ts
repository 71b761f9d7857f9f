declare const brand: unique symbol;
type Branded<T, B extends string> = T & { readonly [brand]: B };

/**
 * Routes to the Durable Object of a project: the repository's GraphQL node id, so that a rename or transfer changes nothing;
 * `mesh` for work without a project. Characters: `A-Z a-z 0-9 _ - =`.
 */
export type ProjectKey = Branded<string, "ProjectKey">;
/** `owner/name` in lower case, as people write it. */
export type ProjectName = Branded<string, "ProjectName">;
/** `<ProjectKey>.<rest>`: any task, session, question and effect can be routed without a look-up. */
export type TaskId = Branded<string, "TaskId">;
export type QuestionId = Branded<string, "QuestionId">;
export type SessionId = Branded<string, "SessionId">;
export type EffectId = Branded<string, "EffectId">;
/** `1–64` characters of `a-z 0-9 . _ -`. Built-in agents are named `built-in.<name>`. */
export type AgentId = Branded<string, "AgentId">;
/** `owner/name#12`. */
export type IssueKey = Branded<string, "IssueKey">;
/** `owner/name#12.1`. */
export type RunId = Branded<string, "RunId">;
/** `o` and 25 characters of `0-9 a-z`; later ones sort later. Onboardings belong to `mesh`. No dot: it is part of a workflow instance's id. */
export type OnboardingId = Branded<string, "OnboardingId">;
/** A run inside its project: `12.1` (issue, run). */
export type RunRef = Branded<string, "RunRef">;

/** The pseudo-project of everything that belongs to no repository. */
export const meshProject = "mesh" as ProjectKey;

export function parseProjectKey(text: string): ProjectKey | undefined {
  return /^[A-Za-z0-9_=-]{1,100}$/.test(text) ? (text as ProjectKey) : undefined;
}

export function parseProjectName(text: string): ProjectName | undefined {
  const name = text.toLowerCase();
  return /^[a-z0-9](?:[a-z0-9-]{0,38})\/[a-z0-9._-]{1,100}$/.test(name) ? (name as ProjectName) : undefined;
}

export function parseAgentId(text: string): AgentId | undefined {
  return /^[a-z0-9][a-z0-9._-]{0,63}$/.test(text) ? (text as AgentId) : undefined;
}

export function parseOnboardingId(text: string): OnboardingId | undefined {
  return /^o[0-9a-z]{25}$/.test(text) ? (text as OnboardingId) : undefined;
}

/** The project that a task, session, question or effect id belongs to; undefined when the id has not that form. */
export function projectOf(id: string): ProjectKey | undefined {
  const dot = id.indexOf(".");
  return dot > 0 ? parseProjectKey(id.slice(0, dot)) : undefined;
}

export function runRef(issue: number, run: number): RunRef {
  return `${issue}.${run}` as RunRef;
}

export function parseRunRef(text: string): { issue: number; run: number } | undefined {
  const match = /^([1-9]\d{0,9})\.([1-9]\d{0,5})$/.exec(text);
  return match ? { issue: Number(match[1]), run: Number(match[2]) } : undefined;
}

export function runId(project: ProjectName, issue: number, run: number): RunId {
  return `${project}#${issue}.${run}` as RunId;
}

export function issueKey(project: ProjectName, issue: number): IssueKey {
  return `${project}#${issue}` as IssueKey;
}

/** The branch a run works on; the run number fences pushes of older runs. */
export function branchOf(issue: number, run: number): string {
  return `mesh/${issue}.${run}`;
}

export function parseBranch(branch: string): { issue: number; run: number } | undefined {
  return branch.startsWith("mesh/") ? parseRunRef(branch.slice(5)) : undefined;
}
