import type { ProjectView, RunView } from "../../core/project/views.ts";
import type { AgentView } from "../../core/pool/views.ts";
import { runAddress } from "./run-address.ts";
import { sections } from "./sections.ts";

/** Something that can be gone to. */
export interface Finding {
  readonly kind: "page" | "project" | "run" | "agent";
  readonly title: string;
  /** What tells it from others of that title. */
  readonly about: string;
  readonly address: string;
}

/** Everything that is known here, in the order it is offered: runs under way first, then pages, projects, agents, and runs that ended. */
export function findingsOf(projects: readonly ProjectView[], agents: readonly Pick<AgentView, "id" | "status">[]): readonly Finding[] {
  const runs = projects.flatMap((project) => project.runs);
  return [
    ...runs.filter(({ endedAt }) => endedAt === null).map(findingOfRun),
    ...sections.map(({ word, address }): Finding => ({ kind: "page", title: word, about: "page", address })),
    ...projects.flatMap(({ name }): readonly Finding[] =>
      name === null
        ? []
        : [
            { kind: "project", title: name, about: "project", address: `#/projects/${name}` },
            { kind: "project", title: `Settings of ${name}`, about: "project", address: `#/projects/${name}/settings` },
          ],
    ),
    ...agents.map(({ id, status }): Finding => ({
      kind: "agent",
      title: id,
      about: `agent, ${status}`,
      address: `#/agents/${encodeURIComponent(id)}`,
    })),
    ...runs.filter(({ endedAt }) => endedAt !== null).map(findingOfRun),
  ];
}

export function findingOfRun(run: RunView): Finding {
  return { kind: "run", title: run.title, about: `${run.name}#${run.issue}, ${run.phase.toLowerCase()}`, address: runAddress(run) };
}

const most = 12;

/**
 * What fits: each word of what was typed is somewhere in it, whatever its case. What begins with it comes before what has a word that
 * begins with it, and that before the rest; else the order stays.
 */
export function matching(findings: readonly Finding[], typed: string): readonly Finding[] {
  const words = typed
    .trim()
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== "");
  const whole = words.join(" ");
  const rank = ({ title, about }: Finding) => {
    const [name, text] = [title.toLowerCase(), `${title} ${about}`.toLowerCase()];
    if (name.startsWith(whole)) return 0;
    return words.every((word) => text.split(/[\s/,]+/).some((part) => part.startsWith(word))) ? 1 : 2;
  };
  return findings
    .filter(({ title, about }) => words.every((word) => `${title} ${about}`.toLowerCase().includes(word)))
    .toSorted((one, other) => rank(one) - rank(other))
    .slice(0, most);
}

/** `owner/name#12`, or `#12` where there is one project: an issue to ask the mesh for. */
export function issueAsked(
  typed: string,
  projects: readonly Pick<ProjectView, "name">[],
): { readonly project: string; readonly issue: number } | undefined {
  const [, given = "", issue] = /^\s*([\w.-]+\/[\w.-]+)?#(\d{1,9})\s*$/.exec(typed) ?? [];
  const named = projects.flatMap(({ name }) => name ?? []);
  const project = given === "" ? (named.length === 1 ? named[0] : undefined) : named.find((name) => name === given.toLowerCase());
  return project === undefined || issue === undefined || Number(issue) < 1 ? undefined : { project, issue: Number(issue) };
}
