import * as z from "zod";
import { parseProjectName } from "../../core/ids.ts";
import type { ProjectKey, ProjectName } from "../../core/ids.ts";
import type { BoardRef, ProjectProfile } from "../../core/inputs.ts";
import { ClientError, failedWith } from "../client-error.ts";
import { boardChecks } from "./board-checks.ts";
import { grantFix, missing, scopeFix, standingOf } from "./credential-standing.ts";
import type { Standing } from "./credential-standing.ts";
import { credentialOf, repositoryAnswer } from "./discover-project.ts";
import { boardOfOwner, findBoard } from "./find-board.ts";
import type { BoardAddress } from "./find-board.ts";
import { repositoryPath } from "./github-connection.ts";
import type { GitHubParts } from "./github-connection.ts";
import type { Credential } from "./github-transport.ts";
import { findOwnBoard } from "./own-board.ts";
import { organizationHookCheck, repositoryChecks, runnerGit, stateChecks } from "./repository-checks.ts";
import type { RepositoryFacts } from "./repository-checks.ts";
import type { RepositoryPreparation, RepositoryProbe } from "./repository-preparation.ts";

const repository = repositoryAnswer.extend({
  private: z.boolean(),
  archived: z.boolean(),
  has_issues: z.boolean(),
  owner: z.object({ login: z.string(), type: z.string() }),
  permissions: z.object({ push: z.boolean(), admin: z.boolean() }).partial().optional(),
});

/** Reads what there is, and tries what may be, without changing anything. */
export function createRepositoryProbe(parts: GitHubParts): RepositoryPreparation["probe"] {
  return async (name, asked) => {
    const credential = await credentialOf(parts.transport, parts.credentials, name);
    const { facts, standing } = await factsOf(parts, unknownProfile(name, credential));
    const found = await boardOfProbe(parts, facts, asked);
    const organization = found.ownerKind === "organization" ? [await organizationHookCheck(parts, facts, standing, found.owner)] : [];
    const checks = [
      ...stateChecks(facts, standing),
      ...(await repositoryChecks(parts, facts, standing)),
      ...organization,
      ...found.checks,
      await runnerGit(parts, facts),
    ];
    const observedBy = organization.some(({ result }) => result === "works") ? "webhook" : "poll";
    return {
      profile: { ...facts.profile, board: found.board && { ...found.board, observedBy } },
      ownerKind: facts.ownerKind,
      private: facts.private,
      archived: facts.archived,
      hasIssues: facts.hasIssues,
      checks,
      observedBy,
    };
  };
}

async function factsOf(parts: GitHubParts, profile: ProjectProfile): Promise<{ facts: RepositoryFacts; standing: Standing }> {
  const reader = await readerOf(parts, profile);
  const standing = await standingOf(parts, reader);
  try {
    const { value } = await parts.transport.rest(reader, "GET", repositoryPath(profile), { answer: repository });
    const facts = {
      profile: {
        ...profile,
        key: value.node_id as ProjectKey,
        name: parseProjectName(value.full_name) ?? profile.name,
        repositoryUrl: value.html_url,
        cloneUrl: value.clone_url,
        defaultBranch: value.default_branch,
      },
      private: value.private,
      archived: value.archived,
      hasIssues: value.has_issues,
      ownerKind: value.owner.type === "Organization" ? ("organization" as const) : ("user" as const),
      role: { push: value.permissions?.push ?? false, admin: value.permissions?.admin ?? false },
    };
    return { facts, standing };
  } catch (error) {
    if (!failedWith(error, "not-found", "forbidden")) throw error;
    throw new ClientError(
      "GitHub",
      `${profile.name} cannot be seen with ${standing.setting}. Check the name. ${unseenFix(standing, profile.name)}`,
      {
        code: "not-found",
        retryable: false,
      },
    );
  }
}

/** Without a token for the repositories that the App is not installed on, the App has to be installed. */
async function readerOf(parts: GitHubParts, profile: ProjectProfile): Promise<Credential> {
  try {
    return await parts.credentials.forRepository(profile);
  } catch (error) {
    const app = failedWith(error, "configuration") && profile.credential.kind === "token" ? await parts.credentials.forApp() : null;
    if (!app) throw error;
    const { value } = await parts.transport.rest(app, "GET", "/app", { answer: z.object({ html_url: z.string() }) });
    throw new ClientError(
      "GitHub",
      `the GitHub App is not installed on ${profile.name}, or there is no such repository. Check the name; then install it: ${value.html_url}/installations/new, and choose the repository.`,
      { code: "not-found", retryable: false },
    );
  }
}

function unseenFix(standing: Standing, name: ProjectName): string {
  if (standing.kind === "app") return `Add the repository to the App's installation: ${standing.page}.`;
  if (standing.kind === "fine-grained") return grantFix(standing, { of: "repository", name: "Metadata", level: "read" }, name);
  if (!standing.scopes.includes("repo")) return scopeFix(standing.setting, "repo");
  return `Give ${standing.login} access to it, or set ${standing.setting} to a token of someone who has it.`;
}

interface FoundBoard {
  readonly owner: string;
  readonly ownerKind: BoardRef["ownerKind"];
  readonly board: BoardRef | null;
  readonly checks: RepositoryProbe["checks"];
}

/** The board named, or the mesh's own, or none yet: then what matters is whether one may be made. */
async function boardOfProbe(parts: GitHubParts, facts: RepositoryFacts, named: BoardAddress | undefined): Promise<FoundBoard> {
  const [owner = ""] = facts.profile.name.split("/");
  const toBe = await boardOfOwner(parts, facts.profile, named ?? { owner, number: 0 });
  const whose = { owner: toBe.owner, ownerKind: toBe.ownerKind };
  let board: BoardRef | null = null;
  try {
    board = named ? await findBoard(parts, facts.profile, named) : await findOwnBoard(parts, facts.profile, toBe);
  } catch (error) {
    if (!failedWith(error, "not-found", "forbidden", "configuration")) throw error;
  }
  const checks = await boardChecks(parts, facts, board ?? toBe);
  if (board || !named || checks.some(({ result }) => result === "missing")) return { ...whose, board, checks };
  const detail = `${toBe.owner} has no board ${named.number} that the credential may see`;
  const fix = "Check the number in the board's address (…/projects/<number>), and that the credential's account may see the board.";
  return { ...whose, board, checks: [missing("board-read", detail, fix), missing("board-write", detail, fix)] };
}

function unknownProfile(name: ProjectName, credential: ProjectProfile["credential"]): ProjectProfile {
  return { key: "" as ProjectKey, name, repositoryUrl: "", cloneUrl: "", defaultBranch: "", board: null, credential, overrides: {} };
}
