import type { WhyChosen } from "../pool/why-chosen.ts";
import type { AgentId, IssueKey, ProjectKey, ProjectName, QuestionId, RunId, TaskId } from "../ids.ts";
import type { Moment } from "../time.ts";
import type { AttemptStatus, SessionStep, TaskError, TaskStatus } from "../task/state.ts";
import type { QuestionItem } from "../protocol/frames.ts";
import type { OnboardingView } from "../onboarding/view.ts";
import type { Answer, Failure, QuestionPurpose } from "../lifecycle/state.ts";

/** What people and programs see of a run; derived, never stored as state. */
export interface RunView {
  readonly project: ProjectKey;
  readonly name: ProjectName;
  readonly key: IssueKey;
  readonly id: RunId;
  readonly issue: number;
  readonly run: number;
  readonly title: string;
  readonly url: string;
  /** Upper case: `PLANNING`. */
  readonly phase: string;
  /** The board column asked for, as named on the board. */
  readonly column: string;
  /** The strongest hold, else the phase's wait: `slot`, `session`, `plan-review`, `quota`, … */
  readonly awaiting: string;
  /** One sentence: why it is not moving, or what happens now. */
  readonly explain: string;
  readonly branch: string;
  readonly pullRequest: { readonly number: number; readonly url: string; readonly merged: boolean; readonly commits: number } | null;
  readonly cycles: { readonly planning: number; readonly qa: number; readonly review: number };
  readonly bugIssues: readonly number[];
  readonly usd: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly startedAt: Moment;
  readonly phaseSince: Moment;
  readonly endedAt: Moment | null;
  readonly endedBecause: string | null;
  readonly phases: readonly { readonly phase: string; readonly at: Moment }[];
  readonly session: {
    readonly id: string;
    readonly conversationId: string | null;
    readonly agent: AgentId | null;
    /** The kind of coding agent, as its runner named it. */
    readonly driver?: string;
    /** The step under way; absent between steps. */
    readonly step?: SessionStep;
    readonly startedAt?: Moment;
  } | null;
  readonly failures: readonly Failure[];
  readonly questions: readonly QuestionView[];
}

/** What a line of a list shows of a run; long texts are cut. */
export type RunRow = Pick<
  RunView,
  "project" | "name" | "id" | "issue" | "run" | "title" | "phase" | "usd" | "startedAt" | "endedAt" | "endedBecause"
>;

export interface QuestionView {
  readonly id: QuestionId;
  readonly purpose: QuestionPurpose;
  readonly items: readonly QuestionItem[];
  readonly status: "with-architect" | "with-human" | "answered" | "withdrawn";
  readonly askedAt: Moment;
  readonly guess: { readonly answers: readonly string[]; readonly confidence: number } | null;
  readonly answer: Answer | null;
  readonly late: readonly Answer[];
  readonly appliedAt: Moment | null;
  readonly parked: boolean;
}

/** One question as the person who is asked sees it. */
export interface AskedQuestion {
  readonly name: ProjectName;
  readonly key: IssueKey;
  readonly title: string;
  readonly url: string;
  /** The run is still at work. */
  readonly active: boolean;
  readonly question: QuestionView;
  /** What the session was doing. */
  readonly context: string;
  /** Why the architect is not sure. */
  readonly guessReason: string | null;
  readonly withdrawnBecause: string | null;
}

export interface TaskView {
  readonly id: TaskId;
  readonly project: ProjectKey;
  readonly run: string | null;
  readonly capability: string;
  readonly status: TaskStatus;
  readonly priority: number;
  readonly timeoutSeconds: number;
  readonly maxAttempts: number;
  readonly attempts: readonly {
    readonly number: number;
    readonly agent: AgentId;
    readonly score: number;
    readonly status: AttemptStatus;
    readonly dispatchedAt: Moment;
    readonly startedAt: Moment | null;
    readonly endedAt: Moment | null;
    readonly error: TaskError | null;
    /** Why this agent got it; absent in attempts of earlier versions. */
    readonly why?: WhyChosen;
    /** Its runner has been out of contact for longer than its lease, from then on. */
    readonly unreachableSince?: Moment;
  }[];
  readonly submittedAt: Moment;
  readonly endedAt: Moment | null;
  readonly error: TaskError | null;
  /** Only when one task is asked for. */
  readonly payload?: unknown;
  readonly result?: unknown;
  /** Only this agent may have it. */
  readonly agent?: AgentId;
  /** Only when one task is asked for, and no agent works on it yet: why, in one sentence. */
  readonly explain?: string;
}

/** The live state of a project as the orchestrator tells it. */
export interface ProjectView {
  readonly key: ProjectKey;
  readonly name: ProjectName | null;
  readonly repositoryUrl: string | null;
  readonly board: { readonly url: string; readonly observedBy: "webhook" | "poll" } | null;
  /** Active runs, then the most recently ended ones (at most 20). */
  readonly runs: readonly RunView[];
  readonly tasks: { readonly pending: number; readonly dispatched: number; readonly running: number };
  readonly outbox: number;
  /** The journal's last number: what a reader of the live socket compares with. */
  readonly seq: number;
  /** Why an issue on the board has no run, by issue. */
  readonly filtered: readonly { readonly issue: number; readonly reason: string; readonly at: Moment; readonly title: string }[];
}

/** What the live socket says: refetch what changed when `seq` is ahead of yours. */
export type LiveMessage =
  | { readonly type: "run-changed"; readonly seq: number; readonly run: RunView }
  | { readonly type: "project-changed"; readonly project: ProjectKey; readonly seq: number }
  | { readonly type: "tasks-changed"; readonly project: ProjectKey; readonly seq: number }
  | { readonly type: "onboarding-changed"; readonly seq: number; readonly onboarding: OnboardingView }
  | { readonly type: "agents-changed" };

/**
 * What the live socket sends. `feed` names one life of the numbering; within it every `news` has the number after the one before. Whoever comes back with
 * `?since=<feed>.<n>` is greeted by `resumed: true` and then sent what it missed, or by `resumed: false`: then it must fetch everything anew.
 */
export type LiveFrame =
  | { readonly type: "hello"; readonly feed: string; readonly n: number; readonly resumed: boolean }
  | { readonly type: "news"; readonly feed: string; readonly n: number; readonly messages: readonly LiveMessage[] };
