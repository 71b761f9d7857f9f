import { ClientError } from "../client-error.ts";
import type { GitHubParts } from "./github-connection.ts";
import type { RepositoryPreparation } from "./repository-preparation.ts";

/** What onboarding does at GitHub, with the credentials and write lanes of the other clients. */
export function createRepositoryPreparation(_parts: GitHubParts): RepositoryPreparation {
  const absent = (): never => {
    throw new ClientError("GitHub", "repositories are not prepared yet", { code: "configuration", retryable: false });
  };
  return {
    probe: async () => absent(),
    rootFiles: async () => absent(),
    ensureBoard: async () => absent(),
    proposeFiles: async () => absent(),
  };
}
