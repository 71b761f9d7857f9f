import { issueKey, runId, type QuestionId } from "../ids.ts";
import { isActive } from "./is-active.ts";
import type { AskedQuestion, QuestionView, RunView } from "../project/views.ts";
import { issueUsd } from "./budget.ts";
import { awaiting, explain } from "./explain.ts";
import type { RunContext } from "./run-input.ts";
import type { Question, Run } from "./state.ts";

/** What people and programs see of a run. */
export function viewRun(run: Run, context: Pick<RunContext, "policy" | "profile">): RunView {
  const { profile, policy } = context;
  return {
    project: profile.key,
    name: profile.name,
    key: issueKey(profile.name, run.issue),
    id: runId(profile.name, run.issue, run.run),
    issue: run.issue,
    run: run.run,
    title: run.card.title,
    url: run.card.url,
    phase: run.phase.toUpperCase(),
    column: policy.columns[run.column.asked],
    awaiting: awaiting(run),
    explain: explain(run, policy),
    branch: run.branch,
    pullRequest: run.pull ? { number: run.pull.number, url: run.pull.url, merged: run.pull.merged, commits: run.pull.commits } : null,
    cycles: run.cycles,
    bugIssues: run.bugIssues,
    usd: issueUsd(run),
    inputTokens: run.spend.inputTokens,
    outputTokens: run.spend.outputTokens,
    startedAt: run.startedAt,
    phaseSince: run.phaseSince,
    endedAt: run.endedAt ?? null,
    endedBecause: run.endedBecause ?? null,
    phases: run.phases.map(({ phase, at }) => ({ phase: phase.toUpperCase(), at })),
    session: viewSession(run.session),
    failures: run.failures,
    questions: run.questions.map(viewQuestion),
  };
}

function viewSession({ id, conversationId, agent, driver, step, startedAt }: Run["session"]): RunView["session"] {
  if (conversationId === null && agent === null) return null;
  return { id, conversationId, agent, startedAt, ...(driver === undefined ? {} : { driver }), ...(step === null ? {} : { step }) };
}

/** A question of the run as it is put before a person; undefined when it has none of that id. */
export function viewAsked(run: Run, id: QuestionId, profile: RunContext["profile"]): AskedQuestion | undefined {
  const question = run.questions.find((one) => one.id === id);
  if (question === undefined) return undefined;
  return {
    name: profile.name,
    key: issueKey(profile.name, run.issue),
    title: run.card.title,
    url: run.card.url,
    active: isActive(run),
    question: viewQuestion(question),
    context: question.context,
    guessReason: question.guess?.reason ?? null,
    withdrawnBecause: question.withdrawnBecause ?? null,
  };
}

export function viewQuestion(question: Question): QuestionView {
  return {
    id: question.id,
    purpose: question.purpose,
    items: question.items,
    status: question.status,
    askedAt: question.askedAt,
    guess: question.guess ? { answers: question.guess.answers, confidence: question.guess.confidence } : null,
    answer: question.answer ?? null,
    late: question.late,
    appliedAt: question.appliedAt ?? null,
    parked: question.parkedAt !== undefined,
  };
}
