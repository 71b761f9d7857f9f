import type { ProjectView, QuestionView, RunView } from "../../core/project/views.ts";

/** A question with the run it belongs to, as the live state has them. */
export interface LiveQuestion {
  readonly question: QuestionView;
  readonly run: RunView;
}

/** A question as `/questions/history` lists it, with the issue it belongs to. */
export interface PastQuestion extends QuestionView {
  /** `owner/name#12.1`. */
  readonly run: string;
  /** `owner/name`. */
  readonly project: string;
  readonly issue: number;
  readonly title: string;
  /** The issue's page. */
  readonly url: string;
}

export function isOpen({ status }: Pick<QuestionView, "status">): boolean {
  return status === "with-human" || status === "with-architect";
}

export function liveQuestions(projects: readonly ProjectView[]): readonly LiveQuestion[] {
  return projects.flatMap(({ runs }) => runs.flatMap((run) => run.questions.map((question) => ({ question, run }))));
}

/** Those that wait for a person first, the longest waiting before the others; then those with the architect. */
export function byUrgency(questions: readonly LiveQuestion[]): readonly LiveQuestion[] {
  const rank = ({ question }: LiveQuestion) => (question.status === "with-architect" ? 1 : 0);
  return questions.toSorted((one, other) => rank(one) - rank(other) || one.question.askedAt - other.question.askedAt);
}

/**
 * What is over, newest first: what the history says, overtaken by what is live. With `more` to be loaded, live ones older than
 * the last one loaded are left to their page.
 */
export function pastQuestions(live: readonly LiveQuestion[], loaded: readonly PastQuestion[], more: boolean): readonly PastQuestion[] {
  const oldest = more ? (loaded.at(-1)?.askedAt ?? 0) : 0;
  const over = live.filter(({ question }) => !isOpen(question) && question.askedAt >= oldest).map(asPast);
  const open = new Set(live.filter(({ question }) => isOpen(question)).map(({ question }) => question.id));
  const shown = new Map([...loaded, ...over].map((question) => [question.id, question]));
  return [...shown.values()].filter(({ id }) => !open.has(id)).toSorted((one, other) => other.askedAt - one.askedAt);
}

function asPast({ question, run }: LiveQuestion): PastQuestion {
  return { ...question, run: run.id, project: run.name, issue: run.issue, title: run.title, url: run.url };
}

/** Who speaks, in words that go before "asks". */
export function asker({ purpose }: Pick<QuestionView, "purpose">): string {
  return askerOf(purpose);
}

/** The same by a purpose's name, also one that only a newer mesh knows. */
export function askerOf(purpose: string): string {
  const words: Readonly<Record<QuestionView["purpose"], string>> = {
    session: "The session",
    "plan-approval": "A plan to approve",
    decision: "A decision",
    budget: "The spend breaker",
    fix: "A fix",
    merge: "A merge",
  };
  return (words as Readonly<Record<string, string>>)[purpose] ?? "The mesh";
}

/** What stands still until the answer comes. */
export function waitsMeanwhile({ question, run }: LiveQuestion): string {
  if (question.parked) return "the session is parked, its slot is free";
  if (question.purpose === "session") return `the session holds its slot${run.session?.agent ? ` on ${run.session.agent}` : ""}`;
  return "the run is held";
}

/** `phone in the notification`: who has answered, and by which way. */
export function renderBy({ by, via }: { readonly by: string; readonly via: string }): string {
  const ways: Readonly<Record<string, string>> = {
    dashboard: "on the dashboard",
    api: "by the API",
    "reply-page": "on the reply page",
    notification: "in the notification",
    comment: "in a comment",
    board: "on the board",
  };
  if (via === "architect") return "the architect";
  return ways[via] === undefined ? by : `${by} ${ways[via]}`;
}
