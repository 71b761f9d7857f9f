import { runId } from "../ids.ts";
import type { RunContext } from "../lifecycle/run-input.ts";
import type { Question, Run, StartPrompt } from "../lifecycle/state.ts";
import type { SessionStep } from "../task/state.ts";
import { nameAt } from "../project/registry-entry.ts";
import { stripHiddenMarkup } from "./markers.ts";

/** The frame's limit is 250,000 characters; what comes from outside is cut well before. */
const most = { body: 30_000, guidance: 20_000, feedback: 40_000, steering: 20_000, plan: 60_000 } as const;

/**
 * The user message a session's step begins with. Its first line is `[mesh-six <runId> <step>]`. What is said rests on what the conversation
 * knows already: a runner that has lost the conversation gets the whole story.
 */
export function renderPrompt(run: Run, step: SessionStep, prompt: StartPrompt, context: Pick<RunContext, "profile">): string {
  const fresh = run.session.conversationId === null;
  const parts = [
    `[mesh-six ${runId(nameAt(context.profile, run.startedAt), run.issue, run.run)} ${step}]`,
    fresh || prompt.type === "plan" || prompt.type === "resume" ? issuePart(run, context) : "",
    fresh || prompt.type === "plan" ? guidancePart(run) : "",
    fresh || prompt.type === "implement" || prompt.type === "resume" ? planPart(run) : "",
    knownFailures(run, fresh),
    task(run, prompt),
    answersPart(run, prompt),
    steeringPart(run),
    run.phase === "planning" ? planRules : workRules(run),
  ];
  return parts.filter((part) => part !== "").join("\n\n");
}

function task(run: Run, prompt: StartPrompt): string {
  switch (prompt.type) {
    case "plan":
      return "Write a plan for this issue. Read the code first; change nothing.";
    case "replan":
      return `Write a better plan. What was wrong with the last one:\n\n${cut(prompt.feedback, most.feedback)}`;
    case "implement":
      return run.plan === undefined ? "Implement what the issue asks for." : "The plan is approved. Implement it.";
    case "rework":
      return `Improve your work on this branch:\n\n${cut(prompt.feedback, most.feedback)}`;
    case "merge-base":
      return `Your branch cannot be merged (${cut(prompt.message, 500)}). Merge the base branch (\`base\`) into it, resolve every conflict in the sense of both sides, run the tests and commit.`;
    case "commit-your-work":
      return "You ended without new commits. Finish the work and commit it on this branch; if it cannot be done, say why.";
    case "answer":
      return "Your question has been answered; go on with your work.";
    case "resume":
      return `You were interrupted: ${cut(prompt.because, 500)}. Look at the state of the worktree and go on where you were.`;
    case "test":
      return "";
  }
}

function issuePart(run: Run, context: Pick<RunContext, "profile">): string {
  return `Issue ${context.profile.name}#${run.issue}: ${run.card.title}\n\n${cut(stripHiddenMarkup(run.card.body), most.body)}`;
}

function guidancePart(run: Run): string {
  return run.guidance === undefined ? "" : `Guidance by the architect:\n\n${cut(run.guidance, most.guidance)}`;
}

function planPart(run: Run): string {
  return run.plan === undefined || run.phase === "planning" ? "" : `The plan:\n\n${cut(run.plan, most.plan)}`;
}

function knownFailures(run: Run, fresh: boolean): string {
  if (!fresh || run.failures.length === 0) return "";
  const lines = run.failures.slice(-10).map((failure) => `- ${failure.phase}: ${cut(failure.reason, 1_000)}`);
  return `Known failures of earlier tries:\n\n${lines.join("\n")}`;
}

/** Answers that have not reached the conversation yet, for whatever reason. */
function answersPart(run: Run, prompt: StartPrompt): string {
  const waiting = run.questions.filter(
    (question) =>
      question.purpose === "session" &&
      question.answer !== undefined &&
      (question.appliedAt === undefined || (prompt.type === "answer" && prompt.question === question.id)),
  );
  return waiting.map(renderAnswer).join("\n\n");
}

function renderAnswer(question: Question): string {
  return question.items
    .map((item, index) => `The answer to your question '${item.text}' is: ${question.answer?.answers[index] ?? ""}`)
    .join("\n");
}

function steeringPart(run: Run): string {
  return run.steering.map((text) => cut(stripHiddenMarkup(text), most.steering)).join("\n\n");
}

const planRules = "End with the whole plan in Markdown as your final message. Ask only what you cannot find out yourself.";

function workRules(run: Run): string {
  return `Work in this directory on branch \`${run.branch}\`. Commit your work with clear messages; do not push, the mesh does. Run the tests before you end. Ask only what you cannot find out yourself.`;
}

function cut(text: string, limit: number): string {
  return text.length > limit ? `${text.slice(0, limit)}\n… (cut)` : text;
}
