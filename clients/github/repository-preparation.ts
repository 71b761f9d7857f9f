import type { PermissionCheck } from "../../core/onboarding/view.ts";
import type { ProjectName } from "../../core/ids.ts";
import type { BoardRef, ProjectProfile } from "../../core/inputs.ts";

/** The checks of a probe, in the order they are told. All but the two of webhooks stop an onboarding when they are missing. */
export const permissionChecks = [
  "repository-read",
  "repository-not-archived",
  "issues-enabled",
  "issues-write",
  "contents-write",
  "pull-requests-write",
  "checks-read",
  "webhooks-write",
  "organization-webhooks-write",
  "board-read",
  "board-write",
  "runner-git",
] as const;
export type PermissionCheckName = (typeof permissionChecks)[number];

/** What a repository, its board and our credentials allow; read and probed without changing anything. */
export interface RepositoryProbe {
  /** Without a board unless one was named or the mesh had made one. */
  readonly profile: ProjectProfile;
  readonly ownerKind: "organization" | "user";
  readonly private: boolean;
  readonly archived: boolean;
  readonly hasIssues: boolean;
  readonly checks: readonly (PermissionCheck & { readonly name: PermissionCheckName })[];
  /** Whether the board is told of by webhook or polled, once set up. */
  readonly observedBy: "webhook" | "poll";
}

export interface PreparedBoard {
  readonly board: BoardRef;
  readonly made: boolean;
  /** Column names that the settings name and the board lacks, on an adopted board: for its owner to add, or to map in the settings. */
  readonly missingColumns: readonly string[];
  readonly columns: readonly string[];
  /** Fields made now. */
  readonly madeFields: readonly string[];
  /** The board's own automations that are on and move cards: deleted on a board we made, named on an adopted one. */
  readonly automations: readonly string[];
}

export interface PreparedFiles {
  /** `present`: nothing to do. `proposed`: there is a pull request, now or from before. */
  readonly state: "present" | "proposed";
  readonly pullRequest: { readonly number: number; readonly url: string } | null;
  readonly path: string;
}

/** What onboarding does at GitHub. Every method may be called again at any time with the same end. Failures are ClientErrors whose text says what to do. */
export interface RepositoryPreparation {
  /** @param board the one a person named */
  probe(repository: ProjectName, board?: { readonly owner: string; readonly number: number }): Promise<RepositoryProbe>;
  /** Names in the root of the default branch; folders end with `/`. Empty for an empty repository. */
  rootFiles(profile: ProjectProfile): Promise<readonly string[]>;
  /** Adopts the named board, or the one the mesh made earlier for this repository, or makes one. Options of an adopted board are never touched. */
  ensureBoard(
    profile: ProjectProfile,
    wanted: { readonly board?: { readonly owner: string; readonly number: number } | undefined; readonly columns: readonly string[] },
  ): Promise<PreparedBoard>;
  /** A pull request from one branch of ours with these files, unless the path that decides is on the default branch already. */
  proposeFiles(
    profile: ProjectProfile,
    proposal: {
      /** Under `mesh/setup/`; names the pull request. */
      readonly branch: string;
      /** When this path is there, nothing is proposed. */
      readonly decides: string;
      readonly files: Readonly<Record<string, string>>;
      readonly title: string;
      readonly body: string;
    },
  ): Promise<PreparedFiles>;
}
