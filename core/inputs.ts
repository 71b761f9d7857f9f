import type { CredentialRecord } from "./credentials/credential.ts";
import type { AgentId, EffectId, ProjectKey, ProjectName, QuestionId, TaskId } from "./ids.ts";
import type { DaySpend } from "./lifecycle/day-budget.ts";
import type { PolicyOverrides } from "./policy.ts";
import type { Candidate } from "./pool/state.ts";
import type { Report } from "./protocol/frames.ts";
import type { TaskError, TaskSpec } from "./task/state.ts";
import type { Moment } from "./time.ts";
import type { EffectResult } from "./effects.ts";
import type { OnboardingInput } from "./onboarding/inputs.ts";

/** That everything stands still by someone's word. Stored. Fields are only added, as optional. */
export interface MeshStop {
  readonly by: string;
  readonly at: Moment;
  /** What they said of it; empty when nothing. */
  readonly reason: string;
}

/** Whether the whole mesh works or stands still. Every change has a higher number, so that an older word that comes late is known for one. Stored. */
export interface MeshState {
  readonly n: number;
  readonly stopped: MeshStop | null;
}

/** What the registry knows of an onboarded project. Stored. Fields are only added, as optional. */
export interface ProjectProfile {
  readonly key: ProjectKey;
  readonly name: ProjectName;
  readonly repositoryUrl: string;
  readonly cloneUrl: string;
  readonly defaultBranch: string;
  readonly board: BoardRef | null;
  /** Which credential of the Worker serves it: the App's installation, or the token. */
  readonly credential: { readonly kind: "app"; readonly installation: number } | { readonly kind: "token" };
  readonly overrides: PolicyOverrides;
  /** What it was called before, oldest first, and until when that was its name here. They lead to it while no other project is called so. */
  readonly formerNames?: readonly FormerName[];
  /** Of the repository's webhook; absent: 1. Deliveries to an older one are refused. */
  readonly hookVersion?: number;
  /** Of the webhook of the organisation that owns the board; absent: 1. The highest of its projects counts. */
  readonly organizationHookVersion?: number;
}

export interface FormerName {
  readonly name: ProjectName;
  readonly until: Moment;
}

export interface BoardRef {
  readonly id: string;
  readonly number: number;
  readonly url: string;
  readonly owner: string;
  readonly ownerKind: "organization" | "user";
  readonly observedBy: "webhook" | "poll";
}

/** A board card and its issue as GitHub had them at `observedAt`, the moment the reading began. */
export interface CardObservation {
  readonly issue: number;
  readonly itemId: string;
  /** The Status option's name; null when unset. */
  readonly column: string | null;
  readonly archived: boolean;
  readonly state: "open" | "closed";
  readonly title: string;
  readonly body: string;
  readonly labels: readonly string[];
  readonly author: string;
  readonly authorCanWrite: boolean;
  /** The issue carries our marker: made by the mesh itself. */
  readonly ours: boolean;
  readonly url: string;
  readonly observedAt: Moment;
}

export interface PullRequestObservation {
  readonly number: number;
  readonly url: string;
  readonly branch: string;
  readonly state: "open" | "closed";
  readonly merged: boolean;
  readonly mergedBy: string | null;
  readonly mergeCommit: string | null;
  readonly headSha: string;
  readonly commits: number;
  readonly mergeable: "yes" | "conflict" | "unknown";
  /** Of the head: `none` when the repository has no checks for it. */
  readonly checks: "none" | "pending" | "green" | "red";
  readonly failingChecks: readonly { readonly name: string; readonly summary: string }[];
  /** Reviews that ask for changes on the current head, newest last. */
  readonly changesRequested: readonly { readonly id: string; readonly author: string; readonly body: string }[];
  readonly observedAt: Moment;
}

/** One part of what a model was shown: not its text, but what tells whether a text was it. */
export interface SeenPart {
  readonly part: string;
  /** Hex, of the part's UTF-8 text. */
  readonly sha256: string;
  readonly characters: number;
}

export type OperatorCommand = "retry" | "cancel" | "pause" | "resume" | "advance";

export type InputBody =
  | {
      readonly type: "project-configured";
      readonly profile: ProjectProfile;
      readonly meshOverrides: PolicyOverrides;
      /** Set where a project begins anew after it was deleted, or was brought back from a backup: how high its runs may be numbered already. */
      readonly formerRuns?: number;
    }
  /** The project is being deleted: everything of it ends, and nothing new begins. */
  | { readonly type: "project-closed"; readonly by: string }
  /** The whole mesh was stopped, or goes on. */
  | { readonly type: "mesh-state-changed"; readonly state: MeshState }
  /** All projects together have spent what they may on a day. `announce`: this project is the one that tells people. */
  | { readonly type: "mesh-day-spent"; readonly spend: DaySpend; readonly announce: boolean }
  | { readonly type: "card-observed"; readonly card: CardObservation }
  /** The card is no longer on the board (removed), or the issue was deleted or transferred. */
  | { readonly type: "card-gone"; readonly issue: number; readonly observedAt: Moment }
  | {
      readonly type: "comment-observed";
      readonly issue: number;
      readonly commentId: string;
      readonly author: string;
      readonly authorCanWrite: boolean;
      readonly ours: boolean;
      readonly body: string;
    }
  | { readonly type: "pull-request-observed"; readonly pull: PullRequestObservation }
  /** GitHub's own word on a run's branch, when the report was lost. */
  | { readonly type: "branch-observed"; readonly branch: string; readonly sha: string; readonly commits: number }
  | { readonly type: "tasks-submitted"; readonly tasks: readonly TaskSpec[] }
  | { readonly type: "task-cancelled"; readonly task: TaskId; readonly by: string }
  /** What the pool offers now; every dispatchable task is dispatched against it. `noneOffers` = capabilities no registered agent has. */
  | { readonly type: "agents-offered"; readonly candidates: readonly Candidate[] }
  /** One agent's reports in the order of their numbers, all of this project. */
  | { readonly type: "reports-received"; readonly agent: AgentId; readonly journal: string; readonly reports: readonly Report[] }
  | { readonly type: "handover-declined"; readonly task: TaskId; readonly attempt: number; readonly reason: string }
  /** A built-in agent's attempt came to its end. `usd` = what the model call cost. */
  | {
      readonly type: "attempt-ended";
      readonly task: TaskId;
      readonly attempt: number;
      readonly agent: AgentId;
      readonly usd: number;
      readonly outcome: { readonly done: unknown } | { readonly failed: TaskError };
      /** What the architect was shown, and which learnings were among it. */
      readonly seen?: readonly SeenPart[];
      readonly learnings?: readonly number[];
    }
  | { readonly type: "contact-lost"; readonly agent: AgentId; readonly since: Moment }
  | { readonly type: "contact-regained"; readonly agent: AgentId }
  | { readonly type: "effect-done"; readonly effect: EffectId; readonly result: EffectResult }
  | {
      readonly type: "effect-failed";
      readonly effect: EffectId;
      readonly code: string;
      readonly message: string;
      readonly retryable: boolean;
      /** Not before, when the outside service named a time. */
      readonly retryAt?: Moment;
    }
  | { readonly type: "time-passed" }
  /** The project's Vault has recorded what was done with a credential. `tellPeople`: someone has to look after it. */
  | { readonly type: "credential-recorded"; readonly record: CredentialRecord; readonly tellPeople: boolean }
  | {
      readonly type: "human-answered";
      readonly question: QuestionId;
      /** One text per item of the question. */
      readonly answers: readonly string[];
      readonly by: string;
      readonly via: "dashboard" | "api" | "reply-page" | "notification" | "comment" | "board";
    }
  | {
      readonly type: "operator-commanded";
      readonly issue: number;
      readonly command: OperatorCommand;
      readonly by: string;
      readonly reason: string;
    }
  | OnboardingInput;

/** A fact that reaches an orchestrator. `id` makes it idempotent: the same id twice is one input. */
export type ProjectInput = { readonly id: string; readonly at: Moment } & InputBody;
export type InputType = InputBody["type"];
export type InputOf<T extends InputType> = Extract<ProjectInput, { type: T }>;

/** What came of an input, the same for every repeat of its id. */
export interface Applied {
  readonly status: "applied" | "ignored" | "refused";
  /** Why it was ignored or refused; stable, kebab-case. */
  readonly reason?: string;
  /** `human-answered`: what was answered before, when late. `tasks-submitted`: nothing. `onboarding-requested`: the id of the active one. */
  readonly detail?: string;
}
