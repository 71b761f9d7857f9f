import { branchOf } from "../ids.ts";
import type { CardObservation } from "../inputs.ts";
import type { Policy } from "../policy.ts";
import type { Moment } from "../time.ts";
import { moved, type Moved } from "../transition.ts";
import type { EventBody } from "../events.ts";
import type { RunAction, RunContext } from "./run-input.ts";
import { roleOf } from "./columns.ts";
import { askMove } from "./phases.ts";
import { sessionIdOf } from "./run-ids.ts";
import type { Run } from "./state.ts";
import { budgetLabelOf, Step } from "./step.ts";

/** Why a card in Todo starts no run; null when it may start. Reasons are stable and kebab-case, some with a detail after a colon. */
export function filterCard(card: CardObservation, policy: Policy): string | null {
  if (card.ours) return "made-by-the-mesh";
  if (card.state === "closed") return "issue-closed";
  if (card.archived) return "card-archived";
  if (card.labels.includes("no-agent")) return "excluded-label: no-agent";
  const excluded = policy.filters.excludedLabels.find((label) => card.labels.includes(label));
  if (excluded !== undefined) return `excluded-label: ${excluded}`;
  const missing = policy.filters.requiredLabels.find((label) => !card.labels.includes(label));
  if (missing !== undefined) return `required-label-missing: ${missing}`;
  if (policy.filters.authors.length > 0 && !policy.filters.authors.some((author) => author.toLowerCase() === card.author.toLowerCase()))
    return "author-not-allowed";
  if (policy.filters.requireWriteAccess && !card.authorCanWrite) return "author-without-write-access";
  return null;
}

/**
 * A new run of an issue, waiting for its turn. An earlier run's pull request that may still be open is closed first; its failures and cost
 * are carried over.
 */
export function startRun(
  card: CardObservation,
  number: number,
  context: RunContext,
  at: Moment,
  earlier?: Run,
): Moved<Run, EventBody, RunAction> {
  const budgetLabel = budgetLabelOf(card.labels);
  const run: Run = {
    version: 1,
    issue: card.issue,
    run: number,
    phase: "intake",
    wait: { for: "turn" },
    holds: [],
    startedAt: at,
    phaseSince: at,
    phases: [{ phase: "intake", at }],
    card,
    simple: card.labels.includes("simple"),
    cycles: { planning: 0, qa: 0, review: 0 },
    ...(budgetLabel === undefined ? {} : { budgetLabel }),
    failures: earlier?.failures ?? [],
    infrastructure: 0,
    emptyEnds: 0,
    session: {
      id: sessionIdOf(context.profile.key, card.issue, number),
      conversationId: null,
      agent: null,
      task: null,
      step: null,
      lastActivityAt: at,
      nudges: 0,
      startedAt: at,
    },
    branch: branchOf(card.issue, number),
    bugIssues: [],
    questions: [],
    spend: {
      usd: 0,
      earlierUsd: context.earlierUsd,
      atPhaseChange: 0,
      byProcess: {},
      allowedMore: 0,
      inputTokens: 0,
      outputTokens: 0,
    },
    column: { asked: "todo", pending: null, settledAt: 0 },
    timers: {},
    counter: 0,
    toldTitle: card.title,
    toldBody: card.body,
    toldComments: [],
    steering: [],
    handledReviews: [],
    headAtStart: null,
  };
  const step = new Step(run, at, context);
  step.event("run-started", { branch: run.branch, restartOf: earlier?.run ?? null });
  // Restarted by an operator: the card stands elsewhere, and must not be taken for a human's move.
  if (roleOf(card.column, context.policy) !== "todo") askMove(step, "todo", true);
  // The result of opening it may still be out, and one that was seen closed may have been opened anew; after it in the same lane, the pull
  // request is found by its branch.
  const mayBeOpen = earlier && earlier.mergedSha === undefined && earlier.phases.some(({ phase }) => phase === "implementation");
  const open = earlier?.pull?.state === "open" ? earlier.pull.number : 0;
  if (mayBeOpen) step.effect("pull", { kind: "close-pull-request", number: open, branch: earlier.branch });
  return moved(step.run, step.events, step.actions);
}
