import type { Effect, EffectBody, EffectKind, EffectResult } from "../../core/effects.ts";
import type { EventBody, EventType } from "../../core/events.ts";
import type { AgentId, ProjectKey, ProjectName, QuestionId, TaskId } from "../../core/ids.ts";
import type { CardObservation, ProjectProfile, PullRequestObservation } from "../../core/inputs.ts";
import type { RunAction, RunContext, RunInput } from "../../core/lifecycle/run-input.ts";
import { startRun } from "../../core/lifecycle/start-run.ts";
import type { Run } from "../../core/lifecycle/state.ts";
import { transitionRun } from "../../core/lifecycle/transition.ts";
import { parsePolicy, type Policy, type PolicyOverrides } from "../../core/policy.ts";
import type { ReportBody, TestResults } from "../../core/protocol/frames.ts";
import type { TaskError, TaskSpec } from "../../core/task/state.ts";

export const laptop = "laptop" as AgentId;
export const sha = (digit: string) => digit.repeat(40);

export const profile: ProjectProfile = {
  key: "R_1" as ProjectKey,
  name: "acme/todo-app" as ProjectName,
  repositoryUrl: "https://github.test/acme/todo-app",
  cloneUrl: "https://github.test/acme/todo-app.git",
  defaultBranch: "main",
  board: {
    id: "PVT_1",
    number: 1,
    url: "https://github.test/orgs/acme/projects/1",
    owner: "acme",
    ownerKind: "organization",
    observedBy: "webhook",
  },
  credential: { kind: "token" },
  overrides: {},
};

export function policyOf(overrides: PolicyOverrides = {}): Policy {
  const parsed = parsePolicy(overrides);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.error));
  return parsed.value;
}

export function cardAt(column: string | null, change: Partial<CardObservation> = {}): CardObservation {
  return {
    issue: 12,
    itemId: "PVTI_12",
    column,
    archived: false,
    state: "open",
    title: "Add due dates",
    body: "Each todo gets a due date.",
    labels: [],
    author: "ann",
    authorCanWrite: true,
    ours: false,
    url: "https://github.test/acme/todo-app/issues/12",
    observedAt: 1,
    ...change,
  };
}

type Loose<T> = T extends unknown ? Omit<T, "id" | "at"> : never;

/** Drives one run as its project would, with a clock of its own; every action is kept until something answers it. */
export class ScriptedRun {
  run: Run;
  at = 1_000;
  context: RunContext;
  events: EventBody[] = [];
  actions: RunAction[] = [];
  ignored: string | null = null;
  #inputs = 0;

  constructor(
    options: { policy?: PolicyOverrides; card?: Partial<CardObservation>; earlier?: Run; number?: number; earlierUsd?: number } = {},
  ) {
    this.context = { policy: policyOf(options.policy), profile, earlierUsd: options.earlierUsd ?? 0 };
    const started = startRun(cardAt("Todo", options.card), options.number ?? 1, this.context, this.at, options.earlier);
    this.run = started.state;
    this.events = [...started.events];
    this.actions = [...started.effects];
  }

  hear(input: Loose<RunInput>, after = 1_000): this {
    this.at += after;
    this.#inputs += 1;
    const result = transitionRun(this.run, { ...input, id: `in-${this.#inputs}`, at: this.at } as RunInput, this.context);
    this.ignored = result.type === "ignored" ? result.reason : null;
    this.events = result.type === "moved" ? [...result.events] : [];
    this.actions = result.type === "moved" ? [...result.effects] : [];
    if (result.type === "moved") this.run = result.state;
    return this;
  }

  /** Lets time pass to the next moment and fires what is due. */
  wait(ms: number): this {
    return this.hear({ type: "time-passed" }, ms);
  }

  effects<K extends EffectKind>(kind: K): (Effect & Extract<EffectBody, { kind: K }>)[] {
    return this.actions.flatMap((action) =>
      action.type === "effect" && action.effect.kind === kind ? [action.effect as Effect & Extract<EffectBody, { kind: K }>] : [],
    );
  }

  effect<K extends EffectKind>(kind: K): Effect & Extract<EffectBody, { kind: K }> {
    const [found] = this.effects(kind);
    if (!found)
      throw new Error(
        `no effect ${kind} among ${JSON.stringify(this.actions.map((action) => (action.type === "effect" ? action.effect.kind : action.type)))}`,
      );
    return found;
  }

  get submitted(): TaskSpec[] {
    return this.actions.flatMap((action) => (action.type === "submit" ? [action.spec] : []));
  }

  /** What the first submitted task says to its session. */
  get prompt(): string {
    const [task] = this.submitted;
    if (!task) throw new Error("nothing was submitted");
    return (task.payload as { prompt: string }).prompt;
  }

  get cancelled(): TaskId[] {
    return this.actions.flatMap((action) => (action.type === "cancel-task" ? [action.task] : []));
  }

  get eventTypes(): EventType[] {
    return this.events.map((event) => event.type);
  }

  get task(): TaskId {
    const { wait, session } = this.run;
    const task = session.task ?? ("task" in wait ? wait.task : null);
    if (task === null) throw new Error(`no task awaited: ${JSON.stringify(wait)}`);
    return task;
  }

  moveSettled(column?: string): this {
    const { pending } = this.run.column;
    if (pending === null) return this;
    const name = column ?? this.context.policy.columns[this.run.column.asked];
    this.hear({
      type: "effect-done",
      effect: {
        id: pending,
        kind: "move-card",
        orderKey: "",
        issue: 12,
        run: 1,
        itemId: "PVTI_12",
        column: this.run.column.asked,
        columnName: name,
        from: [],
      },
      result: { kind: "card-moved" },
    });
    return this;
  }

  done(result: unknown, usd = 0): this {
    return this.hear({ type: "task-ended", task: this.task, capability: "any", agent: laptop, usd, outcome: { done: result } });
  }

  failed(kind: TaskError["kind"], message = "it broke", until?: number): this {
    return this.hear({
      type: "task-ended",
      task: this.task,
      capability: "any",
      agent: laptop,
      usd: 0,
      outcome: { failed: { kind, message, ...(until === undefined ? {} : { until }) } },
    });
  }

  accepted(): this {
    return this.hear({ type: "task-started", task: this.task, attempt: 1, agent: laptop });
  }

  report(body: ReportBody extends infer B ? (B extends unknown ? Omit<B, "taskId" | "attempt"> : never) : never): this {
    return this.hear({ type: "session-report", agent: laptop, attempt: 1, body: { ...body, taskId: this.task, attempt: 1 } as ReportBody });
  }

  effectDone(effect: Effect, result: EffectResult): this {
    return this.hear({ type: "effect-done", effect, result });
  }

  observe(column: string | null, change: Partial<CardObservation> = {}): this {
    return this.hear({
      type: "card-observed",
      card: cardAt(column, { observedAt: this.at + 1_000, labels: this.run.card.labels, ...change }),
    });
  }

  pull(change: Partial<PullRequestObservation> = {}): PullRequestObservation {
    return {
      number: 7,
      url: "https://github.test/acme/todo-app/pull/7",
      branch: this.run.branch,
      state: "open",
      merged: false,
      mergedBy: null,
      mergeCommit: null,
      headSha: this.run.head?.sha ?? sha("a"),
      commits: 1,
      mergeable: "yes",
      checks: "none",
      failingChecks: [],
      changesRequested: [],
      observedAt: this.at + 1_000,
      ...change,
    };
  }

  pullSeen(change: Partial<PullRequestObservation> = {}): this {
    return this.hear({ type: "pull-request-observed", pull: this.pull(change) });
  }

  answer(question: QuestionId, ...answers: string[]): this {
    return this.hear({ type: "human-answered", question, answers, by: "ann", via: "dashboard" });
  }

  get openQuestion(): QuestionId {
    const question = this.run.questions.find((one) => one.status === "with-human" || one.status === "with-architect");
    if (!question) throw new Error("no open question");
    return question.id;
  }

  // The way through the phases, each leaving the run where its name says.

  toIntake(): this {
    return this.hear({ type: "turn-granted" });
  }
  toPlanning(): this {
    return this.toIntake().done({ guidance: "Mind the time zones." }).moveSettled();
  }
  toPlanSession(): this {
    return this.toPlanning().accepted().report({ type: "session-started", sessionId: this.run.session.id, conversationId: "c-1" });
  }
  toPlanReview(): this {
    return this.toPlanSession().report({ type: "plan", markdown: "# Plan" }).done(null);
  }
  toImplementation(): this {
    if (this.run.simple) return this.toIntake().done({ guidance: "Mind the time zones." }).moveSettled().accepted();
    return this.toPlanReview().done({ approve: true, confidence: 0.9, feedback: "" }).moveSettled().accepted();
  }
  pushed(commit = sha("a"), commits = 1): this {
    return this.report({ type: "branch-pushed", branch: this.run.branch, sha: commit, commits });
  }
  toPullRequest(): this {
    return this.toImplementation().pushed().done(null);
  }
  opened(): this {
    return this.effectDone(this.effect("open-pull-request"), {
      kind: "pull-request-open",
      number: 7,
      url: "https://github.test/acme/todo-app/pull/7",
      headSha: this.run.head?.sha ?? sha("a"),
    });
  }
  toQa(): this {
    return this.toPullRequest().opened().moveSettled();
  }
  tested(change: Partial<TestResults> = {}): this {
    if (this.run.wait.for === "slot") this.accepted();
    this.report({
      type: "test-results",
      results: { command: "npm test", exitCode: 0, timedOut: false, format: "none", failures: [], tail: "ok", ...change },
    });
    return this.done(null);
  }
}
