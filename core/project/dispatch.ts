import { selectAgent } from "../pool/select-agent.ts";
import { whyChosen } from "../pool/why-chosen.ts";
import type { Candidate } from "../pool/state.ts";
import { dispatchable, laneOf } from "../task/attempts.ts";
import { transitionTask } from "../task/transition.ts";
import type { WorkingSet } from "./working-set.ts";

/**
 * Gives every waiting task to the best agent that has room, highest priority and oldest first. A capability is left as soon as nobody has
 * room for its next task, so that a long queue costs no more than a short one.
 */
export function dispatch(set: WorkingSet, candidates: readonly Candidate[]): void {
  const busy = new Map(set.lookup.busy());
  for (const capability of set.lookup.waitingCapabilities()) {
    const offering = candidates.filter(({ capabilities }) => capabilities.some(({ name }) => name === capability));
    if (offering.length === 0) continue;
    for (const task of set.lookup.waiting(capability)) {
      if (!dispatchable(task, set.at)) continue;
      const selection = selectAgent(task, offering, busy);
      if ("none" in selection) {
        // Others of the same capability may find an agent.
        if (selection.none === "waits-for-affinity" || selection.none === "waits-for-agent") continue;
        break;
      }
      const why = whyChosen(selection.agent, capability, offering);
      const step = transitionTask(task, { type: "dispatched", at: set.at, ...selection, ...(why ? { why } : {}) }, set.policy);
      if (step.type === "ignored") continue;
      set.putTask(step.state);
      for (const event of step.events) set.emit(event);
      const lane = laneOf(selection.agent, capability, selection.ownSlots);
      busy.set(lane, (busy.get(lane) ?? 0) + 1);
    }
  }
}
