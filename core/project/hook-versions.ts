import type { ProjectProfile } from "../inputs.ts";

/** Whose webhook: a repository's (subject: its project's key), an organisation's (its login in lower case) or the App's. */
export interface HookSubject {
  readonly kind: "repository" | "organization" | "app";
  readonly subject: string;
}

/** The version of a hook that deliveries are taken from; 1 for a subject that the registry does not know. */
export function currentVersion(projects: readonly ProjectProfile[], { kind, subject }: HookSubject): number {
  if (kind === "app") return 1;
  if (kind === "repository") return projects.find(({ key }) => key === subject)?.hookVersion ?? 1;
  return Math.max(1, ...projects.filter((each) => isOfOrganization(each, subject)).map((each) => each.organizationHookVersion ?? 1));
}

/** The profile with the versions that its hooks have by now: what GitHub tells of a repository says nothing of them. */
export function withHookVersions(projects: readonly ProjectProfile[], profile: ProjectProfile): ProjectProfile {
  const known = Math.max(profile.hookVersion ?? 1, currentVersion(projects, { kind: "repository", subject: profile.key }));
  const subject = profile.board?.ownerKind === "organization" ? profile.board.owner.toLowerCase() : undefined;
  const shared = subject === undefined ? 1 : currentVersion(projects, { kind: "organization", subject });
  const organization = Math.max(profile.organizationHookVersion ?? 1, shared);
  return {
    ...profile,
    ...(known > 1 ? { hookVersion: known } : {}),
    ...(organization > 1 ? { organizationHookVersion: organization } : {}),
  };
}

/** Whether the project's board is of this organisation (login in lower case). */
export function isOfOrganization({ board }: ProjectProfile, organization: string): boolean {
  return board?.ownerKind === "organization" && board.owner.toLowerCase() === organization;
}
