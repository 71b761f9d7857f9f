import * as z from "zod";
import type { ProjectProfile } from "../../core/inputs.ts";
import type { ProjectKey } from "../../core/ids.ts";
import { carriesMarker } from "../../core/outbound/markers.ts";
import type { Moment } from "../../core/time.ts";
import { CardByContent, CardByIssue } from "./documents.ts";
import type { CardReading, GitHub } from "./github.ts";
import { absentAsNull, assureVisible } from "./absence.ts";
import { actor, boardOf, connectBoard, loginOf } from "./github-connection.ts";
import type { GitHubConnection, GitHubParts } from "./github-connection.ts";

const card = z.object({
  number: z.number().int(),
  title: z.string(),
  body: z.string().nullish(),
  state: z.enum(["OPEN", "CLOSED"]),
  url: z.string(),
  author: actor,
  repository: z.object({ id: z.string() }),
  labels: z.object({ nodes: z.array(z.object({ name: z.string() }).nullable()) }).nullish(),
  projectItems: z.object({
    nodes: z.array(
      z
        .object({
          id: z.string(),
          isArchived: z.boolean(),
          project: z.object({ id: z.string() }),
          fieldValueByName: z.object({ name: z.string().nullish() }).nullish(),
        })
        .nullable(),
    ),
  }),
});
type Card = z.output<typeof card>;

const cardByIssue = {
  document: CardByIssue,
  name: "CardByIssue",
  answer: z.object({ node: z.object({ issue: card.nullish() }).nullable() }),
};

const cardByContent = {
  document: CardByContent,
  name: "CardByContent",
  answer: z.object({ node: z.union([card, z.object({ __typename: z.string() }).transform(() => null)]).nullable() }),
};

export function createCardOperations(
  parts: GitHubParts,
  permissionOf: GitHub["permissionOf"],
): Pick<GitHub, "observeCard" | "observeCardByContentNode"> {
  /** A card counts as gone only when the credential does see the repository and the board. */
  async function gone(connection: GitHubConnection, profile: ProjectProfile, issue: number, observedAt: Moment): Promise<CardReading> {
    await assureVisible(connection, profile.key, `repository ${profile.name}`);
    await assureVisible(connection, boardOf(profile), `board of ${profile.name}`);
    return { type: "gone", issue, observedAt };
  }

  async function readingOf(connection: GitHubConnection, profile: ProjectProfile, issue: Card, observedAt: Moment): Promise<CardReading> {
    const item = issue.projectItems.nodes.find((each) => each?.project.id === boardOf(profile));
    if (!item) return gone(connection, profile, issue.number, observedAt);
    const author = loginOf(issue.author);
    const permission = issue.author ? await permissionOf(profile, author) : "none";
    return {
      type: "card",
      card: {
        issue: issue.number,
        itemId: item.id,
        column: item.fieldValueByName?.name ?? null,
        archived: item.isArchived,
        state: issue.state === "OPEN" ? "open" : "closed",
        title: issue.title,
        body: issue.body ?? "",
        labels: (issue.labels?.nodes ?? []).flatMap((label) => (label ? [label.name] : [])),
        author,
        authorCanWrite: permission === "admin" || permission === "write",
        ours: carriesMarker(issue.body ?? ""),
        url: issue.url,
        observedAt,
      },
    };
  }

  return {
    async observeCard(profile, issue) {
      const observedAt = parts.now();
      boardOf(profile);
      const connection = await connectBoard(parts, profile);
      const found = await absentAsNull(connection.query(cardByIssue, { repository: profile.key, number: issue }));
      const there = found?.node?.issue;
      return there ? readingOf(connection, profile, there, observedAt) : gone(connection, profile, issue, observedAt);
    },

    async observeCardByContentNode(profile, contentNodeId) {
      const observedAt = parts.now();
      boardOf(profile);
      const connection = await connectBoard(parts, profile);
      const found = await absentAsNull(connection.query(cardByContent, { content: contentNodeId }));
      if (!found?.node) return { type: "no-issue" };
      const { repository, number } = found.node;
      if (repository.id !== profile.key) return { type: "elsewhere", repository: repository.id as ProjectKey, issue: number };
      return readingOf(connection, profile, found.node, observedAt);
    },
  };
}
