import * as z from "zod";
import type { ProjectProfile } from "../../core/inputs.ts";
import type { Moment } from "../../core/time.ts";
import { ClientError } from "../client-error.ts";
import type { GitHubCredentials } from "./github-credentials.ts";
import type { Credential, GitHubTransport, RestAnswer } from "./github-transport.ts";
import type { WriteLane } from "./write-lane.ts";

/** What every operation works with. */
export interface GitHubParts {
  readonly transport: GitHubTransport;
  readonly credentials: GitHubCredentials;
  readonly lane: WriteLane;
  readonly now: () => Moment;
  readonly sleep: (ms: number) => Promise<void>;
}

/** A GraphQL document with the form of its answer's `data`. */
export interface Query<T> {
  readonly document: string;
  readonly name: string;
  readonly answer: z.ZodType<T>;
}

/** Reads and writes with one credential. */
export interface GitHubConnection {
  readonly lane: string;
  query<T>(query: Query<T>, variables: Record<string, unknown>): Promise<T>;
  mutate<T>(query: Query<T>, variables: Record<string, unknown>): Promise<T>;
  get<T>(path: string, answer: z.ZodType<T>): Promise<RestAnswer<T>>;
  create<T>(path: string, body: unknown, answer: z.ZodType<T>): Promise<T>;
  change<T>(method: "PATCH" | "PUT" | "POST", path: string, body: unknown, answer: z.ZodType<T>): Promise<T>;
}

export function connect(parts: GitHubParts, credential: Credential): GitHubConnection {
  const { transport, lane } = parts;
  const write = <T>(kind: "creates" | "changes", act: () => Promise<T>): Promise<T> => lane.write(credential.lane, kind, act);
  const rest = async <T>(method: string, path: string, body: unknown, answer: z.ZodType<T>): Promise<T> =>
    (await transport.rest(credential, method, path, { body, answer })).value;
  return {
    lane: credential.lane,
    query: ({ document, name, answer }, variables) => transport.graphql(credential, document, variables, { operationName: name, answer }),
    mutate: ({ document, name, answer }, variables) =>
      write("changes", () => transport.graphql(credential, document, variables, { operationName: name, answer })),
    get: (path, answer) => transport.rest(credential, "GET", path, { answer }),
    create: (path, body, answer) => write("creates", () => rest("POST", path, body, answer)),
    change: (method, path, body, answer) => write("changes", () => rest(method, path, body, answer)),
  };
}

export async function connectRepository(parts: GitHubParts, profile: ProjectProfile): Promise<GitHubConnection> {
  return connect(parts, await parts.credentials.forRepository(profile));
}

export async function connectBoard(parts: GitHubParts, profile: ProjectProfile): Promise<GitHubConnection> {
  return connect(parts, await parts.credentials.forBoard(profile));
}

/** `/repos/owner/name`. GitHub redirects the old name of a renamed repository, with the method kept. */
export function repositoryPath(profile: ProjectProfile): string {
  return `/repos/${profile.name.split("/").map(encodeURIComponent).join("/")}`;
}

/** The board's node id; a ClientError `configuration` when the project has no board. */
export function boardOf(profile: ProjectProfile): string {
  if (profile.board) return profile.board.id;
  throw new ClientError("GitHub", `${profile.name} has no board; onboard it`, { code: "configuration", retryable: false });
}

/** A GraphQL actor as REST and people write it; bots carry `[bot]`. */
export const actor = z.object({ __typename: z.string(), login: z.string() }).nullish();

export function loginOf(from: z.output<typeof actor>): string {
  if (!from) return "ghost";
  return from.__typename === "Bot" && !from.login.endsWith("[bot]") ? `${from.login}[bot]` : from.login;
}

export const pageInfo = z.object({ hasNextPage: z.boolean(), endCursor: z.string().nullish() });

/** For answers of writes that tell nothing we need. */
export const anything = z.unknown();

/** Every page of a GraphQL connection from the first; the caller may stop early. */
export async function* pagesFrom<P extends { readonly pageInfo: z.output<typeof pageInfo> }>(
  read: (after: string | null) => Promise<P>,
): AsyncGenerator<P> {
  for (let after: string | null = null; ;) {
    const page: P = await read(after);
    yield page;
    after = page.pageInfo.endCursor ?? null;
    if (!page.pageInfo.hasNextPage || after === null) return;
  }
}
