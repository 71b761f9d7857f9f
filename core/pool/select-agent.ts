import type { AgentId } from "../ids.ts";
import { laneOf } from "../task/attempts.ts";
import type { Lane } from "../task/attempts.ts";
import type { Task } from "../task/state.ts";
import { score } from "./score.ts";
import type { Candidate, CandidateCapability } from "./state.ts";

export type NobodyReason = "nobody-offers" | "no-free-slot" | "waits-for-affinity" | "waits-for-agent" | "score-zero";
/** `ownSlots`: how many the agent has for this capability alone, when it has. */
export type Selection = { readonly agent: AgentId; readonly score: number; readonly ownSlots?: number } | { readonly none: NobodyReason };

interface Scored {
  readonly agent: AgentId;
  readonly score: number;
  readonly ownSlots?: number | undefined;
  readonly busy: number;
  /** 0 new to the task, 1 has just declined it, 2 has failed it, 3 has only ever failed at this capability. */
  readonly rank: 0 | 1 | 2 | 3;
}

/**
 * Which agent takes the task: the best score among the online and degraded ones with a free slot; agents that failed this task only when
 * there is no other. An agent whose score is 0 only because all its results were failures comes last: it must be able to prove itself
 * again; unhealthy ones and those of weight 0 are no candidates. The agent that has the session's worktree is waited for while it is in contact. Ties: fewer running, then id.
 * A task addressed to one agent waits for it, whatever the others could do. `busyHere` counts the live attempts of this project per `laneOf`.
 */
export function selectAgent(
  task: Pick<Task, "capability" | "attempts" | "affinity" | "agent">,
  candidates: readonly Candidate[],
  busyHere: ReadonlyMap<Lane, number>,
): Selection {
  if (task.agent !== undefined) {
    const { agent: _, ...anyones } = task;
    const only = selectAgent(
      anyones,
      candidates.filter(({ agent }) => agent === task.agent),
      busyHere,
    );
    return "none" in only ? { none: "waits-for-agent" } : only;
  }
  const offering = candidates.filter((each) => offerOf(each, task.capability) !== undefined);
  if (offering.length === 0) return { none: "nobody-offers" };
  const able = offering.filter(({ status }) => status === "online" || status === "degraded");
  const keeper = able.find(({ agent }) => agent === task.affinity);
  const free = (keeper === undefined ? able : [keeper]).filter((each) => hasRoom(each, task.capability, busyHere));
  const best = free
    .filter((each) => isCandidate(offerOf(each, task.capability)))
    .map((each) => scored(task, each, busyHere))
    .reduce<Scored | undefined>((first, each) => (first === undefined || before(each, first) ? each : first), undefined);
  if (best !== undefined) {
    return { agent: best.agent, score: best.score, ...(best.ownSlots === undefined ? {} : { ownSlots: best.ownSlots }) };
  }
  if (keeper !== undefined) return { none: "waits-for-affinity" };
  return { none: free.length === 0 ? "no-free-slot" : "score-zero" };
}

function offerOf(candidate: Candidate, capability: string): CandidateCapability | undefined {
  return candidate.capabilities.find(({ name }) => name === capability);
}

function isCandidate(offer: CandidateCapability | undefined): boolean {
  return offer !== undefined && offer.healthy && offer.weight > 0;
}

/** What runs elsewhere is known for the shared slots only; the agent's mailbox decides about the others. */
function busy(candidate: Candidate, offer: CandidateCapability | undefined, busyHere: ReadonlyMap<Lane, number>): number {
  const here = busyHere.get(laneOf(candidate.agent, offer?.name ?? "", offer?.slots)) ?? 0;
  return offer?.slots === undefined ? candidate.busyElsewhere + here : here;
}

function hasRoom(candidate: Candidate, capability: string, busyHere: ReadonlyMap<Lane, number>): boolean {
  const offer = offerOf(candidate, capability);
  return busy(candidate, offer, busyHere) < (offer?.slots ?? candidate.slots);
}

function scored(task: Pick<Task, "capability" | "attempts">, candidate: Candidate, busyHere: ReadonlyMap<Lane, number>): Scored {
  const offer = offerOf(candidate, task.capability);
  const points = offer === undefined ? 0 : score(offer);
  return {
    agent: candidate.agent,
    score: points,
    ownSlots: offer?.slots,
    busy: busy(candidate, offer, busyHere),
    rank: points === 0 ? 3 : rankOf(task, candidate.agent),
  };
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
