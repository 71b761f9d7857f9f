import * as z from "zod";
import type { ProjectProfile, PullRequestObservation } from "../../core/inputs.ts";
import type { Moment } from "../../core/time.ts";
import { absentAsNull, assureVisible } from "./absence.ts";
import { PullRequestByNumber, PullRequestsByBranch } from "./documents.ts";
import type { GitHub } from "./github.ts";
import { actor, connectRepository, loginOf, repositoryPath } from "./github-connection.ts";
import type { GitHubConnection, GitHubParts } from "./github-connection.ts";

const maybe = z.string().nullish();
const context = z.union([
  z.object({ __typename: z.literal("CheckRun"), name: z.string(), status: z.string(), conclusion: maybe, title: maybe, summary: maybe }),
  z.object({ __typename: z.literal("StatusContext"), context: z.string(), state: z.string(), description: maybe }),
]);
const rollup = z.object({
  state: z.enum(["SUCCESS", "PENDING", "EXPECTED", "FAILURE", "ERROR"]),
  contexts: z.object({ nodes: z.array(context.nullable()) }),
});
const review = z.object({
  id: z.string(),
  state: z.string(),
  body: z.string(),
  author: actor,
  commit: z.object({ oid: z.string() }).nullish(),
});
type Review = z.output<typeof review>;
const thread = z.object({
  isResolved: z.boolean(),
  path: z.string(),
  line: z.number().nullish(),
  comments: z.object({ nodes: z.array(z.object({ body: z.string(), author: actor }).nullable()).nullish() }),
});
const pull = z.object({
  number: z.number().int(),
  url: z.string(),
  headRefName: z.string(),
  headRefOid: z.string(),
  isCrossRepository: z.boolean(),
  state: z.enum(["OPEN", "CLOSED", "MERGED"]),
  merged: z.boolean(),
  mergedBy: actor,
  mergeCommit: z.object({ oid: z.string() }).nullish(),
  mergeable: z.enum(["MERGEABLE", "CONFLICTING", "UNKNOWN"]),
  commits: z.object({
    totalCount: z.number().int(),
    nodes: z.array(z.object({ commit: z.object({ oid: z.string(), statusCheckRollup: rollup.nullish() }) }).nullable()).nullish(),
  }),
  reviews: z.object({ nodes: z.array(review.nullable()).nullish() }).nullish(),
  reviewThreads: z.object({ nodes: z.array(thread.nullable()).nullish() }),
});
type Pull = z.output<typeof pull>;

const byNumber = {
  document: PullRequestByNumber,
  name: "PullRequestByNumber",
  answer: z.object({ node: z.object({ pullRequest: pull.nullish() }).nullable() }),
};
const byBranch = {
  document: PullRequestsByBranch,
  name: "PullRequestsByBranch",
  answer: z.object({
    node: z
      .object({
        pullRequests: z.object({ nodes: z.array(z.object({ number: z.number().int(), isCrossRepository: z.boolean() }).nullable()) }),
      })
      .nullable(),
  }),
};
const gitRef = z.object({ object: z.object({ sha: z.string() }) });
const comparison = z.object({ ahead_by: z.number().int() });
/** https://docs.github.com/rest/commits/commits#compare-two-commits: how the second stands to the first. */
const standing = z.object({ status: z.enum(["diverged", "ahead", "behind", "identical"]) });

const summaryLength = 2_000;

export function createPullRequestReadings(
  parts: GitHubParts,
  permissionOf: GitHub["permissionOf"],
): Pick<GitHub, "observePullRequest" | "observeBranch" | "containsCommit"> {
  async function newestOf(connection: GitHubConnection, repository: string, branch: string): Promise<number | undefined> {
    const found = await absentAsNull(connection.query(byBranch, { repository, branch }));
    return found?.node?.pullRequests.nodes.find((each) => each?.isCrossRepository === false)?.number;
  }

  return {
    async observePullRequest(profile, ref) {
      const observedAt = parts.now();
      const connection = await connectRepository(parts, profile);
      const number = "number" in ref ? ref.number : await newestOf(connection, profile.key, ref.branch);
      const found = number === undefined ? null : await absentAsNull(connection.query(byNumber, { repository: profile.key, number }));
      const there = found?.node?.pullRequest;
      if (there && !there.isCrossRepository) return observed(there, await changesRequested(profile, there), observedAt);
      await assureVisible(connection, profile.key, `repository ${profile.name}`);
      return null;
    },

    async observeBranch(profile, branch) {
      const connection = await connectRepository(parts, profile);
      const path = repositoryPath(profile);
      const head = await absentAsNull(connection.get(`${path}/git/ref/heads/${inPath(branch)}`, gitRef));
      if (!head) {
        await assureVisible(connection, profile.key, `repository ${profile.name}`);
        return null;
      }
      const { sha } = head.value.object;
      const { value } = await connection.get(`${path}/compare/${inPath(profile.defaultBranch)}...${sha}?per_page=1`, comparison);
      return { branch, sha, commits: value.ahead_by };
    },

    async containsCommit(profile, descendant, commit) {
      const connection = await connectRepository(parts, profile);
      const path = `${repositoryPath(profile)}/compare/${inPath(commit)}...${inPath(descendant)}?per_page=1`;
      const compared = await absentAsNull(connection.get(path, standing));
      return compared?.value.status === "ahead" || compared?.value.status === "identical";
    },
  };

  /** Of each reviewer with write access, the latest opinion; it counts when it asks for changes on what is the head now. */
  async function changesRequested(profile: ProjectProfile, from: Pull): Promise<PullRequestObservation["changesRequested"]> {
    const latest = new Map<string, Review>();
    for (const each of from.reviews?.nodes ?? []) {
      if (!each) continue;
      const author = loginOf(each.author);
      latest.delete(author);
      latest.set(author, each);
    }
    const asked = [...latest].filter(([, each]) => each.state === "CHANGES_REQUESTED" && each.commit?.oid === from.headRefOid);
    const permitted: { id: string; author: string; body: string }[] = [];
    for (const [author, each] of asked) {
      const permission = await permissionOf(profile, author);
      if (permission === "admin" || permission === "write") permitted.push({ id: each.id, author, body: reviewText(each, author, from) });
    }
    return permitted;
  }
}

/** A branch or ref as part of a path; its slashes stay. */
function inPath(ref: string): string {
  return ref.split("/").map(encodeURIComponent).join("/");
}

function observed(from: Pull, changesRequested: PullRequestObservation["changesRequested"], observedAt: Moment): PullRequestObservation {
  const head = from.commits.nodes?.find((each) => each?.commit.oid === from.headRefOid)?.commit.statusCheckRollup;
  return {
    number: from.number,
    url: from.url,
    branch: from.headRefName,
    state: from.state === "OPEN" ? "open" : "closed",
    merged: from.merged,
    mergedBy: from.merged ? loginOf(from.mergedBy) : null,
    mergeCommit: from.mergeCommit?.oid ?? null,
    headSha: from.headRefOid,
    commits: from.commits.totalCount,
    mergeable: from.mergeable === "MERGEABLE" ? "yes" : from.mergeable === "CONFLICTING" ? "conflict" : "unknown",
    checks: checksOf(head),
    failingChecks: (head?.contexts.nodes ?? []).flatMap((each) => (each ? failing(each) : [])),
    changesRequested,
    observedAt,
  };
}

function checksOf(head: z.output<typeof rollup> | null | undefined): PullRequestObservation["checks"] {
  if (!head) return "none";
  if (head.state === "SUCCESS") return "green";
  return head.state === "FAILURE" || head.state === "ERROR" ? "red" : "pending";
}

const failedConclusions = ["FAILURE", "TIMED_OUT", "CANCELLED", "ACTION_REQUIRED", "STARTUP_FAILURE"];

function failing(from: z.output<typeof context>): { name: string; summary: string }[] {
  if (from.__typename === "StatusContext") {
    return from.state === "FAILURE" || from.state === "ERROR"
      ? [{ name: from.context, summary: (from.description ?? "").slice(0, summaryLength) }]
      : [];
  }
  if (!failedConclusions.includes(from.conclusion ?? "")) return [];
  const summary = [from.title, from.summary].filter(Boolean).join("\n") || (from.conclusion ?? "").toLowerCase().replaceAll("_", " ");
  return [{ name: from.name, summary: summary.slice(0, summaryLength) }];
}

/** The review's own text and what its author says in threads that nobody has resolved. */
function reviewText(from: Review, author: string, pull: Pull): string {
  const threads = (pull.reviewThreads.nodes ?? []).flatMap((each) => {
    const said = (each?.comments.nodes ?? []).filter((comment) => comment !== null && loginOf(comment.author) === author);
    if (!each || each.isResolved || said.length === 0) return [];
    const place = `${each.path}${each.line ? `:${each.line}` : ""}`;
    return [`${place}: ${said.map((comment) => comment?.body).join("\n")}`];
  });
  return [from.body, ...threads].filter((text) => text.trim() !== "").join("\n\n");
}
