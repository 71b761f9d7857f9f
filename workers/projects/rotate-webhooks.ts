import type { HookState } from "../../clients/github/project-webhooks.ts";
import type { ProjectProfile } from "../../core/inputs.ts";
import { isOfOrganization } from "../../core/project/hook-versions.ts";
import type { Clients } from "../clients.ts";
import { registeredProjects } from "../registry.ts";
import { configureProject } from "./configure-projects.ts";

export type Rotation =
  | { readonly rotated: true; readonly project: ProjectProfile; readonly webhooks: readonly HookState[]; readonly removed: number }
  | { readonly rotated: false; readonly webhooks: readonly HookState[] };

/**
 * Gives the project's webhooks new secrets: hooks of the next version are made, the registry says from then on that older ones are refused, and those
 * are taken away. A rotation that died before the registry knew is made again with the same version; one that died after leaves hooks that are
 * refused, and that the next one takes away. The organisation's hook serves its other projects too, so that they are told of its version.
 */
export async function rotateWebhooks(env: Env, { webhooks }: Clients, known: ProjectProfile): Promise<Rotation> {
  const profile = (await registeredProjects(env, 0)).find(({ key }) => key === known.key) ?? known;
  const renewed: ProjectProfile = { ...profile, hookVersion: (profile.hookVersion ?? 1) + 1 };
  const first = await webhooks.ensure(renewed);
  if (first.some(({ kind, state }) => kind === "repository" && state === "not-allowed")) return { rotated: false, webhooks: first };
  const organization = first.some(({ kind, state }) => kind === "organization" && state !== "not-allowed")
    ? profile.board?.owner
    : undefined;
  if (organization === undefined) return settle(renewed, first);
  const version = (profile.organizationHookVersion ?? 1) + 1;
  const next = { ...renewed, organizationHookVersion: version };
  const second = await webhooks.ensure(next);
  // The repository's was made a moment ago.
  return settle(next, [...first.filter(({ kind }) => kind === "repository"), ...second.filter(({ kind }) => kind === "organization")]);

  async function settle(project: ProjectProfile, states: readonly HookState[]): Promise<Rotation> {
    const entered = await configureProject(env, project);
    for (const other of await othersOf(env, project)) {
      if ((other.organizationHookVersion ?? 1) < (entered.organizationHookVersion ?? 1))
        await configureProject(env, { ...other, organizationHookVersion: entered.organizationHookVersion ?? 1 });
    }
    return { rotated: true, project: entered, webhooks: states, removed: await webhooks.removeOlder(entered) };
  }
}

/** The other projects whose board is of the same organisation. */
async function othersOf(env: Env, { key, board }: ProjectProfile): Promise<ProjectProfile[]> {
  if (board?.ownerKind !== "organization") return [];
  return (await registeredProjects(env, 0)).filter((each) => each.key !== key && isOfOrganization(each, board.owner.toLowerCase()));
}
