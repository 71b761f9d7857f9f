import type { ProjectProfile } from "../../core/inputs.ts";
import { ClientError, failedWith } from "../client-error.ts";
import { DefaultBranchChecks } from "./preparation-documents.ts";
import { degraded, grantFix, hasPermission, hasScope, missing, scopeFix, works } from "./credential-standing.ts";
import type { PermissionLabel, Standing } from "./credential-standing.ts";
import { anything, repositoryPath } from "./github-connection.ts";
import type { GitHubParts } from "./github-connection.ts";
import type { Credential } from "./github-transport.ts";
import type { PermissionCheckName, RepositoryProbe } from "./repository-preparation.ts";

type Check = RepositoryProbe["checks"][number];

/** The repository as GitHub shows it to the credential. */
export interface RepositoryFacts {
  readonly profile: ProjectProfile;
  readonly private: boolean;
  readonly archived: boolean;
  readonly hasIssues: boolean;
  readonly ownerKind: "organization" | "user";
  /** What the person behind a token may do; an App has none. */
  readonly role: { readonly push: boolean; readonly admin: boolean };
}

/** One right, and how each kind of credential has it. */
interface Right {
  readonly name: PermissionCheckName;
  /** What the mesh does with it. */
  readonly use: string;
  readonly permission: string;
  readonly label: PermissionLabel;
  /** Any of these scopes gives it to a classic token. */
  readonly scopes: readonly string[];
  readonly role: "push" | "admin";
  /** GitHub finds this invalid, and says so only to those who might have done it. */
  readonly invalidWrite: { readonly path: string; readonly body: unknown };
}

const nowhere = "0".repeat(40);
const repositoryRight = (name: string): PermissionLabel => ({ of: "repository", name, level: "write" });

const writes: readonly Right[] = [
  {
    name: "issues-write",
    use: "comments on issues, opens and closes them",
    permission: "issues",
    label: repositoryRight("Issues"),
    scopes: ["repo", "public_repo"],
    role: "push",
    invalidWrite: { path: "/issues", body: { title: "" } },
  },
  {
    name: "contents-write",
    use: "merges pull requests and proposes files",
    permission: "contents",
    label: repositoryRight("Contents"),
    scopes: ["repo", "public_repo"],
    role: "push",
    invalidWrite: { path: "/git/refs", body: { ref: "refs/heads/mesh/setup/probe", sha: nowhere } },
  },
  {
    name: "pull-requests-write",
    use: "opens, closes and merges pull requests",
    permission: "pull_requests",
    label: repositoryRight("Pull requests"),
    scopes: ["repo", "public_repo"],
    role: "push",
    invalidWrite: { path: "/pulls", body: { title: "probe", head: "mesh/setup/probe-of-a-branch-that-is-not-there", base: "" } },
  },
];

const hookRight: Right = {
  name: "webhooks-write",
  use: "is told of changes at once",
  permission: "repository_hooks",
  label: repositoryRight("Webhooks"),
  scopes: ["repo", "write:repo_hook"],
  role: "admin",
  invalidWrite: { path: "/hooks", body: { name: "web", config: {} } },
};

/** What the repository itself allows, whoever asks. */
export function stateChecks({ profile, archived, hasIssues }: RepositoryFacts, { setting }: Standing): Check[] {
  const { name, repositoryUrl } = profile;
  return [
    works("repository-read", `${name} is read with ${setting}`),
    archived
      ? missing(
          "repository-not-archived",
          `${name} is archived: GitHub refuses every change to it`,
          `Unarchive it: ${repositoryUrl}/settings → Danger Zone → Unarchive this repository.`,
        )
      : works("repository-not-archived", "it is not archived"),
    hasIssues
      ? works("issues-enabled", "issues are on")
      : missing(
          "issues-enabled",
          `issues are off in ${name}, and cards are issues`,
          `Turn them on: ${repositoryUrl}/settings → General → Features → Issues.`,
        ),
  ];
}

/** What the credential may do in the repository. */
export async function repositoryChecks(parts: GitHubParts, facts: RepositoryFacts, standing: Standing): Promise<Check[]> {
  const found: Check[] = [];
  for (const right of writes) {
    const lacking = await whatLacks(parts, facts, standing, right);
    const check =
      lacking === null ? works(right.name, right.use) : missing(right.name, `${lacking.detail}; the mesh ${right.use}`, lacking.fix);
    found.push(check);
  }
  found.push(await checksRead(parts, facts, standing));
  const hooks = await whatLacks(parts, facts, standing, hookRight);
  const polled = "changes are found by looking, every few minutes";
  found.push(hooks === null ? works(hookRight.name, hookRight.use) : degraded(hookRight.name, `${hooks.detail}; ${polled}`, hooks.fix));
  return found;
}

/** Whether runners will have something to push with. */
export async function runnerGit(parts: GitHubParts, facts: RepositoryFacts): Promise<Check> {
  const { profile } = facts;
  const contents = `contents:write on ${profile.name}`;
  let lent: Credential;
  try {
    lent = { lane: "git", token: (await parts.credentials.forGit(profile, "push")).password };
  } catch (error) {
    if (!(error instanceof ClientError) || error.retryable) throw error;
    if (profile.credential.kind === "app")
      return missing(
        "runner-git",
        `the App gives runners nothing to push with: ${error.message}`,
        `Give the GitHub App the repository permission "Contents: Read and write" and accept the change.`,
      );
    return missing(
      "runner-git",
      "runners have nothing to push with",
      `Set GITHUB_GIT_TOKEN to a fine-grained token with ${contents} only; or set GITHUB_LEND_TOKEN=1 to lend them GITHUB_TOKEN itself; or use a GitHub App.`,
    );
  }
  if (
    facts.archived ||
    (await allows(parts, lent, `${repositoryPath(profile)}/git/refs`, { ref: "refs/heads/mesh/setup/probe", sha: nowhere }))
  )
    return works("runner-git", "runners get a credential for this repository's contents only");
  return missing(
    "runner-git",
    `what runners get may not push to ${profile.name}`,
    `Give the token of GITHUB_GIT_TOKEN ${contents} (Settings → Developer settings → Personal access tokens).`,
  );
}

/** The hook that tells of cards; organisations have one for all their boards. */
export async function organizationHookCheck(
  parts: GitHubParts,
  facts: RepositoryFacts,
  standing: Standing,
  organization: string,
): Promise<Check> {
  const name = "organization-webhooks-write";
  const label: PermissionLabel = { of: "organization", name: "Webhooks", level: "write" };
  const polled = "the board is polled instead";
  if (standing.kind === "app") {
    if (standing.events.includes("projects_v2_item")) return works(name, "the App's own webhook tells of cards");
    if (hasPermission(standing.permissions, "organization_hooks", "write")) return works(name, "is told of moved cards at once");
    return degraded(name, `the App may not make webhooks of ${organization}; ${polled}`, grantFix(standing, label, facts.profile.name));
  }
  if (standing.kind === "classic" && !hasScope(standing.scopes, "admin:org_hook"))
    return degraded(name, `${standing.setting} has no scope admin:org_hook; ${polled}`, scopeFix(standing.setting, "admin:org_hook"));
  if (await allows(parts, standing.credential, `/orgs/${encodeURIComponent(organization)}/hooks`, { name: "web", config: {} }))
    return works(name, "is told of moved cards at once");
  const fix =
    standing.kind === "classic"
      ? `Let an owner of ${organization} make the token of ${standing.setting}, or make ${standing.login} an owner.`
      : grantFix(standing, label, facts.profile.name);
  return degraded(name, `${standing.setting} may not make webhooks of ${organization}; ${polled}`, fix);
}

/** What this credential lacks for a right, and how to mend it; null when it has it. */
async function whatLacks(
  parts: GitHubParts,
  facts: RepositoryFacts,
  standing: Standing,
  right: Right,
): Promise<{ detail: string; fix: string } | null> {
  const { profile } = facts;
  if (standing.kind === "app") {
    if (hasPermission(standing.permissions, right.permission, right.label.level)) return null;
    return { detail: `the App lacks "${right.label.name}: Read and write"`, fix: grantFix(standing, right.label, profile.name) };
  }
  if (
    standing.kind === "classic" &&
    !hasScope(standing.scopes, ...right.scopes.filter((scope) => !facts.private || scope !== "public_repo"))
  ) {
    const scope = right.role === "admin" ? "admin:repo_hook" : "repo";
    return { detail: `${standing.setting} has no scope ${scope}`, fix: scopeFix(standing.setting, scope) };
  }
  if (!facts.role[right.role]) {
    const role = right.role === "admin" ? "admin" : "write";
    return {
      detail: `${standing.login} has no ${role} access to ${profile.name}`,
      fix: `Give ${standing.login} the role ${role} (${profile.repositoryUrl}/settings/access), or set ${standing.setting} to a token of someone who has it.`,
    };
  }
  if (standing.kind === "classic" || facts.archived) return null;
  if (await allows(parts, standing.credential, `${repositoryPath(profile)}${right.invalidWrite.path}`, right.invalidWrite.body))
    return null;
  return { detail: `${standing.setting} may not write there`, fix: grantFix(standing, right.label, profile.name) };
}

/** Whether GitHub found the write invalid instead of forbidding it. 410: issues are off, which is another check's matter. */
async function allows(parts: GitHubParts, credential: Credential, path: string, body: unknown): Promise<boolean> {
  try {
    await parts.lane.write(credential.lane, "changes", () => parts.transport.rest(credential, "POST", path, { body, answer: anything }));
    return true;
  } catch (error) {
    if (failedWith(error, "invalid", "conflict", "gone")) return true;
    if (failedWith(error, "forbidden", "not-found", "authentication")) return false;
    throw error;
  }
}

/** Checks are read as every reading of a pull request reads them. */
async function checksRead(parts: GitHubParts, facts: RepositoryFacts, standing: Standing): Promise<Check> {
  const name = "checks-read";
  if (standing.kind === "fine-grained" && facts.private) return unreadable(standing);
  try {
    const options = { operationName: "DefaultBranchChecks", answer: anything };
    await parts.transport.graphql(standing.credential, DefaultBranchChecks, { repository: facts.profile.key }, options);
    return works(name, "reads the checks of pull requests");
  } catch (error) {
    if (!failedWith(error, "forbidden", "not-found")) throw error;
  }
  const label: PermissionLabel = { of: "repository", name: "Checks", level: "read" };
  if (standing.kind === "app")
    return missing(
      name,
      `the App lacks "Checks: Read-only"; pull requests cannot be read without`,
      grantFix(standing, label, facts.profile.name),
    );
  if (standing.kind === "classic") return missing(name, `${standing.setting} may not read checks`, scopeFix(standing.setting, "repo"));
  return unreadable(standing);
}

/** The permission cannot be given to a fine-grained token, and GraphQL refuses the whole answer for one check run in it. */
function unreadable({ setting }: Standing): Check {
  return missing(
    "checks-read",
    "a fine-grained token cannot read the checks of a private repository, and pull requests are read with them",
    `Use a GitHub App with "Checks: Read-only", or a classic token with scope repo in ${setting}.`,
  );
}
