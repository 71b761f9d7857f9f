import { mergeOverrides } from "../../core/policy.ts";
import type { PermissionCheck } from "../../core/onboarding/view.ts";
import { projectNamed } from "../registry.ts";
import { ActivityFailure, done } from "./activity.ts";
import { boardWanted } from "./board-wanted.ts";
import type { ActivityContext, ActivityOutcome } from "./activity.ts";

/** Without these it works in another way, or with less. */
const dispensable: ReadonlySet<string> = new Set(["webhooks-write", "organization-webhooks-write"]);

/** Looks at the repository and at what the mesh may do there; nothing is changed. */
export async function validate({ env, clients, onboarding }: ActivityContext): Promise<ActivityOutcome> {
  const { repository, overrides } = onboarding.request;
  const probe = await clients.preparation.probe(repository, await boardWanted(env, onboarding.request));
  const permissions: readonly PermissionCheck[] = probe.checks;
  if (probe.archived)
    throw new ActivityFailure(
      "repository-archived",
      `${repository} is archived: nothing can be written to it.`,
      `Unarchive it at ${probe.profile.repositoryUrl}/settings, then retry.`,
      { permissions },
    );
  if (!probe.hasIssues)
    throw new ActivityFailure(
      "issues-disabled",
      `${repository} has no issues: a board would have nothing to show.`,
      `Turn on Issues at ${probe.profile.repositoryUrl}/settings, then retry.`,
      { permissions },
    );
  const missing = permissions.filter(({ name, result }) => result === "missing" && !dispensable.has(name));
  if (missing.length > 0)
    throw new ActivityFailure(
      "missing-permissions",
      `The mesh may not do what it needs to: ${missing.map(({ name, detail }) => `${name} (${detail})`).join("; ")}.`,
      [...new Set(missing.map(({ name, fix }) => fix ?? `Allow ${name}.`)), "Then retry."].join("\n"),
      { permissions },
    );
  const earlier = await projectNamed(env, probe.profile.name);
  const profile = { ...probe.profile, overrides: mergeOverrides(earlier?.overrides ?? {}, overrides) };
  const others = permissions.filter(({ result }) => result !== "works");
  const works = `${permissions.length - others.length} of ${permissions.length} checks work`;
  const but = others.length === 0 ? "" : `; ${others.map(({ name, detail }) => `${name}: ${detail}`).join("; ")}`;
  const owner = probe.ownerKind === "organization" ? "an organisation's" : "a user's";
  return done(`${repository}, ${owner}, ${probe.private ? "private" : "public"}: ${works}${but}`, { permissions, profile });
}
