import { liveAttempt } from "../task/attempts.ts";
import type { Lane } from "../task/attempts.ts";
import type { Task } from "../task/state.ts";
import type { Moment } from "../time.ts";
import { selectAgent } from "./select-agent.ts";
import type { Candidate } from "./state.ts";

/** Why a task is not being worked on, in one sentence for people; null when it does not wait for an agent. `candidates`: those of its capability. */
export function explainWaiting(
  task: Task,
  candidates: readonly Candidate[],
  busyHere: ReadonlyMap<Lane, number>,
  at: Moment,
): string | null {
  if (task.status === "dispatched") return untaken(task, candidates, at);
  if (task.status !== "pending") return null;
  if (task.notBefore !== undefined && task.notBefore > at) {
    const last = task.attempts.at(-1);
    const before = last === undefined ? "" : `Attempt ${last.number} ended (${last.error?.message ?? last.status}); `;
    return `${before}the next attempt begins in ${Math.ceil((task.notBefore - at) / 1_000)} s.`;
  }
  const offering = candidates.filter(({ capabilities }) => capabilities.some(({ name }) => name === task.capability));
  if (task.agent !== undefined) {
    const only = offering.find(({ agent }) => agent === task.agent);
    return `It waits for ${task.agent}, ${only === undefined ? `which does not offer ${task.capability} here` : whyNot(task, only, busyHere)}.`;
  }
  const selection = selectAgent(task, offering, busyHere);
  if (!("none" in selection)) return `${selection.agent} is about to get it.`;
  switch (selection.none) {
    case "nobody-offers":
      return `It waits for an agent that offers ${task.capability}: there is none for this project.`;
    case "waits-for-affinity":
      return `It waits for ${task.affinity ?? "its agent"}, which has the session's worktree.`;
    case "no-free-slot":
    case "score-zero":
    case "waits-for-agent": {
      const reasons = offering.map((each) => `${each.agent} ${whyNot(task, each, busyHere).replace(/^which /, "")}`);
      return `It waits for an agent that offers ${task.capability}: ${reasons.slice(0, 5).join(", ")}${reasons.length > 5 ? ", …" : ""}.`;
    }
  }
}

function untaken(task: Task, candidates: readonly Candidate[], at: Moment): string | null {
  const attempt = liveAttempt(task);
  if (attempt === undefined) return null;
  const status = candidates.find(({ agent }) => agent === attempt.agent)?.status;
  const away = status === "online" || status === "draining" ? "" : ", which is out of contact";
  return `It was handed to ${attempt.agent}${away}, ${Math.ceil((at - attempt.dispatchedAt) / 1_000)} s ago, and is not taken up yet.`;
}

function whyNot(task: Task, candidate: Candidate, busyHere: ReadonlyMap<Lane, number>): string {
  if (candidate.status === "offline") return "which is out of contact";
  if (candidate.status === "draining") return "which is being drained";
  const { agent: _, affinity: __, ...anyones } = task;
  const selection = selectAgent(anyones, [candidate], busyHere);
  if (!("none" in selection)) return "which is about to get it";
  return selection.none === "no-free-slot" ? "which has no free slot" : "whose requirement for it is not met";
}
