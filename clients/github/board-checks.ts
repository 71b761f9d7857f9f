import * as z from "zod";
import type { BoardRef } from "../../core/inputs.ts";
import { ClientError, failedWith } from "../client-error.ts";
import { degraded, grantFix, hasPermission, hasScope, missing, scopeFix, standingOf, works } from "./credential-standing.ts";
import type { PermissionLabel, Standing } from "./credential-standing.ts";
import { anything } from "./github-connection.ts";
import type { GitHubParts } from "./github-connection.ts";
import { BoardOwner, BoardSight, CreateField } from "./preparation-documents.ts";
import type { RepositoryFacts } from "./repository-checks.ts";
import type { RepositoryProbe } from "./repository-preparation.ts";

type Check = RepositoryProbe["checks"][number];

const sight = z.object({
  board: z
    .object({
      viewerCanUpdate: z.boolean(),
      closed: z.boolean(),
      items: z.object({ totalCount: z.number().int(), nodes: z.array(z.object({ type: z.string() }).nullable()) }),
    })
    .nullable(),
  repository: z
    .object({
      issues: z.object({
        nodes: z.array(
          z
            .object({ projectItems: z.object({ nodes: z.array(z.object({ project: z.object({ id: z.string() }) }).nullable()) }) })
            .nullable(),
        ),
      }),
    })
    .nullable(),
});
const owner = z.object({ repositoryOwner: z.object({ id: z.string(), viewerCanCreateProjects: z.boolean() }).nullable() });

const classicWanted = "a classic token with scope project in GITHUB_BOARD_TOKEN (or GITHUB_TOKEN)";
const makeClassic = (privately: boolean): string =>
  `Make a classic token with scope project${privately ? " and repo" : ""} (Settings → Developer settings → Personal access tokens → Tokens (classic)) and set GITHUB_BOARD_TOKEN to it. Boards of users are closed to Apps and fine-grained tokens.`;

/**
 * Whether the board, or one that is yet to be made (`id` empty), can be read and written with the credential that serves it. Reading is believed only
 * when the board's own count, the cards shown and what the repository's issues say agree.
 */
export async function boardChecks(parts: GitHubParts, facts: RepositoryFacts, board: BoardRef): Promise<Check[]> {
  let standing: Standing;
  try {
    standing = await standingOf(parts, await parts.credentials.forBoard({ ...facts.profile, board }));
  } catch (error) {
    if (!failedWith(error, "configuration", "authentication")) throw error;
    return both(`the board of ${board.owner} is a user's: ${error.message}`, makeClassic(facts.private));
  }
  const barred = bars(facts, board, standing);
  if (barred) return barred;
  return board.id === "" ? boardToBe(parts, facts, board, standing) : boardThere(parts, facts, board, standing);
}

/** What the credential's kind, scopes and permissions say alone. */
function bars(facts: RepositoryFacts, board: BoardRef, standing: Standing): Check[] | null {
  const { setting } = standing;
  if (board.ownerKind === "user" && standing.kind !== "classic")
    return both(`${setting} is no classic token, and the board is a user's: it takes ${classicWanted}`, makeClassic(facts.private));
  if (standing.kind === "classic") {
    if (!hasScope(standing.scopes, "project", "read:project")) return both(`${setting} has no scope project`, scopeFix(setting, "project"));
    if (facts.private && !hasScope(standing.scopes, "repo"))
      return both(`${setting} has no scope repo: cards of a private repository are hidden from it`, scopeFix(setting, "repo"));
    if (!standing.scopes.includes("project"))
      return [
        works("board-read", "boards can be read"),
        missing("board-write", `${setting} may only read boards`, scopeFix(setting, "project")),
      ];
  }
  if (standing.kind === "app") {
    const fix = grantFix(standing, projects, facts.profile.name);
    if (!hasPermission(standing.permissions, "organization_projects", "read")) return both('the App lacks "Projects"', fix);
    if (!hasPermission(standing.permissions, "organization_projects", "write"))
      return [works("board-read", "boards can be read"), missing("board-write", 'the App lacks "Projects: Read and write"', fix)];
  }
  return null;
}

const projects: PermissionLabel = { of: "organization", name: "Projects", level: "write" };

function mend(facts: RepositoryFacts, board: BoardRef, standing: Standing): string {
  if (standing.kind !== "classic") return grantFix(standing, projects, facts.profile.name);
  return `Give ${standing.login} write access to the board (its ⋯ → Settings → Manage access), or set ${standing.setting} to a token of someone of ${board.owner} who has it.`;
}

async function boardThere(parts: GitHubParts, facts: RepositoryFacts, board: BoardRef, standing: Standing): Promise<Check[]> {
  const seen = await sightOf(parts, facts, board, standing);
  if (!seen?.board || !seen.repository) {
    const what = seen?.board ? `the repository ${facts.profile.name}` : `board ${board.owner}/${board.number}`;
    return both(`${what} cannot be seen with ${standing.setting}`, mend(facts, board, standing));
  }
  const { items, viewerCanUpdate, closed } = seen.board;
  const shown = items.nodes.filter((item) => item && item.type !== "REDACTED").length;
  const claimed = seen.repository.issues.nodes
    .flatMap((issue) => issue?.projectItems.nodes ?? [])
    .filter((item) => item?.project.id === board.id);
  const read =
    items.totalCount > 0 && shown === 0
      ? missing(
          "board-read",
          `the board has ${items.totalCount} cards, and all are hidden from ${standing.setting}`,
          mend(facts, board, standing),
        )
      : items.totalCount === 0 && claimed.length > 0
        ? missing("board-read", `the board shows as empty, while ${claimed.length} issues say they are on it`, mend(facts, board, standing))
        : works("board-read", `${items.totalCount} cards, ${shown} of the first ${items.nodes.length} shown`);
  if (closed)
    return [read, missing("board-write", "the board is closed", `Open it again: ${board.url}/settings → Danger zone → Re-open project.`)];
  const writable = viewerCanUpdate && (await mayWrite(parts, board, standing));
  return [
    read,
    writable
      ? works("board-write", "cards can be moved")
      : missing("board-write", `${standing.setting} may not change the board`, mend(facts, board, standing)),
  ];
}

async function sightOf(
  parts: GitHubParts,
  facts: RepositoryFacts,
  board: BoardRef,
  standing: Standing,
): Promise<z.output<typeof sight> | null> {
  try {
    const variables = { board: board.id, repository: facts.profile.key };
    return await parts.transport.graphql(standing.credential, BoardSight, variables, { operationName: "BoardSight", answer: sight });
  } catch (error) {
    if (failedWith(error, "forbidden", "not-found")) return null;
    throw error;
  }
}

/** A field named as GitHub's own Title is refused as a name already taken, to those who may make fields; to others as forbidden. */
async function mayWrite(parts: GitHubParts, board: BoardRef, standing: Standing): Promise<boolean> {
  try {
    const variables = { board: board.id, name: "Title", type: "TEXT" };
    const make = () =>
      parts.transport.graphql(standing.credential, CreateField, variables, { operationName: "CreateField", answer: anything });
    await parts.lane.write(standing.credential.lane, "changes", make);
    return true;
  } catch (error) {
    if (failedWith(error, "forbidden", "not-found")) return false;
    if (error instanceof ClientError && !error.retryable) return true;
    throw error;
  }
}

/** A board that is yet to be made under this owner. */
async function boardToBe(parts: GitHubParts, facts: RepositoryFacts, board: BoardRef, standing: Standing): Promise<Check[]> {
  const { owner: login } = board;
  if (standing.kind === "app") return [works("board-read", "boards can be read"), works("board-write", "a board will be made")];
  if (standing.kind === "fine-grained") {
    try {
      await parts.transport.rest(standing.credential, "GET", `/orgs/${encodeURIComponent(login)}/projectsV2?per_page=1`, {
        answer: anything,
      });
    } catch (error) {
      if (!failedWith(error, "forbidden", "not-found")) throw error;
      return both(`${standing.setting} may not see boards of ${login}`, grantFix(standing, projects, facts.profile.name));
    }
    const untold = "a fine-grained token does not tell whether it may make boards; it is tried";
    return [works("board-read", "boards can be read"), degraded("board-write", untold, grantFix(standing, projects, facts.profile.name))];
  }
  const options = { operationName: "BoardOwner", answer: owner };
  const { repositoryOwner } = await parts.transport.graphql(standing.credential, BoardOwner, { login }, options);
  if (repositoryOwner?.viewerCanCreateProjects)
    return [works("board-read", "boards can be read"), works("board-write", "a board will be made")];
  return [
    works("board-read", "boards can be read"),
    missing(
      "board-write",
      `${standing.login} may not make boards of ${login}`,
      `Set ${standing.setting} to a token of ${board.ownerKind === "user" ? login : `a member of ${login} who may make projects`}, or name an existing board.`,
    ),
  ];
}

function both(detail: string, fix: string): Check[] {
  return [missing("board-read", detail, fix), missing("board-write", detail, fix)];
}
