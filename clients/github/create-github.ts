import * as z from "zod";
import { createBoardOperations } from "./boards.ts";
import { createCardOperations } from "./cards.ts";
import { createDeliveryOperations } from "./deliveries.ts";
import { PointsLeft } from "./documents.ts";
import type { GitHub } from "./github.ts";
import { connectBoard } from "./github-connection.ts";
import type { GitHubParts } from "./github-connection.ts";
import { createGitHubCredentials } from "./github-credentials.ts";
import type { GitHubCredentialSettings } from "./github-credentials.ts";
import { createGitHubTransport } from "./github-transport.ts";
import type { TransportDeps } from "./github-transport.ts";
import { createIssueOperations } from "./issues.ts";
import { createPermissionOperations } from "./permissions.ts";
import { createPullRequestWrites } from "./pull-request-writes.ts";
import { createPullRequestReadings } from "./pull-requests.ts";
import { createWriteLane } from "./write-lane.ts";
import type { WriteLane } from "./write-lane.ts";

export interface GitHubDeps extends TransportDeps {
  readonly credentials: GitHubCredentialSettings;
  /** `GITHUB_WRITE_SPACING_MS`: between two writes of one credential. Default 1,000. */
  readonly writeSpacingMs?: number;
  /** Given when several clients share credentials. */
  readonly lane?: WriteLane;
}

const pointsLeft = {
  document: PointsLeft,
  name: "PointsLeft",
  answer: z.object({ rateLimit: z.object({ limit: z.number(), remaining: z.number(), used: z.number(), resetAt: z.string() }) }),
};

/** What every client of GitHub works with. Kept for the life of the isolate: it holds installation tokens and the write lanes. */
export function createGitHubParts(deps: GitHubDeps): GitHubParts {
  const transport = createGitHubTransport(deps);
  const spacing = deps.writeSpacingMs === undefined ? {} : { spacingMs: deps.writeSpacingMs };
  return {
    transport,
    credentials: createGitHubCredentials(deps.credentials, transport, deps.now, deps.sleep),
    lane: deps.lane ?? createWriteLane({ ...deps, ...spacing }),
    now: deps.now,
    sleep: deps.sleep,
  };
}

/** GitHub itself. Kept for the life of the isolate: it holds permissions, beside what its parts hold. */
export function createGitHub(deps: GitHubDeps): GitHub {
  return createGitHubFrom(createGitHubParts(deps));
}

/** GitHub itself, sharing its parts with other clients. */
export function createGitHubFrom(parts: GitHubParts): GitHub {
  const permissions = createPermissionOperations(parts);
  const readings = createPullRequestReadings(parts, permissions.permissionOf);
  return {
    ...permissions,
    ...readings,
    ...createBoardOperations(parts),
    ...createCardOperations(parts, permissions.permissionOf),
    ...createPullRequestWrites(parts, readings.observePullRequest),
    ...createIssueOperations(parts),
    ...createDeliveryOperations(parts),
    async pointsLeft(profile) {
      const connection = await connectBoard(parts, profile);
      const { rateLimit } = await connection.query(pointsLeft, {});
      const { limit, remaining, used, resetAt } = rateLimit;
      return { lane: connection.lane, resource: "graphql", limit, used, left: remaining, resetAt: Date.parse(resetAt) };
    },
    gitCredential: (profile, purpose) => parts.credentials.forGit(profile, purpose),
  };
}
