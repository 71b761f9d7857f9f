import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import type { ProjectKey } from "../core/ids.ts";
import type { Report } from "../core/protocol/frames.ts";
import { ReportIntake } from "./agent-mailbox-reports.ts";

const report = (seq: number, project = "a"): Report => ({ seq, at: 0, body: { type: "progress", taskId: `${project}.t`, attempt: 1 } });
const numbers = (from: number, to: number, project = "a") =>
  Array.from({ length: to - from + 1 }, (_, index) => report(from + index, project));

/** An intake whose orchestrators commit when the test says so. */
function intake(known = ["a", "b", "c"], mayWait: (one: Report) => boolean = () => false) {
  const calls: { project: string; seqs: number[]; commit: () => void; fail: () => void }[] = [];
  const acks: number[] = [];
  const failures: unknown[] = [];
  const it = new ReportIntake({
    knows: (project) => known.includes(project),
    mayWait: (_, one) => mayWait(one),
    forward: (project, _, reports) =>
      new Promise((resolve, reject) => {
        calls.push({ project, seqs: reports.map(({ seq }) => seq), commit: resolve, fail: () => reject(new Error("gone")) });
      }),
    acknowledged: (ack) => acks.push(ack),
    failed: (thrown) => failures.push(thrown),
  });
  return { it, calls, acks, failures };
}
/** Lets what was resolved run on. */
const settle = () => new Promise((resolve) => setTimeout(resolve, 0));

describe("reports of one project", () => {
  test("what arrives while a batch is out joins the next one", async () => {
    const { it, calls, acks } = intake();
    it.begin("journal-1", 0);
    it.take(numbers(1, 2));
    it.take(numbers(3, 3));
    it.take(numbers(4, 9));
    expect(calls.map(({ seqs }) => seqs)).toEqual([[1, 2]]);
    calls[0]?.commit();
    await settle();
    expect(calls.map(({ seqs }) => seqs)).toEqual([
      [1, 2],
      [3, 4, 5, 6, 7, 8, 9],
    ]);
    calls[1]?.commit();
    await it.settled();
    expect(acks).toEqual([2, 9]);
  });

  test("no more wait for their commit than memory has room for; the rest is taken when it is sent again", async () => {
    const { it, calls } = intake();
    it.begin("journal-1", 0);
    for (let from = 1; from < 20_000; from += 100) expect(it.take(numbers(from, from + 99))).toBe("taken");
    expect([it.take(numbers(20_001, 20_001)), it.ack]).toEqual(["full", 0]);
    calls[0]?.commit();
    await settle();
    expect([it.ack, it.take(numbers(20_001, 20_001))]).toEqual([100, "taken"]);
    const large = intake().it;
    large.begin("journal-1", 0);
    for (let seq = 1; seq <= 32; seq += 1) expect(large.take(numbers(seq, seq), 1_048_576)).toBe("taken");
    expect(large.take(numbers(33, 33), 1_048_576)).toBe("full");
  });

  test("a batch has at most 1,000 reports, and at most 4 MiB", async () => {
    const { it, calls } = intake();
    it.begin("journal-1", 0);
    it.take(numbers(1, 1));
    for (let from = 2; from < 2_402; from += 100) it.take(numbers(from, from + 99), 10_000);
    for (let seq = 2_402; seq < 2_412; seq++) it.take(numbers(seq, seq), 1_000_000);
    for (let index = 0; index < 8; index++) {
      calls[index]?.commit();
      await settle();
    }
    expect(calls.map(({ seqs }) => seqs.length)).toEqual([1, 1_000, 1_000, 404, 4, 2]);
    expect(it.ack).toBe(2_411);
  });

  test("repeats are dropped, a gap is refused", async () => {
    const { it, calls, acks } = intake();
    it.begin("journal-1", 5);
    expect(it.take(numbers(4, 7))).toBe("taken");
    expect(it.take(numbers(6, 7))).toBe("taken");
    expect(it.take(numbers(9, 9))).toBe("gap");
    calls[0]?.commit();
    await it.settled();
    expect([calls.length, acks]).toEqual([1, [7]]);
  });

  test("what failed is sent again by the agent, and nothing overtakes it", async () => {
    const { it, calls, acks, failures } = intake();
    it.begin("journal-1", 0);
    it.take(numbers(1, 2));
    it.take(numbers(3, 4));
    calls[0]?.fail();
    await it.settled();
    expect([calls.length, acks, failures.length]).toEqual([1, [], 1]);
    expect(it.begin("journal-1", 0)).toEqual({ ack: 0, anew: false });
    it.take(numbers(1, 4));
    calls[1]?.commit();
    await it.settled();
    expect([calls[1]?.seqs, acks]).toEqual([[1, 2, 3, 4], [4]]);
  });
});

test("only the contiguous prefix that all projects have committed is acknowledged", async () => {
  const { it, calls, acks } = intake();
  it.begin("journal-1", 0);
  it.take([report(1, "a"), report(2, "b"), report(3, "a"), report(4, "c")]);
  const commit = async (project: string) => {
    calls.find((call) => call.project === project)?.commit();
    await settle();
    return acks.at(-1);
  };
  expect([await commit("c"), await commit("a"), await commit("b")]).toEqual([undefined, 1, 4]);
});

test("reports for projects that never gave work are dropped", async () => {
  const { it, calls, acks } = intake(["a"]);
  it.begin("journal-1", 0);
  it.take([report(1, "x"), { ...report(2), body: { type: "progress", taskId: "no-project", attempt: 1 } }]);
  expect([calls.length, acks]).toEqual([0, [2]]);
});

test("a new journal counts anew, an old commit that comes late changes nothing", async () => {
  const { it, calls, acks } = intake();
  it.begin("journal-1", 0);
  it.take(numbers(1, 3));
  expect(it.begin("journal-2", 0)).toEqual({ ack: 0, anew: true });
  calls[0]?.commit();
  await settle();
  expect([acks, it.ack]).toEqual([[], 0]);
});

test("under any interleaving each project gets its reports once and in order, and the acknowledgement never runs ahead", async () => {
  const steps = fc.array(
    fc.oneof(fc.record({ commit: fc.nat(5) }), fc.array(fc.constantFrom("a", "b", "c"), { minLength: 1, maxLength: 5 })),
    { maxLength: 40 },
  );
  await fc.assert(
    fc.asyncProperty(steps, async (drawn) => {
      const { it, calls, acks } = intake();
      const [sent, committed, open] = [[] as string[], new Set<number>(), new Set<number>()];
      it.begin("journal-1", 0);
      for (const step of drawn) {
        if (Array.isArray(step)) {
          const from = sent.length + 1;
          sent.push(...step);
          it.take(step.map((project, index) => report(from + index, project)));
          continue;
        }
        const index = [...calls.keys()].filter((each) => !open.has(each))[step.commit];
        if (index === undefined) continue;
        open.add(index);
        for (const seq of calls[index]?.seqs ?? []) committed.add(seq);
        calls[index]?.commit();
        await settle();
        const firstOpen = sent.findIndex((_, each) => !committed.has(each + 1));
        expect(acks.at(-1) ?? 0).toBe(firstOpen < 0 ? sent.length : firstOpen);
      }
      for (const project of ["a", "b", "c"] as ProjectKey[]) {
        const seen = calls.filter((call) => call.project === project).flatMap(({ seqs }) => seqs);
        expect(seen).toEqual(sent.flatMap((each, index) => (each === project ? [index + 1] : [])).slice(0, seen.length));
      }
    }),
    { numRuns: 60 },
  );
});

describe("reports that may wait", () => {
  const quiet = ({ body }: Report) => body.type === "progress";
  const loud = (seq: number): Report => ({ seq, at: 0, body: { type: "task-done", taskId: "a.t", attempt: 1 } });

  test("go with the first that may not, in their order, and are not acknowledged before", async () => {
    const { it, calls, acks } = intake(["a"], quiet);
    it.begin("journal-1", 0);
    it.take(numbers(1, 1));
    it.take(numbers(2, 3));
    await settle();
    expect([calls.length, it.ack, acks]).toEqual([0, 0, []]);
    it.take([loud(4)]);
    expect(calls.map(({ seqs }) => seqs)).toEqual([[1, 2, 3, 4]]);
    it.take(numbers(5, 5));
    calls[0]?.commit();
    await settle();
    expect([calls.length, acks]).toEqual([1, [4]]);
  });

  test("go by themselves after a second, many at once, and as soon as someone asks whether all is committed", async () => {
    vi.useFakeTimers();
    try {
      const { it, calls } = intake(["a"], quiet);
      it.begin("journal-1", 0);
      it.take(numbers(1, 2));
      vi.advanceTimersByTime(600);
      it.take(numbers(3, 3));
      vi.advanceTimersByTime(399);
      expect(calls.length).toBe(0);
      vi.advanceTimersByTime(1);
      expect(calls.map(({ seqs }) => seqs)).toEqual([[1, 2, 3]]);
    } finally {
      vi.useRealTimers();
    }
    const many = intake(["a"], quiet);
    many.it.begin("journal-1", 0);
    many.it.take(numbers(1, 100));
    expect(many.calls.length).toBe(1);
    const asked = intake(["a"], quiet);
    asked.it.begin("journal-1", 0);
    asked.it.take(numbers(1, 1));
    const settled = asked.it.settled();
    expect(asked.calls.length).toBe(1);
    asked.calls[0]?.commit();
    await settled;
    expect(asked.acks).toEqual([1]);
  });

  test("are not sent on for a journal that has ended meanwhile", () => {
    vi.useFakeTimers();
    try {
      const { it, calls } = intake(["a"], quiet);
      it.begin("journal-1", 0);
      it.take(numbers(1, 1));
      it.begin("journal-2", 0);
      vi.advanceTimersByTime(2_000);
      expect(calls.length).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });
});
