import type { ProjectName } from "../ids.ts";
import type { FormerName, ProjectProfile } from "../inputs.ts";
import type { Moment } from "../time.ts";
import { withHookVersions } from "./hook-versions.ts";

const mostFormerNames = 20;

/**
 * The registry's entry after a project was entered or entered anew: what it was called before is kept, and the versions of its webhooks never go
 * back, since what is read from GitHub says nothing of either.
 */
export function registryEntry(projects: readonly ProjectProfile[], given: ProjectProfile, at: Moment): ProjectProfile {
  const before = projects.find(({ key }) => key === given.key);
  const entry = withHookVersions(projects, given);
  const former = formerNamesOf(before, entry.name, at);
  return former.length === 0 ? entry : { ...entry, formerNames: former };
}

function formerNamesOf(before: ProjectProfile | undefined, name: ProjectName, at: Moment): readonly FormerName[] {
  const former = before?.formerNames ?? [];
  if (before === undefined || before.name === name) return former;
  return [...former, { name: before.name, until: at }].slice(-mostFormerNames);
}

/** The project of this name; else the one that had it last. */
export function projectCalled(projects: readonly ProjectProfile[], name: ProjectName): ProjectProfile | undefined {
  const last = (project: ProjectProfile): Moment =>
    Math.max(0, ...(project.formerNames ?? []).flatMap((each) => (each.name === name ? each.until : [])));
  return (
    projects.find((project) => project.name === name) ??
    projects.filter((project) => last(project) > 0).toSorted((one, other) => last(other) - last(one))[0]
  );
}

/** What the project was called at a moment. What was begun under a name keeps its place under it: a runner's folder bears it. */
export function nameAt(profile: ProjectProfile, at: Moment): ProjectName {
  return profile.formerNames?.find(({ until }) => at < until)?.name ?? profile.name;
}
