import type { CardObservation } from "../inputs.ts";
import { columnOf, roleOf } from "./columns.ts";
import { accept, cancel, restartedByHuman } from "./endings.ts";
import { rework } from "./implementation.ts";
import { noteComment } from "./notes.ts";
import { alignCard, askMove, enter, isPaused } from "./phases.ts";
import { approvePlan } from "./planning.ts";
import { mergeKeptBack } from "./review.ts";
import { holdBack, stopStep, tell } from "./live-step.ts";
import { tryStart, wantStep } from "./session-steps.ts";
import type { ColumnRole } from "./state.ts";
import type { Step } from "./step.ts";

/**
 * The board is level-triggered: the card as it is now is compared with what the run last asked for. Answers whether anything changed.
 */
export function cardObserved(step: Step, card: CardObservation): boolean {
  const before = step.run;
  if (card.observedAt < before.card.observedAt) return false;
  const changed =
    card.title !== before.card.title ||
    card.body !== before.card.body ||
    card.column !== before.card.column ||
    card.state !== before.card.state ||
    card.archived !== before.card.archived ||
    card.labels.join("\n") !== before.card.labels.join("\n");
  if (changed) step.set({ card });
  // After our merge a board's own automation may close the issue; the deployment is checked all the same.
  if (card.state === "closed" && before.mergedSha === undefined) return ended(step, "the issue was closed");
  if (card.archived) return ended(step, "the card was archived");
  if (card.labels.includes("no-agent")) return ended(step, "label no-agent was added");
  if (edited(step)) tellOnce(step, `The issue was edited. Title: ${card.title}\n\n${card.body}`, "issue");
  const pending = before.column.pending !== null || card.observedAt < before.column.settledAt;
  if (!pending) columnObserved(step, card);
  return step.run !== before;
}

function ended(step: Step, because: string): boolean {
  cancel(step, because);
  return true;
}

function edited(step: Step): boolean {
  const { card, toldTitle, toldBody } = step.run;
  if (card.title === toldTitle && card.body === toldBody) return false;
  step.set({ toldTitle: card.title, toldBody: card.body });
  return true;
}

/** Steering reaches the session once: now when it is live, else with its next prompt. */
function tellOnce(step: Step, text: string, what: string): void {
  const { wait } = step.run;
  if (wait.for === "session" && wait.step !== "test") tell(step, { type: "prompt", text });
  else if (wait.for === "slot") step.set({ steering: [...step.run.steering, text] });
  else step.set({ steering: [...step.run.steering, text].slice(-20) });
  step.event("steering-told", { what });
}

/** A comment by a person with write access, without our marker. */
export function commentObserved(step: Step, comment: { readonly commentId: string; readonly author: string; readonly body: string }): void {
  step.set({ toldComments: [...step.run.toldComments, comment.commentId].slice(-200) });
  tellOnce(step, `${comment.author} commented on the issue:\n\n${comment.body}`, `comment ${comment.commentId}`);
}

/** Takes a column that is not ours as a person's move. */
export function columnObserved(step: Step, card: CardObservation): void {
  const { run } = step;
  const now = roleOf(card.column, step.policy);
  const paused = run.holds.find((hold) => hold.kind === "paused");
  if (paused?.by === "the board") {
    if (now === "blocked") return;
    if (now === run.column.asked || (now !== null && now !== "todo" && now !== "done")) return resumed(step, now);
  }
  if (now === run.column.asked) return;
  step.event("card-moved-by-human", { from: run.column.asked, to: card.column });
  switch (now) {
    case "blocked":
      return pause(step, "the board");
    case "todo":
      if (run.phase === "intake") return alignCard(step, true);
      return cancel(step, restartedByHuman);
    case "done":
      return accept(step, "accepted by a human", true);
    case "inProgress":
      if (run.phase === "planning" && run.plan !== undefined) return approvedByMove(step);
      if (run.phase === "qa" || run.phase === "review") return reworkByMove(step, "inProgress");
      return sentBack(step, card);
    case "planning":
      if (run.phase === "implementation" || run.phase === "qa" || run.phase === "review") return reworkByMove(step, "planning");
      return sentBack(step, card);
    default:
      return sentBack(step, card);
  }
}

/** A move that means nothing here: the card goes back, with the reason. */
function sentBack(step: Step, card: CardObservation): void {
  if (isPaused(step.run)) return;
  noteComment(step, `move:${step.run.counter}`, { note: "move-refused", to: card.column ?? "no status" });
  const role = columnOf(step.run.phase);
  if (role) askMove(step, role, true);
}

function approvedByMove(step: Step): void {
  settle(step, "inProgress");
  stopStep(step, "the plan was approved on the board");
  approvePlan(step, "a human, on the board");
}

/** A person sends the work back: rework in that phase, and the reason is asked for as a comment. */
function reworkByMove(step: Step, to: "planning" | "inProgress"): void {
  if (step.run.mergedSha !== undefined) return sentBack(step, step.run.card);
  settle(step, to);
  stopStep(step, "sent back on the board");
  noteComment(step, `rework:${step.run.counter}`, { note: "rework-asked" });
  const feedback = "A person moved the card back. Read the issue's latest comments for the reason; improve the work accordingly.";
  if (to === "inProgress") return rework(step, "sent back by a human", { type: "rework", feedback });
  enter(step, "planning", "sent back by a human");
  step.set({ plan: undefined, planApprovedBy: undefined });
  wantStep(step, "plan", { type: "replan", feedback });
}

/** The person has moved the card already: that is where we want it, too. */
function settle(step: Step, role: ColumnRole): void {
  step.set({ column: { asked: role, pending: null, settledAt: step.at } });
}

/** Nothing new starts; a live session stops after its step. */
export function pause(step: Step, by: string): void {
  if (isPaused(step.run)) return;
  step.set({ holds: [{ kind: "paused", by, since: step.at }, ...step.run.holds] });
  step.event("hold-began", { kind: "paused", by });
  holdBack(step, "paused");
  tell(step, { type: "stop", mode: "after-step", reason: "paused" });
}

/** Goes on as before; the card goes where the phase has it. */
export function resumed(step: Step, now: ColumnRole | null): void {
  step.set({ holds: step.run.holds.filter((hold) => hold.kind !== "paused") });
  step.event("hold-ended", { kind: "paused" });
  const role = columnOf(step.run.phase);
  if (role !== null && now === role) settle(step, role);
  else if (role !== null) askMove(step, role, true);
  mergeKeptBack(step);
  tryStart(step);
}
