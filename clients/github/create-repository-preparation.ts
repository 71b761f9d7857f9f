import type { GitHubParts } from "./github-connection.ts";
import { createBoardPreparation } from "./prepared-boards.ts";
import { createFileProposals } from "./proposed-files.ts";
import type { RepositoryPreparation } from "./repository-preparation.ts";
import { createRepositoryProbe } from "./repository-probe.ts";

/** What onboarding does at GitHub, with the credentials and write lanes of the other clients. */
export function createRepositoryPreparation(parts: GitHubParts): RepositoryPreparation {
  return { probe: createRepositoryProbe(parts), ensureBoard: createBoardPreparation(parts), ...createFileProposals(parts) };
}
