import type { AgentId } from "../ids.ts";
import type { Task } from "../task/state.ts";
import { score } from "./score.ts";
import type { Candidate, CandidateCapability } from "./state.ts";

export type NobodyReason = "nobody-offers" | "no-free-slot" | "waits-for-affinity" | "score-zero";
export type Selection = { readonly agent: AgentId; readonly score: number } | { readonly none: NobodyReason };

interface Scored {
  readonly agent: AgentId;
  readonly score: number;
  readonly busy: number;
  /** 0 new to the task, 1 has just declined it, 2 has failed it, 3 has only ever failed at this capability. */
  readonly rank: 0 | 1 | 2 | 3;
}

/**
 * Which agent takes the task: the best score among the online and degraded ones with a free slot; agents that failed this task only when
 * there is no other. An agent whose score is 0 only because all its results were failures comes last: it must be able to prove itself
 * again; unhealthy ones and those of weight 0 are no candidates. The agent that has the session's worktree is waited for while it is in contact. Ties: fewer running, then id.
 * `busyHere` counts the live attempts per agent in this project.
 */
export function selectAgent(
  task: Pick<Task, "capability" | "attempts" | "affinity">,
  candidates: readonly Candidate[],
  busyHere: ReadonlyMap<AgentId, number>,
): Selection {
  const offering = candidates.filter((each) => offerOf(each, task.capability) !== undefined);
  if (offering.length === 0) return { none: "nobody-offers" };
  const able = offering.filter(({ status }) => status === "online" || status === "degraded");
  const keeper = able.find(({ agent }) => agent === task.affinity);
  const free = (keeper === undefined ? able : [keeper]).filter((each) => busy(each, busyHere) < each.slots);
  const best = free
    .filter((each) => isCandidate(offerOf(each, task.capability)))
    .map((each) => scored(task, each, busyHere))
    .reduce<Scored | undefined>((first, each) => (first === undefined || before(each, first) ? each : first), undefined);
  if (best !== undefined) return { agent: best.agent, score: best.score };
  if (keeper !== undefined) return { none: "waits-for-affinity" };
  return { none: free.length === 0 ? "no-free-slot" : "score-zero" };
}

function offerOf(candidate: Candidate, capability: string): CandidateCapability | undefined {
  return candidate.capabilities.find(({ name }) => name === capability);
}

function isCandidate(offer: CandidateCapability | undefined): boolean {
  return offer !== undefined && offer.healthy && offer.weight > 0;
}

function busy(candidate: Candidate, busyHere: ReadonlyMap<AgentId, number>): number {
  return candidate.busyElsewhere + (busyHere.get(candidate.agent) ?? 0);
}

function scored(task: Pick<Task, "capability" | "attempts">, candidate: Candidate, busyHere: ReadonlyMap<AgentId, number>): Scored {
  const offer = offerOf(candidate, task.capability);
  const points = offer === undefined ? 0 : score(offer);
  return { agent: candidate.agent, score: points, busy: busy(candidate, busyHere), rank: points === 0 ? 3 : rankOf(task, candidate.agent) };
}

function rankOf(task: Pick<Task, "attempts">, agent: AgentId): 0 | 1 | 2 {
  const last = task.attempts.at(-1);
  if (last === undefined) return 0;
  const failedIt = task.attempts.some(
    (each) => each.agent === agent && (each.status === "failed" || each.status === "timed-out" || each.status === "lost"),
  );
  if (failedIt) return 2;
  return last.agent === agent && last.status === "declined" ? 1 : 0;
}

function before(a: Scored, b: Scored): boolean {
  if (a.rank !== b.rank) return a.rank < b.rank;
  if (a.score !== b.score) return a.score > b.score;
  if (a.busy !== b.busy) return a.busy < b.busy;
  return a.agent < b.agent;
}
