import * as z from "zod";
import { ClientError, failedWith } from "../client-error.ts";
import { OrganizationBoard, UserBoard } from "./documents.ts";
import type { GitHubCredentials } from "./github-credentials.ts";
import type { Credential, GitHubTransport } from "./github-transport.ts";
import { parseProjectName } from "../../core/ids.ts";
import type { ProjectKey, ProjectName } from "../../core/ids.ts";
import type { BoardRef, ProjectProfile } from "../../core/inputs.ts";
import type { PolicyOverrides } from "../../core/policy.ts";

/** What a person says of a project; the rest is asked of GitHub. */
export interface ProjectRequest {
  readonly repository: ProjectName;
  readonly board: { readonly owner: string; readonly number: number } | null;
  readonly overrides: PolicyOverrides;
}

/** Looks a project up at GitHub. Failures are ClientErrors; `not-found` names what is missing or not to be seen. */
export interface ProjectDiscovery {
  discover(request: ProjectRequest): Promise<ProjectProfile>;
}

const repository = z.object({
  node_id: z.string(),
  full_name: z.string(),
  html_url: z.url(),
  clone_url: z.url(),
  default_branch: z.string(),
});
const account = z.object({ login: z.string(), type: z.enum(["User", "Organization"]) });
const board = z.object({ id: z.string(), number: z.number().int(), url: z.url() }).nullable();
const organizationBoard = z.object({ organization: z.object({ projectV2: board }).nullable() });
const userBoard = z.object({ user: z.object({ projectV2: board }).nullable() });
const installation = z.object({ id: z.number().int() });

/** Asks GitHub with the App's installation where there is one, else with the token. */
export function createProjectDiscovery(transport: GitHubTransport, credentials: GitHubCredentials): ProjectDiscovery {
  async function credentialFor(name: ProjectName): Promise<ProjectProfile["credential"]> {
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

  async function boardOf(
    profile: ProjectProfile,
    asked: { owner: string; number: number },
    repositoryCredential: Credential,
  ): Promise<BoardRef> {
    const path = `/users/${encodeURIComponent(asked.owner)}`;
    const { login, type } = (await transport.rest(repositoryCredential, "GET", path, { answer: account })).value;
    const ownerKind = type === "Organization" ? "organization" : "user";
    const observedBy = ownerKind === "organization" ? "webhook" : "poll";
    const variables = { login, number: asked.number };
    const provisional: BoardRef = { id: "", number: asked.number, url: "", owner: login, ownerKind, observedBy };
    const credential = await credentials.forBoard({ ...profile, board: provisional });
    const found =
      ownerKind === "organization"
        ? (
            await transport.graphql(credential, OrganizationBoard, variables, {
              operationName: "OrganizationBoard",
              answer: organizationBoard,
            })
          ).organization
        : (await transport.graphql(credential, UserBoard, variables, { operationName: "UserBoard", answer: userBoard })).user;
    if (found?.projectV2) return { ...provisional, id: found.projectV2.id, url: found.projectV2.url };
    throw new ClientError("GitHub", `${login} has no board ${asked.number} that the credential may see`, {
      code: "not-found",
      retryable: false,
    });
  }

  return {
    async discover({ repository: name, board: asked, overrides }) {
      const credential = await credentialFor(name);
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
      const { value } = await transport.rest(reader, "GET", path, { answer: repository });
      const profile: ProjectProfile = {
        ...provisional,
        key: value.node_id as ProjectKey,
        name: parseProjectName(value.full_name) ?? name,
        repositoryUrl: value.html_url,
        cloneUrl: value.clone_url,
        defaultBranch: value.default_branch,
      };
      return { ...profile, board: asked && (await boardOf(profile, asked, reader)) };
    },
  };
}
