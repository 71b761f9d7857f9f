import * as z from "zod";
import type { BoardRef, ProjectProfile } from "../../core/inputs.ts";
import { connect, pageInfo, pagesFrom } from "./github-connection.ts";
import type { GitHubParts } from "./github-connection.ts";
import { LinkedBoards } from "./preparation-documents.ts";

const linkedBoards = {
  document: LinkedBoards,
  name: "LinkedBoards",
  answer: z.object({
    node: z
      .object({
        projectsV2: z.object({
          pageInfo,
          nodes: z.array(
            z
              .object({
                id: z.string(),
                number: z.number().int(),
                title: z.string(),
                url: z.string(),
                closed: z.boolean(),
                owner: z.object({ login: z.string().optional() }),
              })
              .nullable(),
          ),
        }),
      })
      .nullable(),
  }),
};

/** The title of a board that the mesh makes. With the link to the repository it tells the board again when nothing else was recorded of it. */
export function ownBoardTitle(profile: ProjectProfile): string {
  return `mesh-six ${profile.name}`;
}

/** The open board that the mesh made for this repository under this owner, whoever recorded it or not; null when there is none. */
export async function findOwnBoard(parts: GitHubParts, profile: ProjectProfile, ofOwner: BoardRef): Promise<BoardRef | null> {
  const connection = connect(parts, await parts.credentials.forBoard({ ...profile, board: ofOwner }));
  const title = ownBoardTitle(profile);
  const pages = pagesFrom(async (after) => {
    const { node } = await connection.query(linkedBoards, { repository: profile.key, after });
    return node?.projectsV2 ?? { pageInfo: { hasNextPage: false }, nodes: [] };
  });
  for await (const { nodes } of pages) {
    const found = nodes.find(
      (each) => each?.title === title && !each.closed && each.owner.login?.toLowerCase() === ofOwner.owner.toLowerCase(),
    );
    if (found) return { ...ofOwner, id: found.id, number: found.number, url: found.url };
  }
  return null;
}
