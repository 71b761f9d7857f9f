import type { CardObservation, ProjectProfile, PullRequestObservation } from "../../core/inputs.ts";
import type { EffectResult } from "../../core/effects.ts";
import type { ProjectKey } from "../../core/ids.ts";
import type { Moment } from "../../core/time.ts";
import type { GitCredential } from "./github-credentials.ts";
import type { RateReading } from "./github-transport.ts";

/** One line of a board's poll page; enough to see that a card has changed since the last poll, not what it says. */
export interface BoardItem {
  readonly issue: number;
  readonly itemId: string;
  readonly column: string | null;
  readonly archived: boolean;
  readonly state: "open" | "closed";
  /** ISO times; either one's change means: read the card. */
  readonly itemUpdatedAt: string;
  readonly issueUpdatedAt: string;
}

export interface BoardReading {
  readonly items: readonly BoardItem[];
  /** Cards of other repositories, pull requests, drafts, and what the credential may not see. */
  readonly others: number;
  /** Of `others`: cards the credential may not see. More than 0 means a missing permission. */
  readonly redacted: number;
  /** GraphQL points it cost. */
  readonly points: number;
  readonly observedAt: Moment;
}

export type CardReading =
  | { readonly type: "card"; readonly card: CardObservation }
  /** The issue is there but not on the board, or the issue itself is gone. */
  | { readonly type: "gone"; readonly issue: number; readonly observedAt: Moment }
  /** The card belongs to another repository; ask that project's profile. */
  | { readonly type: "elsewhere"; readonly repository: ProjectKey; readonly issue: number }
  /** The content is no issue, or nothing is left that would tell its number. */
  | { readonly type: "no-issue" };

export interface BranchReading {
  readonly branch: string;
  readonly sha: string;
  /** Commits that the default branch has not. */
  readonly commits: number;
}

export type Permission = "admin" | "write" | "read" | "none";

export type PullRef = { readonly number: number } | { readonly branch: string };

/** Whose webhook deliveries are meant. */
export type HookRef =
  | { readonly kind: "repository"; readonly profile: ProjectProfile; readonly hook: number }
  /** Asked with the credential of one of the organisation's projects. */
  | { readonly kind: "organization"; readonly organization: string; readonly profile: ProjectProfile; readonly hook: number }
  | { readonly kind: "app" };

/** A delivery that never arrived: no attempt of its `guid` was answered with 2xx. */
export interface FailedDelivery {
  readonly id: string;
  readonly guid: string;
  readonly event: string;
  readonly deliveredAt: Moment;
  readonly statusCode: number;
}

/** The newest delivery of a hook, if GitHub remembers any, and how many since a moment never arrived. */
export interface HookDeliveries {
  readonly last: { readonly at: Moment; readonly event: string; readonly statusCode: number } | null;
  readonly failed: number;
}

type ResultOf<K extends EffectResult["kind"]> = Extract<EffectResult, { kind: K }>;

/**
 * What the mesh reads from and writes to GitHub. Failures are ClientErrors. Writes look first for what an earlier try has left, so that
 * repeating one after an unknown outcome makes nothing twice, and go one after the other per credential.
 * Every `observedAt` is the moment the reading began.
 */
export interface GitHub {
  /** All pages of the board, in the board's order. Refused with `configuration` when the project has none. */
  observeBoard(profile: ProjectProfile): Promise<BoardReading>;
  observeCard(profile: ProjectProfile, issue: number): Promise<CardReading>;
  /** By the node id that a board's webhook names instead of a number. */
  observeCardByContentNode(profile: ProjectProfile, contentNodeId: string): Promise<CardReading>;
  /** null when there is none; by branch the newest of this repository, never a fork's. */
  observePullRequest(profile: ProjectProfile, pull: PullRef): Promise<PullRequestObservation | null>;
  /** null when the branch is not there. */
  observeBranch(profile: ProjectProfile, branch: string): Promise<BranchReading | null>;
  /** Whether the history of `descendant` has `commit` (full or short SHAs); false when the repository knows one of them not. */
  containsCommit(profile: ProjectProfile, descendant: string, commit: string): Promise<boolean>;
  /** Cached for 5 minutes; `none` for strangers, bots and deleted accounts. */
  permissionOf(profile: ProjectProfile, login: string): Promise<Permission>;

  /**
   * Done when a later reading shows the new column. With `from`, a card that stands neither there nor in the wanted column is left alone: a
   * person has moved it. Fails with `column-missing` when the board has no such column.
   */
  moveCard(
    profile: ProjectProfile,
    itemId: string,
    columnName: string,
    from?: readonly (string | null)[],
  ): Promise<ResultOf<"card-moved" | "card-elsewhere">>;
  comment(profile: ProjectProfile, issue: number, marker: string, body: string, replace: boolean): Promise<ResultOf<"commented">>;
  /** Idempotent by head branch: the newest of the branch in whatever state, but never one of `former`. */
  openPullRequest(
    profile: ProjectProfile,
    pull: {
      readonly branch: string;
      readonly base: string;
      readonly title: string;
      readonly body: string;
      readonly former?: readonly number[];
    },
  ): Promise<ResultOf<"pull-request-open" | "pull-request-refused">>;
  /** Fails with `conflict` when that number has another branch. `number` 0 means: by its branch. Done when there is none. */
  closePullRequest(profile: ProjectProfile, number: number, branch: string): Promise<ResultOf<"done">>;
  mergePullRequest(
    profile: ProjectProfile,
    merge: { readonly number: number; readonly sha: string; readonly method: "merge" | "squash" | "rebase"; readonly title: string },
  ): Promise<ResultOf<"merged" | "merge-refused">>;
  /** Linked to its parent as a sub-issue; its text names the parent in any case. */
  openBugIssue(
    profile: ProjectProfile,
    bug: { readonly parent: number; readonly marker: string; readonly title: string; readonly body: string },
  ): Promise<ResultOf<"issue-open">>;
  closeIssue(profile: ProjectProfile, issue: number, reason: "completed" | "not-planned"): Promise<ResultOf<"done">>;

  /** Oldest first, from `since` on; GitHub keeps deliveries for 3 days. */
  failedDeliveries(hook: HookRef, since: Moment): Promise<readonly FailedDelivery[]>;
  /** How a hook's deliveries fare, by its newest hundred: one request. */
  deliveries(hook: HookRef, since: Moment): Promise<HookDeliveries>;
  redeliver(hook: HookRef, deliveryId: string): Promise<void>;
  /** GraphQL points of the credential that reads this project's board. Costs nothing. */
  pointsLeft(profile: ProjectProfile): Promise<RateReading>;
  gitCredential(profile: ProjectProfile, purpose: "read" | "push"): Promise<GitCredential>;
}
