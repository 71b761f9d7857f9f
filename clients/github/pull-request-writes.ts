import * as z from "zod";
import type { EffectResult } from "../../core/effects.ts";
import type { ProjectProfile } from "../../core/inputs.ts";
import { withMarker } from "../../core/outbound/markers.ts";
import { ClientError, failedWith } from "../client-error.ts";
import type { GitHub } from "./github.ts";
import { anything, connectRepository, repositoryPath } from "./github-connection.ts";
import type { GitHubConnection, GitHubParts } from "./github-connection.ts";

const pull = z.object({
  number: z.number().int(),
  html_url: z.string(),
  state: z.enum(["open", "closed"]),
  head: z.object({ ref: z.string(), sha: z.string() }),
});
type Pull = z.output<typeof pull>;
const mergeDone = z.object({ sha: z.string(), merged: z.boolean() });

/** https://docs.github.com/rest/pulls/pulls */
export function createPullRequestWrites(
  parts: GitHubParts,
  observePullRequest: GitHub["observePullRequest"],
): Pick<GitHub, "openPullRequest" | "closePullRequest" | "mergePullRequest"> {
  return {
    async openPullRequest(profile, { branch, base, title, body, former = [] }) {
      const connection = await connectRepository(parts, profile);
      const before = await newestOf(connection, profile, branch, former);
      if (before) return opened(before);
      try {
        const request = { head: branch, base, title, body: withMarker(body, `pull-request:${branch}`) };
        return opened(await connection.create(`${repositoryPath(profile)}/pulls`, request, pull));
      } catch (error) {
        if (!failedWith(error, "invalid")) throw error;
        const meanwhile = await newestOf(connection, profile, branch, former);
        return meanwhile ? opened(meanwhile) : { kind: "pull-request-refused", because: refusalOf(error.message), message: error.message };
      }
    },

    async closePullRequest(profile, number, branch) {
      const connection = await connectRepository(parts, profile);
      const path = `${repositoryPath(profile)}/pulls`;
      const found = number > 0 ? (await connection.get(`${path}/${number}`, pull)).value : await newestOf(connection, profile, branch);
      if (found && found.head.ref !== branch) {
        throw new ClientError("GitHub", `pull request ${found.number} belongs to another branch than ${branch}`, {
          code: "conflict",
          retryable: false,
        });
      }
      if (found?.state === "open") await connection.change("PATCH", `${path}/${found.number}`, { state: "closed" }, anything);
      return { kind: "done" };
    },

    async mergePullRequest(profile, { number, sha, method, title }) {
      const connection = await connectRepository(parts, profile);
      const before = await settledBefore(profile, number);
      if (before) return before;
      try {
        const path = `${repositoryPath(profile)}/pulls/${number}/merge`;
        const { sha: merged } = await connection.change("PUT", path, { sha, merge_method: method, commit_title: title }, mergeDone);
        return { kind: "merged", sha: merged };
      } catch (error) {
        if (!failedWith(error, "conflict", "invalid")) throw error;
        const meanwhile = await settledBefore(profile, number);
        return meanwhile ?? { kind: "merge-refused", because: await reasonOf(profile, number, sha, error), message: error.message };
      }
    },
  };

  /** Merged or closed already, by an earlier try of ours or by someone else. */
  async function settledBefore(
    profile: ProjectProfile,
    number: number,
  ): Promise<Extract<EffectResult, { kind: "merged" | "merge-refused" }> | null> {
    const now = await observePullRequest(profile, { number });
    if (now?.merged) return { kind: "merged", sha: now.mergeCommit ?? now.headSha };
    if (now?.state === "open") return null;
    return { kind: "merge-refused", because: "closed", message: now ? "the pull request is closed" : "there is no such pull request" };
  }

  /**
   * 409 = the head is not `sha`; 405 = everything else, told apart by GitHub's words and, where they do not say, by what it makes of the branch.
   * https://docs.github.com/rest/pulls/pulls#merge-a-pull-request
   */
  async function reasonOf(
    profile: ProjectProfile,
    number: number,
    sha: string,
    error: ClientError,
  ): Promise<Extract<EffectResult, { kind: "merge-refused" }>["because"]> {
    const said = error.message.toLowerCase();
    if (said.includes("base branch was modified")) return "base-moved";
    if (error.status === 409 || said.includes("head branch was modified")) return "head-moved";
    if (said.includes("merge conflict")) return "conflict";
    const now = await observePullRequest(profile, { number });
    if (now && now.headSha !== sha) return "head-moved";
    return now?.mergeable === "conflict" ? "conflict" : "protected";
  }
}

async function newestOf(
  connection: GitHubConnection,
  profile: ProjectProfile,
  branch: string,
  former: readonly number[] = [],
): Promise<Pull | undefined> {
  const owner = profile.name.split("/")[0] ?? "";
  const query = new URLSearchParams({ head: `${owner}:${branch}`, state: "all", sort: "created", direction: "desc", per_page: "30" });
  const { value } = await connection.get(`${repositoryPath(profile)}/pulls?${query.toString()}`, z.array(pull));
  const ofBranch = value.filter((each) => each.head.ref === branch && !former.includes(each.number));
  return ofBranch.find((each) => each.state === "open") ?? ofBranch[0];
}

function opened(from: Pull): Extract<EffectResult, { kind: "pull-request-open" }> {
  return { kind: "pull-request-open", number: from.number, url: from.html_url, headSha: from.head.sha };
}

function refusalOf(message: string): "no-commits" | "branch-missing" | "refused" {
  if (/no commits between/i.test(message)) return "no-commits";
  return /\bhead\b.*\binvalid\b/i.test(message) ? "branch-missing" : "refused";
}
