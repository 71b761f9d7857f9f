import type { ProjectKey } from "../core/ids.ts";
import type { BoardRef, ProjectProfile } from "../core/inputs.ts";
import type { LoginMode } from "../core/onboarding/view.ts";
import type { DayBudget } from "../core/mesh-spend.ts";
import type { Policy, PolicyOverrides } from "../core/policy.ts";
import type { QuestionView } from "../core/project/views.ts";
import type { Moment } from "../core/time.ts";
import type { Freshness } from "../drizzle/queries/freshness.ts";
import type { Role } from "../platform/tokens.ts";

// What routes of the mesh answer that has no type of its own in core or drizzle.

/** Newest first; `cursor` leads to the page after it, null at the end. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly cursor: string | number | null;
}

export interface Session {
  readonly role: Role;
}

export interface AgentGrantRequest {
  readonly id: string;
  readonly capabilities?: "any" | readonly string[] | undefined;
  readonly projects?: "all" | readonly string[] | undefined;
}

/** The token is shown this once. */
export interface NewAgentToken {
  readonly id: string;
  readonly token: string;
  readonly capabilities: "any" | readonly string[];
  readonly projects: "all" | readonly string[];
}

export interface AgentTokenView {
  readonly agent: string;
  readonly capabilities: "any" | readonly string[];
  readonly projects: "all" | readonly string[];
  readonly createdAt: Moment | null;
}

export interface SubmittedTasks {
  readonly tasks: readonly { readonly id: string; readonly capability: string; readonly status: string; readonly project: string }[];
}

export interface Explained {
  readonly key: string;
  readonly run?: string;
  /** Upper case; null when there is no run. */
  readonly phase: string | null;
  readonly awaiting: string | null;
  readonly explain: string;
  readonly since?: Moment;
}

export interface ListedQuestion extends QuestionView {
  readonly run: string;
  readonly project: string;
  readonly issue: number;
  readonly title: string;
}

export interface AnswerTaken {
  readonly status: "accepted" | "already-answered";
  readonly answered?: string | null;
}

export type ReadModel = Freshness;

/** Counters since the objects exist; `total` names each. */
export interface PlatformCosts {
  readonly projects: readonly ({ readonly project: string } & Readonly<Record<string, unknown>>)[];
  readonly total: Readonly<Record<string, number>>;
}

export interface BoardState {
  readonly board: BoardRef;
  readonly polledAt: Moment | null;
  readonly cards: number | null;
  readonly redacted: number | null;
  readonly points: unknown;
}

export interface Registered {
  readonly project: ProjectProfile;
  readonly webhooks: unknown;
}

export interface SettingsShown {
  readonly overrides: PolicyOverrides;
  readonly policy: Policy | null;
}

/** An onboarding as a person asks for it: what is left out takes its default. */
export interface OnboardingAsked {
  readonly repository: string;
  readonly board?: { readonly owner: string; readonly number: number } | undefined;
  readonly overrides?: object | undefined;
  readonly login?: LoginMode | undefined;
  readonly skipAuth?: boolean | undefined;
  readonly skipLiteLLM?: boolean | undefined;
  readonly skipDevContainer?: boolean | undefined;
  readonly skipTrial?: boolean | undefined;
  readonly actionsRunner?: boolean | undefined;
}

export interface VaultRotated {
  readonly projects: number;
  readonly rewrapped: number;
}

export interface MeshState {
  readonly stopped: { readonly at: Moment; readonly by: string; readonly reason: string } | null;
  /** Projects that are being deleted. */
  readonly leaving?: readonly { readonly project: string; readonly history: string }[];
  /** What all projects have cost today, of what they may; null without such a cap. */
  readonly day?: DayBudget | null;
  /** The backup that is being brought back. */
  readonly restoring?: string | null;
}

/** Of stop and start; `untold` projects learn it by the next reconcile. */
export interface Commanded extends MeshState {
  readonly untold: readonly string[];
}

export interface BackupMade {
  readonly name: string;
  readonly objects: number;
  readonly bytes: number;
}

export interface BackupListed extends BackupMade {
  readonly at?: Moment;
  readonly projects?: number;
}

/** One object of a backup; the manifest comes last and has neither length nor hash. */
export interface BackupObject {
  readonly object: string;
  readonly bytes: number | null;
  readonly sha256: string | null;
}

export interface ProjectDeleted {
  readonly project: string;
  readonly history: "keep" | "forget";
  readonly webhooks: readonly object[];
  /** Null: nothing of it is left. */
  readonly waitsFor: string | null;
}

export interface WebhooksRotated {
  readonly webhooks: readonly object[];
  readonly removed?: readonly object[];
}

/** An object of the journals' archive. */
export interface ArchivedJournal {
  readonly project: ProjectKey;
  readonly place: string;
  readonly bytes: number;
  readonly archivedAt: Moment;
}
