import * as z from "zod";
import type { ProjectProfile } from "../../core/inputs.ts";
import { carriesMarker, withMarker } from "../../core/outbound/markers.ts";
import { ClientError, failedWith } from "../client-error.ts";
import { absentAsNull, assureVisible } from "./absence.ts";
import { anything, connectRepository, repositoryPath } from "./github-connection.ts";
import type { GitHubConnection, GitHubParts } from "./github-connection.ts";
import type { PreparedFiles, RepositoryPreparation } from "./repository-preparation.ts";

type Proposal = Parameters<RepositoryPreparation["proposeFiles"]>[1];

const ref = z.object({ object: z.object({ sha: z.string() }) });
const named = z.object({ sha: z.string() });
const commit = z.object({ sha: z.string(), tree: named });
const entries = z.array(z.object({ name: z.string(), type: z.string() }));
const pull = z.object({
  number: z.number().int(),
  html_url: z.string(),
  state: z.enum(["open", "closed"]),
  merged_at: z.string().nullish(),
  body: z.string().nullish(),
});
type Pull = z.output<typeof pull>;

/** https://docs.github.com/rest/git and https://docs.github.com/rest/pulls/pulls */
export function createFileProposals(parts: GitHubParts): Pick<RepositoryPreparation, "rootFiles" | "proposeFiles"> {
  return {
    async rootFiles(profile) {
      const connection = await connectRepository(parts, profile);
      const found = await absentAsNull(
        connection.get(`${repositoryPath(profile)}/contents?ref=${encodeURIComponent(profile.defaultBranch)}`, entries),
      );
      if (found) return found.value.map(({ name, type }) => (type === "dir" ? `${name}/` : name)).toSorted();
      await assureVisible(connection, profile.key, `repository ${profile.name}`);
      return [];
    },

    async proposeFiles(profile, proposal) {
      const connection = await connectRepository(parts, profile);
      const base = await headOf(connection, profile, profile.defaultBranch);
      if (base === null) throw empty(profile);
      if (await isThere(connection, profile, proposal.decides, profile.defaultBranch)) {
        return { state: "present", pullRequest: null, path: proposal.decides };
      }
      const earlier = await ourPull(connection, profile, proposal.branch);
      if (earlier) return proposed(proposal, earlier);
      await giveBranch(connection, profile, proposal, base);
      return proposed(proposal, await open(connection, profile, proposal));
    },
  };
}

function proposed(proposal: Proposal, { number, html_url: url }: Pull): PreparedFiles {
  return { state: "proposed", pullRequest: { number, url }, path: proposal.decides };
}

/** null when there is no such branch, or no commit at all. */
async function headOf(connection: GitHubConnection, profile: ProjectProfile, branch: string): Promise<string | null> {
  try {
    return (await connection.get(`${repositoryPath(profile)}/git/ref/heads/${inPath(branch)}`, ref)).value.object.sha;
  } catch (error) {
    if (failedWith(error, "not-found", "conflict")) return null;
    throw error;
  }
}

async function isThere(connection: GitHubConnection, profile: ProjectProfile, path: string, branch: string): Promise<boolean> {
  const at = `${repositoryPath(profile)}/contents/${inPath(path)}?ref=${encodeURIComponent(branch)}`;
  return (await absentAsNull(connection.get(at, anything))) !== null;
}

/** Ours that is open, or that a person has closed without merging: what was refused is not proposed again. */
async function ourPull(connection: GitHubConnection, profile: ProjectProfile, branch: string): Promise<Pull | undefined> {
  const [owner = ""] = profile.name.split("/");
  const query = new URLSearchParams({ head: `${owner}:${branch}`, state: "all", sort: "created", direction: "desc", per_page: "20" });
  const { value } = await connection.get(`${repositoryPath(profile)}/pulls?${query.toString()}`, z.array(pull));
  const ours = value.filter((each) => carriesMarker(each.body ?? "", markerOf(branch)));
  return ours.find((each) => each.state === "open") ?? ours.find((each) => !each.merged_at);
}

/** All files come in one commit, and the branch with it: a branch is never there with half of them. */
async function giveBranch(connection: GitHubConnection, profile: ProjectProfile, proposal: Proposal, base: string): Promise<void> {
  const git = `${repositoryPath(profile)}/git`;
  const { branch, files, title } = proposal;
  const before = await headOf(connection, profile, branch);
  try {
    const from = (await connection.get(`${git}/commits/${base}`, commit)).value;
    const tree = Object.entries(files).map(([path, content]) => ({ path, mode: "100644", type: "blob", content }));
    const made = await connection.create(`${git}/trees`, { base_tree: from.tree.sha, tree }, named);
    const { sha } = await connection.create(`${git}/commits`, { message: title, tree: made.sha, parents: [base] }, named);
    if (before === null) await connection.create(`${git}/refs`, { ref: `refs/heads/${branch}`, sha }, anything);
    // What is left of an earlier try, or of a proposal long merged.
    else await connection.change("PATCH", `${git}/refs/heads/${inPath(branch)}`, { sha, force: true }, anything);
  } catch (error) {
    if (failedWith(error, "forbidden", "not-found", "invalid") && Object.keys(files).some((path) => path.startsWith(".github/workflows/")))
      throw withoutWorkflows(profile, error);
    throw error;
  }
}

async function open(connection: GitHubConnection, profile: ProjectProfile, { branch, title, body }: Proposal): Promise<Pull> {
  const request = { head: branch, base: profile.defaultBranch, title, body: withMarker(body, markerOf(branch)) };
  try {
    return await connection.create(`${repositoryPath(profile)}/pulls`, request, pull);
  } catch (error) {
    const meanwhile = failedWith(error, "invalid") ? await ourPull(connection, profile, branch) : undefined;
    if (meanwhile) return meanwhile;
    throw error;
  }
}

function markerOf(branch: string): string {
  return `proposal:${branch}`;
}

function inPath(text: string): string {
  return text.split("/").map(encodeURIComponent).join("/");
}

function empty(profile: ProjectProfile): ClientError {
  return new ClientError("GitHub", `${profile.name} is empty: push a first commit to ${profile.defaultBranch}, then try again`, {
    code: "refused",
    retryable: false,
  });
}

function withoutWorkflows(profile: ProjectProfile, cause: ClientError): ClientError {
  const wanted =
    profile.credential.kind === "app"
      ? 'the repository permission "Workflows: Read and write"'
      : "the scope workflow (classic) or the permission Workflows (fine-grained)";
  return new ClientError(
    "GitHub",
    `files under .github/workflows were refused for ${profile.name}; give the credential ${wanted}, or leave the workflow out`,
    {
      code: "forbidden",
      retryable: false,
      cause,
    },
  );
}
