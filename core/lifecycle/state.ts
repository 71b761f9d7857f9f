import type { AgentId, EffectId, QuestionId, TaskId } from "../ids.ts";
import type { QuestionItem, TestResults } from "../protocol/frames.ts";
import type { Moment } from "../time.ts";
import type { SessionStep } from "../task/state.ts";
import type { CardObservation, PullRequestObservation } from "../inputs.ts";

export const activePhases = ["intake", "planning", "implementation", "qa", "review"] as const;
export const endedPhases = ["accepted", "failed", "cancelled"] as const;
export type ActivePhase = (typeof activePhases)[number];
export type EndedPhase = (typeof endedPhases)[number];
/** Where a run stands. Upper case in the API and on comments. */
export type Phase = ActivePhase | EndedPhase;

/** The board's columns by their part in the lifecycle; names are the project's setting. */
export type ColumnRole = "todo" | "planning" | "inProgress" | "qa" | "review" | "done" | "blocked";

/** What the run's phase waits for; `slot` becomes `session` when the agent has accepted the task. */
export type Wait =
  | { readonly for: "turn" }
  | { readonly for: "guidance"; readonly task: TaskId }
  /** `prompt` and `steeringSaid` (how much of the steering the prompt holds) matter until the agent has accepted. */
  | {
      readonly for: "slot" | "session";
      readonly task: TaskId;
      readonly step: SessionStep;
      readonly prompt?: StartPrompt;
      readonly steeringSaid?: number;
    }
  | { readonly for: "plan-review"; readonly task: TaskId }
  | { readonly for: "plan-approval"; readonly question: QuestionId }
  | { readonly for: "pull-request"; readonly effect: EffectId }
  | { readonly for: "checks" }
  | { readonly for: "test-evaluation"; readonly task: TaskId }
  | { readonly for: "merge"; readonly effect: EffectId | null }
  | { readonly for: "deployment" | "smoke-test"; readonly effect: EffectId | null; readonly until: Moment }
  /** A start that a hold or the backoff keeps back; started when it may. */
  | { readonly for: "start"; readonly step: SessionStep; readonly prompt: StartPrompt; readonly notBefore: Moment }
  | { readonly for: "nothing" };

/** What to tell the session when the step begins; rendered by outbound/prompts. */
export type StartPrompt =
  | { readonly type: "plan" }
  | { readonly type: "replan"; readonly feedback: string }
  | { readonly type: "implement" }
  | { readonly type: "rework"; readonly feedback: string }
  | { readonly type: "merge-base"; readonly message: string }
  | { readonly type: "commit-your-work" }
  | { readonly type: "answer"; readonly question: QuestionId }
  | { readonly type: "resume"; readonly because: string }
  | { readonly type: "test" };

/** Why nothing starts although the phase would; the strongest first: stopped (the whole mesh), paused, quota, mesh-day, day, budget, question, effect. */
export type Hold =
  | { readonly kind: "stopped"; readonly by: string; readonly since: Moment; readonly reason: string }
  | { readonly kind: "paused"; readonly by: string; readonly since: Moment }
  | { readonly kind: "quota"; readonly until: Moment }
  /** All projects together have spent what they may on one day. */
  | { readonly kind: "mesh-day"; readonly until: Moment; readonly usd: number; readonly capUsd: number }
  /** The project has spent what it may on one day. */
  | { readonly kind: "day"; readonly until: Moment; readonly usd: number }
  | { readonly kind: "budget"; readonly question: QuestionId }
  | { readonly kind: "question"; readonly question: QuestionId }
  | { readonly kind: "effect"; readonly effect: EffectId; readonly reason: string };

export type QuestionPurpose = "session" | "plan-approval" | "decision" | "budget" | "fix" | "merge";

export interface Answer {
  readonly answers: readonly string[];
  readonly by: string;
  readonly via: "architect" | "dashboard" | "api" | "reply-page" | "notification" | "comment" | "board" | "silence";
  readonly at: Moment;
  /** The architect's, 0–1. */
  readonly confidence?: number;
  /** A person answered otherwise than the architect's best guess. */
  readonly overruled?: boolean;
}

/** Stored inside its run. Invariant 4: one answer, given once, reaches only this question. */
export interface Question {
  readonly id: QuestionId;
  readonly purpose: QuestionPurpose;
  readonly items: readonly QuestionItem[];
  readonly context: string;
  readonly askedAt: Moment;
  readonly status: "with-architect" | "with-human" | "answered" | "withdrawn";
  /** The architect's task while it is with it. */
  readonly task?: TaskId;
  /** The architect's task of drawing a lesson from a person's answer. */
  readonly learning?: TaskId;
  /** Session questions: who asked. */
  readonly asker?: { readonly task: TaskId; readonly attempt: number; readonly agent: AgentId; readonly askId: string };
  readonly guess?: { readonly answers: readonly string[]; readonly confidence: number; readonly reason: string };
  readonly answer?: Answer;
  readonly late: readonly Answer[];
  /** The session has confirmed that it goes on with the answer. */
  readonly appliedAt?: Moment;
  readonly parkedAt?: Moment;
  readonly humanSince?: Moment;
  readonly remindedAt?: Moment;
  /** Why its notification has not reached people's phones; it is tried again, or was given up until the next reminder. */
  readonly noticeDelayed?: { readonly because: string; readonly triedAgain: boolean };
  readonly withdrawnBecause?: string;
  /** A decision on an effect that was given up. */
  readonly effect?: EffectId;
  /** Questions of the mesh itself: what each choice does, in the order of the first item's options. */
  readonly outcomes?: readonly DecisionOutcome[];
}

export type DecisionOutcome = "approve" | "reject" | "try-again" | "go-on" | "stop" | "continue";

export interface Failure {
  readonly phase: Phase;
  readonly reason: string;
  readonly at: Moment;
}

export interface Session {
  readonly id: string;
  readonly conversationId: string | null;
  /** The kind of coding agent that the conversation is with. */
  readonly driver?: string;
  /** The runner that has the worktree. */
  readonly agent: AgentId | null;
  /** The live step's task; null between steps. */
  readonly task: TaskId | null;
  /** The attempt that accepted it; declined handovers have numbers, too. */
  readonly attempt?: number;
  readonly step: SessionStep | null;
  readonly lastActivityAt: Moment;
  /** How often it was nudged in this step for silence. */
  readonly nudges: number;
  readonly startedAt: Moment;
}

export interface Spend {
  /** US dollars: this run, and all earlier runs of the issue. */
  readonly usd: number;
  readonly earlierUsd: number;
  /** `usd` when the phase last changed. */
  readonly atPhaseChange: number;
  /** Cumulative maximum per `task/process`. */
  readonly byProcess: Readonly<Record<string, number>>;
  /** What people have allowed on top of each cap. */
  readonly allowedMore: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Cumulative maximum of tokens per `task/process`. */
  readonly tokensByProcess?: Readonly<Record<string, { readonly input: number; readonly output: number }>>;
  /** The day (since 1970, UTC) on which a person let the run go on although the project's day was spent. */
  readonly beyondDay?: number;
}

/** Timers of a run: the moment each is due. Absent = not set. */
export type RunTimer =
  | "start"
  | "stall"
  | "hold-for"
  | "reminder"
  | "silence"
  | "quota"
  | "day"
  | "mesh-day"
  | "deployment"
  | "deployment-end"
  | "tell-waiting";

/**
 * One pass of an issue through the board. Stored. Fields are only added, as optional; see snapshot.ts.
 * The numbered invariants are those of docs/state-machines.md.
 */
export interface Run {
  readonly version: 1;
  readonly issue: number;
  readonly run: number;
  readonly phase: Phase;
  readonly wait: Wait;
  readonly holds: readonly Hold[];
  readonly startedAt: Moment;
  readonly phaseSince: Moment;
  readonly endedAt?: Moment;
  readonly endedBecause?: string;
  /** What the issue said when last seen. */
  readonly card: CardObservation;
  /** Every phase entered, in order. */
  readonly phases: readonly { readonly phase: Phase; readonly at: Moment }[];
  readonly simple: boolean;
  readonly cycles: { readonly planning: number; readonly qa: number; readonly review: number };
  readonly budgetLabel?: number;
  readonly guidance?: string;
  readonly plan?: string;
  readonly planApprovedBy?: string;
  readonly failures: readonly Failure[];
  /** Infrastructure failures in a row. */
  readonly infrastructure: number;
  /** Times the session of this phase ended without commits. */
  readonly emptyEnds: number;
  readonly session: Session;
  readonly branch: string;
  readonly head?: { readonly sha: string; readonly commits: number };
  readonly pull?: PullRequestObservation;
  /** Merged in earlier rounds of this run, from the same branch; what is said of them is old. */
  readonly formerPulls?: readonly number[];
  readonly tests?: { readonly verdict: "passed" | "failed" | "unclear"; readonly results: TestResults };
  readonly checksSeen?: "pending" | "green" | "red";
  readonly bugIssues: readonly number[];
  readonly mergedSha?: string;
  readonly questions: readonly Question[];
  readonly spend: Spend;
  readonly column: {
    /** The last move we asked for. */
    readonly asked: ColumnRole;
    /** Its effect while the result is out. */
    readonly pending: EffectId | null;
    /** When its result came; observations begun before say nothing of the column. */
    readonly settledAt: Moment;
  };
  readonly timers: Readonly<Partial<Record<RunTimer, Moment>>>;
  /** Numbers ids derived in this run: tasks, effects, questions. */
  readonly counter: number;
  /** Steering told once: the hash-free text last told for title and body. */
  readonly toldTitle: string;
  readonly toldBody: string;
  /** Comment ids told to the session. */
  readonly toldComments: readonly string[];
  /** Steering not yet told; said when the session next starts. */
  readonly steering: readonly string[];
  /** Ids of reviews already answered with a rework. */
  readonly handledReviews: readonly string[];
  /** The head when the current step began: a step that leaves it as it was has done nothing. */
  readonly headAtStart: string | null;
}
