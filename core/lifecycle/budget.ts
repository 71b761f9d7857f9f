import { isActive } from "./is-active.ts";
import type { ReportBody } from "../protocol/frames.ts";
import { askPeople } from "./ask-people.ts";
import { holdBack, tell } from "./live-step.ts";
import type { Run } from "./state.ts";
import type { Step } from "./step.ts";

/** What the issue has cost in US dollars: this run and all earlier ones. */
export function issueUsd(run: Run): number {
  return run.spend.usd + run.spend.earlierUsd;
}

/** Usage is cumulative per process of a session; its maximum counts, so that repeats and reordering do no harm. */
export function sessionUsed(step: Step, body: Extract<ReportBody, { type: "usage" }>): void {
  const key = `${body.taskId}/${body.process}`;
  const { spend } = step.run;
  const before = spend.byProcess[key] ?? 0;
  const tokens = spend.tokensByProcess?.[key] ?? { input: 0, output: 0 };
  const most = { input: Math.max(tokens.input, body.inputTokens), output: Math.max(tokens.output, body.outputTokens) };
  const more = { usd: Math.max(0, body.usd - before), inputTokens: most.input - tokens.input, outputTokens: most.output - tokens.output };
  step.set({
    spend: {
      ...spend,
      usd: spend.usd + more.usd,
      byProcess: { ...spend.byProcess, [key]: Math.max(before, body.usd) },
      tokensByProcess: { ...spend.tokensByProcess, [key]: most },
      inputTokens: spend.inputTokens + more.inputTokens,
      outputTokens: spend.outputTokens + more.outputTokens,
    },
  });
  noteUsage(step, "session", more);
  breakOnSpend(step);
}

/** A model call of the mesh itself. */
export function modelUsed(step: Step, usd: number): void {
  if (usd <= 0) return;
  step.set({ spend: { ...step.run.spend, usd: step.run.spend.usd + usd } });
  noteUsage(step, "model", { usd, inputTokens: 0, outputTokens: 0 });
  breakOnSpend(step);
}

interface More {
  readonly usd: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
}

/** The journal has each amount once, and where it went: the sum of a run's events is what the run has cost. */
function noteUsage({ run, events }: Step, by: "session" | "model", more: More): void {
  if (more.usd + more.inputTokens + more.outputTokens === 0) return;
  const { agent } = run.session;
  const who = by === "session" && agent !== null ? { agent } : {};
  events.push({ type: "usage-counted", issue: run.issue, run: run.run, ...who, data: { ...more, phase: run.phase.toUpperCase(), by } });
}

/** The spend breaker and the no-progress breaker: a hold, a stop after the step, and a person decides. */
export function breakOnSpend(step: Step): void {
  if (!isActive(step.run) || step.run.holds.some((hold) => hold.kind === "budget")) return;
  const { spend } = step.run;
  const { perIssueUsd, noProgressUsd, continueUsd } = step.policy.budget;
  const total = issueUsd(step.run);
  const idle = spend.usd - spend.atPhaseChange;
  const over =
    total >= perIssueUsd + spend.allowedMore
      ? `The issue has cost ${dollars(total)} of ${dollars(perIssueUsd + spend.allowedMore)}.`
      : idle >= noProgressUsd + spend.allowedMore
        ? `${dollars(idle)} were spent since the phase last changed (cap ${dollars(noProgressUsd + spend.allowedMore)}).`
        : null;
  if (over === null) return;
  holdBack(step, "budget");
  tell(step, { type: "stop", mode: "after-step", reason: "budget" });
  step.event("hold-began", { kind: "budget", because: over });
  askPeople(step, "budget", `${over} Continue?`, [
    { label: "Continue", description: `${dollars(continueUsd)} more on both caps`, outcome: "continue" },
    { label: "Stop", description: "the run fails", outcome: "stop" },
  ]);
}

function dollars(usd: number): string {
  return `$${usd.toFixed(2)}`;
}
