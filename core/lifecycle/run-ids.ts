import { projectOf, type EffectId, type ProjectKey, type QuestionId, type TaskId } from "../ids.ts";

/** Ids made by a run from its counter: the same decision gives the same id, so that a repeat is recognised. */
export function taskIdOf(project: ProjectKey, issue: number, run: number, n: number): TaskId {
  return `${project}.t${issue}-${run}-${n}` as TaskId;
}
export function effectIdOf(project: ProjectKey, issue: number, run: number, n: number): EffectId {
  return `${project}.e${issue}-${run}-${n}` as EffectId;
}
export function questionIdOf(project: ProjectKey, issue: number, run: number, n: number): QuestionId {
  return `${project}.q${issue}-${run}-${n}` as QuestionId;
}
export function sessionIdOf(project: ProjectKey, issue: number, run: number): string {
  return `${project}.s${issue}-${run}`;
}

/** The run that made a task, effect, question or session id; undefined for ids of another origin. */
export function runOf(id: string): { project: ProjectKey; issue: number; run: number } | undefined {
  const project = projectOf(id);
  const match = project && /^[teqs](\d{1,10})-(\d{1,6})(?:-\d+)?$/.exec(id.slice(project.length + 1));
  return project && match ? { project, issue: Number(match[1]), run: Number(match[2]) } : undefined;
}
