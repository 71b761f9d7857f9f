import fc from "fast-check";
import { expect, test } from "vitest";
import type { AgentId } from "../ids.ts";
import { laneOf } from "../task/attempts.ts";
import type { Lane } from "../task/attempts.ts";
import type { Attempt, AttemptStatus } from "../task/state.ts";
import { selectAgent } from "./select-agent.ts";
import type { AgentStatus, Candidate } from "./state.ts";

const [ann, bob, cid] = ["ann" as AgentId, "bob" as AgentId, "cid" as AgentId];
const none = new Map<AgentId, number>();

function candidate(agent: AgentId, more: Partial<Candidate> & { weight?: number; healthy?: boolean; name?: string } = {}): Candidate {
  const { weight = 1, healthy = true, name = "research", ...rest } = more;
  const capabilities = [{ name, weight, preferred: false, healthy, history: [] }];
  return { agent, kind: "remote", status: "online", slots: 1, busyElsewhere: 0, capabilities, ...rest };
}
const attempt = (number: number, agent: AgentId, status: AttemptStatus): Attempt => ({ number, agent, status, score: 1, dispatchedAt: 0 });
const task = { capability: "research", attempts: [] };
const chosen = (selection: ReturnType<typeof selectAgent>) => ("none" in selection ? selection.none : selection.agent);

test("the best score wins and is told", () => {
  expect(selectAgent(task, [candidate(ann, { weight: 0.5 }), candidate(bob, { weight: 0.7 })], none)).toEqual({ agent: bob, score: 0.7 });
});

test("ties: fewer running tasks here and elsewhere, then the id", () => {
  const two = { slots: 3 };
  expect(chosen(selectAgent(task, [candidate(bob, two), candidate(ann, two)], none))).toBe(ann);
  expect(chosen(selectAgent(task, [candidate(bob, two), candidate(ann, two)], new Map([[ann, 1]])))).toBe(bob);
  expect(chosen(selectAgent(task, [candidate(bob, { slots: 3, busyElsewhere: 2 }), candidate(ann, two)], new Map([[ann, 1]])))).toBe(ann);
});

test("slots count what runs here and elsewhere", () => {
  const tight = candidate(ann, { slots: 2, busyElsewhere: 1 });
  expect(chosen(selectAgent(task, [tight], none))).toBe(ann);
  expect(chosen(selectAgent(task, [tight], new Map([[ann, 1]])))).toBe("no-free-slot");
});

test.each<[AgentStatus, string]>([
  ["online", "ann"],
  ["degraded", "ann"],
  ["offline", "no-free-slot"],
  ["draining", "no-free-slot"],
])("an agent that is %s: %s", (status, expected) => expect(chosen(selectAgent(task, [candidate(ann, { status })], none))).toBe(expected));

test("nobody offers, or all score zero", () => {
  expect(chosen(selectAgent(task, [], none))).toBe("nobody-offers");
  expect(chosen(selectAgent(task, [candidate(ann, { name: "other" })], none))).toBe("nobody-offers");
  expect(chosen(selectAgent(task, [candidate(ann, { healthy: false }), candidate(bob, { weight: 0 })], none))).toBe("score-zero");
});

test("agents that failed this task come last, and are used when there is no other", () => {
  const failed = { ...task, attempts: [attempt(1, ann, "failed"), attempt(2, cid, "lost")] };
  const all = [candidate(ann), candidate(bob, { weight: 0.1 }), candidate(cid)];
  expect(chosen(selectAgent(failed, all, none))).toBe(bob);
  expect(chosen(selectAgent(failed, all, new Map([[bob, 1]])))).toBe(ann);
});

test("who has just declined comes after those who have not", () => {
  const declined = { ...task, attempts: [attempt(1, ann, "declined")] };
  expect(chosen(selectAgent(declined, [candidate(ann), candidate(bob, { weight: 0.1 })], none))).toBe(bob);
  expect(chosen(selectAgent(declined, [candidate(ann)], none))).toBe(ann);
});

test("the agent with the worktree is the only choice while in contact", () => {
  const affine = { ...task, affinity: ann };
  const other = candidate(bob);
  expect(chosen(selectAgent(affine, [candidate(ann, { weight: 0.1 }), other], none))).toBe(ann);
  expect(chosen(selectAgent(affine, [candidate(ann, { status: "degraded" }), other], new Map([[ann, 1]])))).toBe("waits-for-affinity");
  expect(chosen(selectAgent(affine, [candidate(ann, { status: "offline" }), other], none))).toBe(bob);
  expect(chosen(selectAgent(affine, [candidate(ann, { status: "draining" }), other], none))).toBe(bob);
  expect(chosen(selectAgent(affine, [other], none))).toBe(bob);
});

test("a task for one agent goes to it or waits, whatever the others could do", () => {
  const addressed = { ...task, agent: ann };
  const better = candidate(bob, { slots: 5 });
  expect(chosen(selectAgent(addressed, [candidate(ann, { weight: 0.1 }), better], none))).toBe(ann);
  for (const unable of [candidate(ann, { status: "offline" }), candidate(ann, { slots: 0 }), candidate(ann, { healthy: false })])
    expect(chosen(selectAgent(addressed, [unable, better], none))).toBe("waits-for-agent");
  expect(chosen(selectAgent(addressed, [better], none))).toBe("waits-for-agent");
});

test("a capability with slots of its own takes none of the others, and has no more", () => {
  const capability = (name: string, slots?: number) => ({ name, weight: 1, preferred: false, healthy: true, history: [], slots });
  const runner = candidate(ann, { slots: 1, capabilities: [capability("research"), capability("look", 2)] });
  const look = { capability: "look", attempts: [] };
  const full = new Map<Lane, number>([[ann, 1]]);
  expect(selectAgent(look, [runner], full)).toEqual({ agent: ann, score: 1, ownSlots: 2 });
  expect(chosen(selectAgent(task, [runner], new Map<Lane, number>([[laneOf(ann, "look", 2), 2]])))).toBe(ann);
  expect(chosen(selectAgent(look, [runner], new Map<Lane, number>([[laneOf(ann, "look", 2), 2]])))).toBe("no-free-slot");
  expect(chosen(selectAgent(task, [runner], full))).toBe("no-free-slot");
});

test("whatever the order of the candidates, the choice is the same", () => {
  const agents = fc.uniqueArray(
    fc.record({
      id: fc.constantFrom("a", "b", "c", "d", "e"),
      weight: fc.constantFrom(0, 0.5, 1),
      slots: fc.integer({ min: 1, max: 2 }),
      busyElsewhere: fc.nat(2),
      status: fc.constantFrom<AgentStatus>("online", "degraded", "offline", "draining"),
    }),
    { selector: ({ id }) => id },
  );
  fc.assert(
    fc.property(agents, (drawn) => {
      const candidates = drawn.map(({ id, ...rest }) => candidate(id as AgentId, rest));
      const there = selectAgent(task, candidates, none);
      expect(selectAgent(task, candidates.toReversed(), none)).toEqual(there);
      if ("agent" in there) {
        const taken = candidates.find(({ agent }) => agent === there.agent);
        expect(taken !== undefined && taken.slots > taken.busyElsewhere && ["online", "degraded"].includes(taken.status)).toBe(true);
      }
    }),
  );
});
