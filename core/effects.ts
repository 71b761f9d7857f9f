import type { EffectId, QuestionId, TaskId, AgentId } from "./ids.ts";
import type { ColumnRole, QuestionPurpose } from "./lifecycle/state.ts";
import type { CommandBody } from "./protocol/frames.ts";
import type { Moment } from "./time.ts";

/** What the core wants done outside. Each is idempotent by its id or by a marker left outside. */
export type EffectBody =
  /** `from`: where the card may stand; anywhere else a person has moved it meanwhile, and it is left there. */
  | {
      readonly kind: "move-card";
      readonly itemId: string;
      readonly column: ColumnRole;
      readonly columnName: string;
      readonly from: readonly (string | null)[];
    }
  /** Made once per marker; with `replace` the comment that carries the marker gets the new text. */
  | { readonly kind: "comment"; readonly issue: number; readonly marker: string; readonly body: string; readonly replace: boolean }
  /** Found by its head branch when it was made before; `former` ones of the branch, merged in earlier rounds, do not count. */
  | {
      readonly kind: "open-pull-request";
      readonly branch: string;
      readonly base: string;
      readonly title: string;
      readonly body: string;
      readonly former?: readonly number[];
    }
  /** `number` 0: found by its branch; done when there is none. */
  | { readonly kind: "close-pull-request"; readonly number: number; readonly branch: string }
  /** Refused by GitHub when the head is not `sha`. */
  | {
      readonly kind: "merge-pull-request";
      readonly number: number;
      readonly sha: string;
      readonly method: "merge" | "squash" | "rebase";
      readonly title: string;
    }
  | { readonly kind: "open-bug-issue"; readonly parent: number; readonly marker: string; readonly title: string; readonly body: string }
  | { readonly kind: "close-issue"; readonly issue: number; readonly reason: "completed" | "not-planned" }
  /** Read it and apply what is found as an observation. */
  | { readonly kind: "observe-card"; readonly issue: number }
  | { readonly kind: "observe-pull-request"; readonly number: number }
  | { readonly kind: "observe-branch"; readonly branch: string }
  | { readonly kind: "check-health"; readonly url: string; readonly expectCommit: string | null }
  | {
      readonly kind: "notify";
      readonly sequenceId: string;
      readonly title: string;
      readonly message: string;
      readonly priority: number;
      readonly tags: readonly string[];
      readonly click: string | null;
    }
  /** One notification for all items of a question; a reminder is the same again and replaces it. Queued before: `purpose`, `taps` and `until` may be absent. */
  | {
      readonly kind: "ask-human";
      readonly question: QuestionId;
      readonly purpose?: QuestionPurpose;
      readonly title: string;
      readonly message: string;
      /** Labels of the one item's options; none when several are asked, or several may be chosen. */
      readonly choices: readonly string[];
      /** Places of the choices that get a button of their own, at most two. */
      readonly taps?: readonly number[];
      /** Until when links and buttons work. */
      readonly until?: Moment;
    }
  /** Replaces the question's notification with what became of it. */
  | {
      readonly kind: "settle-notice";
      readonly question: QuestionId;
      readonly purpose: QuestionPurpose;
      readonly state: "answered" | "applied" | "withdrawn";
      readonly title: string;
      readonly text: string;
      readonly until: Moment;
    }
  /** What the project has cost on a day until now, for the mesh's cap; see mesh-spend.ts. */
  | { readonly kind: "report-spend"; readonly day: number; readonly usd: number; readonly life: number }
  /** Said to a live attempt through its agent's mailbox; done when the agent confirms. */
  | {
      readonly kind: "tell-session";
      readonly agent: AgentId;
      readonly task: TaskId;
      readonly attempt: number;
      readonly command: CommandBody;
    };

export type EffectKind = EffectBody["kind"];

export type Effect = {
  readonly id: EffectId;
  /** Effects of one key are released one after the other; different keys run in parallel. */
  readonly orderKey: string;
  /** The issue it serves; null for the project's own. */
  readonly issue: number | null;
  readonly run: number | null;
} & EffectBody;

/** The kinds of effects that go through the queue of GitHub writes. */
export const gitHubWriteKinds = [
  "move-card",
  "comment",
  "open-pull-request",
  "close-pull-request",
  "merge-pull-request",
  "open-bug-issue",
  "close-issue",
] as const satisfies readonly EffectKind[];

/** What is said to people's phones: tried for as long as it may still be wanted, since nobody else tells them. */
export const noticeKinds = ["ask-human", "settle-notice", "notify"] as const satisfies readonly EffectKind[];

export type GitHubWrite = Extract<Effect, { kind: (typeof gitHubWriteKinds)[number] }>;

export function isGitHubWrite(effect: Effect): effect is GitHubWrite {
  return (gitHubWriteKinds as readonly EffectKind[]).includes(effect.kind);
}

export function isNotice(effect: Effect): boolean {
  return (noticeKinds as readonly EffectKind[]).includes(effect.kind);
}

/** What a consumer reports of an effect that succeeded. */
export type EffectResult =
  | { readonly kind: "done" }
  /** `at` = when GitHub had the new column; observations begun before it say nothing of the column. */
  | { readonly kind: "card-moved" }
  | { readonly kind: "card-elsewhere"; readonly column: string | null }
  | { readonly kind: "commented"; readonly url: string }
  | { readonly kind: "pull-request-open"; readonly number: number; readonly url: string; readonly headSha: string }
  | { readonly kind: "merged"; readonly sha: string }
  /** GitHub refused the merge: `conflict` and `base-moved` send the session to work, `protected` and others a person. */
  | {
      readonly kind: "merge-refused";
      readonly because: "conflict" | "base-moved" | "head-moved" | "protected" | "closed";
      readonly message: string;
    }
  | { readonly kind: "pull-request-refused"; readonly because: "no-commits" | "branch-missing" | "refused"; readonly message: string }
  | { readonly kind: "issue-open"; readonly number: number; readonly url: string }
  | { readonly kind: "health"; readonly healthy: boolean; readonly detail: string };
