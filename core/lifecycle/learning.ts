import { parseVerdict } from "../inbound/model-verdicts.ts";
import { renderLearningRequest } from "../outbound/model-requests.ts";
import { replaceQuestion } from "./ask-people.ts";
import type { Answer, Question } from "./state.ts";
import type { Step } from "./step.ts";

/** A person's answer to a session's question is given to the architect to learn from. Nothing waits for what comes of it. */
export function learnFrom(step: Step, question: Question, answer: Answer): void {
  if (question.purpose !== "session" || answer.via === "architect" || answer.via === "silence") return;
  const learning = step.submit("learn", renderLearningRequest(step.run, question, answer, step.context), {
    timeoutSeconds: step.policy.tasks.timeoutSeconds,
    maxAttempts: step.policy.tasks.maxAttempts,
  });
  replaceQuestion(step, { ...question, learning });
}

/** What the architect made of it, also when the run has ended meanwhile: a general sentence is noted, anything else comes to nothing. */
export function learningDone(step: Step, question: Question, outcome: { readonly done: unknown } | { readonly failed: unknown }): void {
  const verdict = "done" in outcome ? parseVerdict("learning", outcome.done) : null;
  if (!verdict?.ok || !verdict.value.general) return;
  const { answer } = question;
  step.event("learning-noted", {
    text: verdict.value.text.trim(),
    scope: verdict.value.scope,
    source: { question: question.id, by: answer?.by ?? "", via: answer?.via ?? "" },
    overruled: answer?.overruled ?? false,
  });
}
