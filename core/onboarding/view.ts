import type { OnboardingId, ProjectKey, ProjectName } from "../ids.ts";
import type { BoardRef } from "../inputs.ts";
import type { PolicyOverrides } from "../policy.ts";
import type { Moment } from "../time.ts";

/** The three parts of an onboarding, in their order. */
export const onboardingPhases = ["initialisation", "environment", "login-and-settings"] as const;
export type OnboardingPhase = (typeof onboardingPhases)[number];

/** What an onboarding does, in this order. Running any of them twice changes nothing more than running it once. */
export const onboardingActivities = [
  "validate",
  "board",
  "registry",
  "webhook",
  "storage",
  "dev-container",
  "runner",
  "trial",
  "login",
  "model-budget",
  "settings",
] as const;
export type OnboardingActivity = (typeof onboardingActivities)[number];

export const phaseOfActivity: Readonly<Record<OnboardingActivity, OnboardingPhase>> = {
  validate: "initialisation",
  board: "initialisation",
  registry: "initialisation",
  webhook: "initialisation",
  storage: "initialisation",
  "dev-container": "environment",
  runner: "environment",
  trial: "environment",
  login: "login-and-settings",
  "model-budget": "login-and-settings",
  settings: "login-and-settings",
};

/** How the agent gets its login: a key pushed by the operator, the runner's own login, or a device flow (RFC 8628) that the runner starts. */
export type LoginMode = "api-key" | "runner" | "device";

/** What a person asks for. Stored. Fields are only added, as optional. */
export interface OnboardingRequest {
  readonly repository: ProjectName;
  /** Left out: a board that the mesh made earlier for this repository, else a new one under the repository's owner. */
  readonly board?: { readonly owner: string; readonly number: number } | undefined;
  /** Names of existing columns, for a board that has others. */
  readonly overrides: PolicyOverrides;
  readonly login: LoginMode;
  readonly skipAuth: boolean;
  readonly skipLiteLLM: boolean;
  readonly skipDevContainer: boolean;
  readonly skipTrial: boolean;
  /** A pull request also brings a GitHub Actions workflow that hosts a runner. */
  readonly actionsRunner: boolean;
}

/** `waiting_auth`: a person has to log in, or push a key. The names are fixed: they are in use outside. */
export type OnboardingStatus = "pending" | "running" | "waiting_auth" | "completed" | "failed";

export interface CompletedActivity {
  readonly activity: OnboardingActivity;
  /** One line for people: what was found or made, or why it was left out. */
  readonly summary: string;
  readonly at: Moment;
}

/** Why it stopped, and how to go on. */
export interface OnboardingError {
  readonly activity: OnboardingActivity;
  /** Stable, kebab-case. */
  readonly reason: string;
  readonly message: string;
  /** What a person does about it; several lines are several steps. Never empty. */
  readonly fix: string;
}

/** A service asks for patience (a rate limit, as a rule): the activity is carried out again then, by itself. */
export interface OnboardingPause {
  readonly service: string;
  readonly until: Moment;
}

/** What a person who has to log in is shown. */
export interface LoginPrompt {
  readonly mode: LoginMode;
  /** `device`: where to type the code; one of the vendor's own hosts, https. */
  readonly deviceUrl?: string | undefined;
  /** `device`: `XXXX-XXXX`. */
  readonly userCode?: string | undefined;
  /** `runner`: what to run, and on which runner. */
  readonly command?: string | undefined;
  readonly runner?: string | undefined;
  readonly expiresAt?: Moment | undefined;
}

/** One check of what the mesh may do, made before anything is changed. */
export interface PermissionCheck {
  /** Stable, kebab-case: `repository-read`, `issues-write`, `contents-write`, `pull-requests-write`, `webhooks-write`, `board-read`, … */
  readonly name: string;
  /** `degraded`: it works in another way (the board is polled), which `detail` says. */
  readonly result: "works" | "degraded" | "missing";
  readonly detail: string;
  /** Present unless it works. */
  readonly fix?: string | undefined;
}

/** An onboarding as people and programs see it: `GET /onboard/:id`. */
export interface OnboardingView {
  readonly id: OnboardingId;
  readonly repository: ProjectName;
  readonly request: OnboardingRequest;
  readonly status: OnboardingStatus;
  readonly phase: OnboardingPhase | null;
  readonly activity: OnboardingActivity | null;
  readonly completed: readonly CompletedActivity[];
  readonly error: OnboardingError | null;
  readonly login: LoginPrompt | null;
  /** Stands while a service has asked to wait. */
  readonly pause: OnboardingPause | null;
  readonly permissions: readonly PermissionCheck[];
  readonly project: ProjectKey | null;
  readonly board: BoardRef | null;
  /** One sentence: what it does now, what it waits for, or why it stopped. */
  readonly explain: string;
  /** From 1; `retry` begins the next, and so does a workflow that was lost and started again. */
  readonly attempt: number;
  readonly requestedBy: string;
  readonly createdAt: Moment;
  readonly updatedAt: Moment;
}
