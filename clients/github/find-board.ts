import * as z from "zod";
import type { BoardRef, ProjectProfile } from "../../core/inputs.ts";
import { ClientError } from "../client-error.ts";
import { OrganizationBoard, UserBoard } from "./documents.ts";
import type { GitHubCredentials } from "./github-credentials.ts";
import type { GitHubTransport } from "./github-transport.ts";

/** A board as people name it: the number in its address. */
export interface BoardAddress {
  readonly owner: string;
  readonly number: number;
}

const account = z.object({ login: z.string(), type: z.enum(["User", "Organization"]) });
const board = z.object({ id: z.string(), number: z.number().int(), url: z.url() }).nullable();
const organizationBoard = z.object({ organization: z.object({ projectV2: board }).nullable() });
const userBoard = z.object({ user: z.object({ projectV2: board }).nullable() });

type Parts = { readonly transport: GitHubTransport; readonly credentials: GitHubCredentials };

/** What a board of this owner would be, before it is looked for; only the owner's kind is asked of GitHub. */
export async function boardOfOwner({ transport, credentials }: Parts, profile: ProjectProfile, asked: BoardAddress): Promise<BoardRef> {
  const reader = await credentials.forRepository(profile);
  const path = `/users/${encodeURIComponent(asked.owner)}`;
  const { login, type } = (await transport.rest(reader, "GET", path, { answer: account })).value;
  const ownerKind = type === "Organization" ? "organization" : "user";
  const observedBy = ownerKind === "organization" ? "webhook" : "poll";
  return { id: "", number: asked.number, url: "", owner: login, ownerKind, observedBy };
}

/** The board at this address. Fails with `not-found` when there is none that the credential may see. */
export async function findBoard(parts: Parts, profile: ProjectProfile, asked: BoardAddress): Promise<BoardRef> {
  const provisional = await boardOfOwner(parts, profile, asked);
  const { owner: login, number } = provisional;
  const credential = await parts.credentials.forBoard({ ...profile, board: provisional });
  const found =
    provisional.ownerKind === "organization"
      ? (
          await parts.transport.graphql(
            credential,
            OrganizationBoard,
            { login, number },
            { operationName: "OrganizationBoard", answer: organizationBoard },
          )
        ).organization
      : (await parts.transport.graphql(credential, UserBoard, { login, number }, { operationName: "UserBoard", answer: userBoard })).user;
  if (found?.projectV2) return { ...provisional, id: found.projectV2.id, url: found.projectV2.url };
  throw new ClientError("GitHub", `${login} has no board ${number} that the credential may see`, { code: "not-found", retryable: false });
}
