import * as z from "zod";
import type { ProjectProfile } from "../../core/inputs.ts";
import { carriesMarker, withMarker } from "../../core/outbound/markers.ts";
import { ClientError, failedWith } from "../client-error.ts";
import { AddSubIssue, CommentsPage, IssueFamily, NewestIssues } from "./documents.ts";
import type { GitHub } from "./github.ts";
import { anything, connectRepository, pageInfo, pagesFrom, repositoryPath } from "./github-connection.ts";
import type { GitHubConnection, GitHubParts } from "./github-connection.ts";

const comment = z.object({ fullDatabaseId: z.coerce.string(), url: z.string(), body: z.string(), viewerDidAuthor: z.boolean() });
type Comment = z.output<typeof comment>;
const commentsPage = {
  document: CommentsPage,
  name: "CommentsPage",
  answer: z.object({
    node: z
      .object({ issueOrPullRequest: z.object({ comments: z.object({ pageInfo, nodes: z.array(comment.nullable()) }) }).nullish() })
      .nullable(),
  }),
};
const newest = z.object({
  id: z.string(),
  number: z.number().int(),
  url: z.string(),
  body: z.string().nullish(),
  viewerDidAuthor: z.boolean(),
});
const newestIssues = {
  document: NewestIssues,
  name: "NewestIssues",
  answer: z.object({ node: z.object({ issues: z.object({ pageInfo, nodes: z.array(newest.nullable()) }) }).nullable() }),
};
const issueFamily = {
  document: IssueFamily,
  name: "IssueFamily",
  answer: z.object({
    node: z
      .object({
        parent: z.object({ id: z.string() }).nullish(),
        child: z.object({ id: z.string(), parent: z.object({ id: z.string() }).nullish() }).nullish(),
      })
      .nullable(),
  }),
};
const addSubIssue = { document: AddSubIssue, name: "AddSubIssue", answer: anything };
const madeComment = z.object({ html_url: z.string() });
const madeIssue = z.object({ number: z.number().int(), html_url: z.string() });

export function createIssueOperations(parts: GitHubParts): Pick<GitHub, "comment" | "openBugIssue" | "closeIssue"> {
  return {
    async comment(profile, issue, marker, body, replace) {
      const connection = await connectRepository(parts, profile);
      const text = withMarker(body, marker);
      const before = await ourComment(connection, profile, issue, marker);
      const path = `${repositoryPath(profile)}/issues`;
      if (!before)
        return { kind: "commented", url: (await connection.create(`${path}/${issue}/comments`, { body: text }, madeComment)).html_url };
      if (replace && before.body !== text)
        await connection.change("PATCH", `${path}/comments/${before.fullDatabaseId}`, { body: text }, madeComment);
      return { kind: "commented", url: before.url };
    },

    async openBugIssue(profile, { parent, marker, title, body }) {
      const connection = await connectRepository(parts, profile);
      const named = new RegExp(`#${parent}\\b`).test(body) ? body : `${body.trimEnd()}\n\nFound while working on #${parent}.`;
      const found =
        (await ourIssue(connection, profile, parent, marker)) ??
        (await connection.create(`${repositoryPath(profile)}/issues`, { title, body: withMarker(named, marker) }, madeIssue));
      await linkToParent(connection, profile, parent, found.number);
      return { kind: "issue-open", number: found.number, url: found.html_url };
    },

    async closeIssue(profile, issue, reason) {
      const connection = await connectRepository(parts, profile);
      const state = { state: "closed", state_reason: reason === "completed" ? "completed" : "not_planned" };
      await connection.change("PATCH", `${repositoryPath(profile)}/issues/${issue}`, state, anything);
      return { kind: "done" };
    },
  };
}

/** Only what this credential wrote counts: a stranger's copy of the marker neither hides our comment nor is overwritten. */
async function ourComment(
  connection: GitHubConnection,
  profile: ProjectProfile,
  issue: number,
  marker: string,
): Promise<Comment | undefined> {
  const pages = pagesFrom(async (after) => {
    const { node } = await connection.query(commentsPage, { repository: profile.key, number: issue, after });
    if (node?.issueOrPullRequest) return node.issueOrPullRequest.comments;
    throw new ClientError("GitHub", `${profile.name}#${issue} is not there any more`, { code: "not-found", retryable: false });
  });
  for await (const { nodes } of pages) {
    const found = nodes.find((each) => each?.viewerDidAuthor && carriesMarker(each.body, marker));
    if (found) return found;
  }
  return undefined;
}

/** Newest first down to the parent: what was made for it has a higher number. */
async function ourIssue(
  connection: GitHubConnection,
  profile: ProjectProfile,
  parent: number,
  marker: string,
): Promise<z.output<typeof madeIssue> | undefined> {
  const pages = pagesFrom(async (after) => {
    const { node } = await connection.query(newestIssues, { repository: profile.key, after });
    if (node) return node.issues;
    throw new ClientError("GitHub", `the issues of ${profile.name} cannot be seen; give access`, { code: "forbidden", retryable: false });
  });
  for await (const { nodes } of pages) {
    const younger = nodes.filter((each) => each !== null && each.number > parent);
    const found = younger.find((each) => each?.viewerDidAuthor && carriesMarker(each.body ?? "", marker));
    if (found) return { number: found.number, html_url: found.url };
    if (younger.length === 0) return undefined;
  }
  return undefined;
}

/** A parent that takes no more sub-issues (100), or a plan without them, is met by the text, which names the parent. */
async function linkToParent(connection: GitHubConnection, profile: ProjectProfile, parent: number, child: number): Promise<void> {
  const { node } = await connection.query(issueFamily, { repository: profile.key, parent, child });
  if (!node?.parent || !node.child || node.child.parent) return;
  try {
    await connection.mutate(addSubIssue, { parent: node.parent.id, child: node.child.id });
  } catch (error) {
    if (!failedWith(error, "invalid", "refused")) throw error;
  }
}
