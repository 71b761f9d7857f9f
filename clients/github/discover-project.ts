import * as z from "zod";
import { ClientError, failedWith } from "../client-error.ts";
import { BoardByKey, RepositoryByKey } from "./preparation-documents.ts";
import { findBoard } from "./find-board.ts";
import type { BoardAddress } from "./find-board.ts";
import type { GitHubCredentials } from "./github-credentials.ts";
import type { GitHubTransport } from "./github-transport.ts";
import { parseProjectName } from "../../core/ids.ts";
import type { ProjectKey, ProjectName } from "../../core/ids.ts";
import type { ProjectProfile } from "../../core/inputs.ts";
import type { PolicyOverrides } from "../../core/policy.ts";

/** What a person says of a project; the rest is asked of GitHub. */
export interface ProjectRequest {
  readonly repository: ProjectName;
  readonly board: BoardAddress | null;
  readonly overrides: PolicyOverrides;
}

/** Looks a project up at GitHub. Failures are ClientErrors; `not-found` names what is missing or not to be seen. */
export interface ProjectDiscovery {
  discover(request: ProjectRequest): Promise<ProjectProfile>;
  /** The profile with the name, owner, addresses, default branch and credential that its repository (told by its node id) has by now. */
  refresh(profile: ProjectProfile): Promise<ProjectProfile>;
}

/** What an answer about a repository is read for. */
export const repositoryAnswer = z.object({
  node_id: z.string(),
  full_name: z.string(),
  html_url: z.url(),
  clone_url: z.url(),
  default_branch: z.string(),
});
const byKey = z.object({
  node: z.object({ nameWithOwner: z.string(), url: z.url(), defaultBranchRef: z.object({ name: z.string() }).nullable() }).nullable(),
});
const boardByKey = z.object({
  node: z.object({ number: z.number().int(), url: z.url(), owner: z.object({ login: z.string() }) }).nullable(),
});
const installation = z.object({ id: z.number().int() });

function outOfReach({ name }: ProjectProfile): ClientError {
  return new ClientError(
    "GitHub",
    `the repository of ${name} was deleted, or moved where the credential sees it no more; give the App or token access`,
    {
      code: "not-found",
      retryable: false,
    },
  );
}

/** Which credential serves a repository: the App where it is installed on it, else the token. */
export async function credentialOf(
  transport: GitHubTransport,
  credentials: GitHubCredentials,
  name: ProjectName,
): Promise<ProjectProfile["credential"]> {
  const app = await credentials.forApp();
  if (!app) return { kind: "token" };
  try {
    const { value } = await transport.rest(app, "GET", `/repos/${name}/installation`, { answer: installation });
    return { kind: "app", installation: value.id };
  } catch (error) {
    if (failedWith(error, "not-found")) return { kind: "token" };
    throw error;
  }
}

/** Asks GitHub with the App's installation where there is one, else with the token. */
export function createProjectDiscovery(transport: GitHubTransport, credentials: GitHubCredentials): ProjectDiscovery {
  async function lookUp(profile: ProjectProfile): Promise<z.output<typeof byKey>["node"]> {
    try {
      const reader = await credentials.forRepository(profile);
      const options = { operationName: "RepositoryByKey", answer: byKey };
      return (await transport.graphql(reader, RepositoryByKey, { id: profile.key }, options)).node;
    } catch (error) {
      if (failedWith(error, "not-found", "forbidden", "configuration")) return null;
      throw error;
    }
  }

  /** A board stays where it is when its repository is transferred; an owner that has another name has it for the board, too. */
  async function boardNow(profile: ProjectProfile): Promise<ProjectProfile["board"]> {
    if (profile.board === null) return null;
    try {
      const options = { operationName: "BoardByKey", answer: boardByKey };
      const { node } = await transport.graphql(await credentials.forBoard(profile), BoardByKey, { id: profile.board.id }, options);
      return node === null ? profile.board : { ...profile.board, number: node.number, url: node.url, owner: node.owner.login };
    } catch (error) {
      if (failedWith(error, "not-found", "forbidden", "configuration")) return profile.board;
      throw error;
    }
  }

  return {
    async refresh(known) {
      let profile = known;
      let found = await lookUp(profile);
      if (!found) {
        // Another installation serves it after a transfer; GitHub leads the old name to it.
        const credential = await credentialOf(transport, credentials, profile.name);
        profile = { ...profile, credential };
        found = await lookUp(profile);
      }
      if (!found) throw outOfReach(known);
      const name = parseProjectName(found.nameWithOwner) ?? profile.name;
      const hasMoved = name.split("/")[0] !== known.name.split("/")[0];
      return {
        ...profile,
        ...(hasMoved ? { board: await boardNow(profile), credential: await credentialOf(transport, credentials, name) } : {}),
        name,
        repositoryUrl: found.url,
        cloneUrl: `${found.url}.git`,
        defaultBranch: found.defaultBranchRef?.name ?? profile.defaultBranch,
      };
    },

    async discover({ repository: name, board: asked, overrides }) {
      const credential = await credentialOf(transport, credentials, name);
      const [owner = "", short = ""] = name.split("/");
      const provisional: ProjectProfile = {
        key: "" as ProjectKey,
        name,
        repositoryUrl: "",
        cloneUrl: "",
        defaultBranch: "",
        board: null,
        credential,
        overrides,
      };
      const reader = await credentials.forRepository(provisional);
      const path = `/repos/${encodeURIComponent(owner)}/${encodeURIComponent(short)}`;
      const { value } = await transport.rest(reader, "GET", path, { answer: repositoryAnswer });
      const profile: ProjectProfile = {
        ...provisional,
        key: value.node_id as ProjectKey,
        name: parseProjectName(value.full_name) ?? name,
        repositoryUrl: value.html_url,
        cloneUrl: value.clone_url,
        defaultBranch: value.default_branch,
      };
      return { ...profile, board: asked && (await findBoard({ transport, credentials }, profile, asked)) };
    },
  };
}
