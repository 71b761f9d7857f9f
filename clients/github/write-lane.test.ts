import { describe, expect, it } from "vitest";
import { hourMs } from "../../core/time.ts";
import { createWriteLane } from "./write-lane.ts";

/** Time that goes on only when everyone sleeps. What sleeps in a context that died is never woken. */
function clock() {
  let at = 10_000;
  const sleepers: { until: number; wake: () => void }[] = [];
  const sleep = (ms: number) => new Promise<void>((wake) => void sleepers.push({ until: at + ms, wake }));
  return {
    now: () => at,
    move: (ms: number) => void (at += ms),
    sleep,
    /** The sleep of an invocation that has just died. */
    never: () => new Promise<void>(() => {}),
    async until<T>(work: Promise<T>): Promise<T> {
      let isDone = false;
      void work.finally(() => (isDone = true)).catch(() => {});
      for (;;) {
        await new Promise((resolve) => setImmediate(resolve));
        if (isDone) return work;
        const next = sleepers.toSorted((a, b) => a.until - b.until)[0];
        if (next === undefined) throw new Error("nobody sleeps, and it is not done");
        sleepers.splice(sleepers.indexOf(next), 1);
        at = Math.max(at, next.until);
        next.wake();
      }
    },
  };
}

describe("write lane", () => {
  it("puts writes of a credential one after the other, a second apart, in the order of the calls, and goes on after a failure", async () => {
    const time = clock();
    const lane = createWriteLane(time);
    const log: { name: string; began: number; ended: number }[] = [];
    const act =
      (name: string, fails = false) =>
      async (): Promise<void> => {
        const began = time.now();
        await time.sleep(1_500);
        log.push({ name, began, ended: time.now() });
        if (fails) throw new Error(name);
      };
    const results = await time.until(
      Promise.allSettled([
        lane.write("t", "creates", act("a")),
        lane.write("t", "changes", act("b", true)),
        lane.write("t", "creates", act("c")),
      ]),
    );
    expect(results.map((result) => result.status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
    expect(log.map(({ name }) => name)).toEqual(["a", "b", "c"]);
    for (const [index, { began }] of log.entries()) {
      const before = log[index - 1];
      if (!before) continue;
      expect(began - before.ended).toBeGreaterThanOrEqual(1_000);
      expect(began - before.ended).toBeLessThan(1_100);
    }
  });

  it("is not held up for ever by an invocation that died while writing, or while it waited for its turn", async () => {
    const time = clock();
    let isDying = false;
    const lane = createWriteLane({ now: time.now, sleep: (ms) => (isDying ? time.never() : time.sleep(ms)) });
    void lane.write("t", "changes", time.never);
    isDying = true;
    let wrote = false;
    void lane.write("t", "changes", async () => void (wrote = true));
    isDying = false;
    const first = time.now();
    const began = await time.until(lane.write("t", "changes", async () => time.now()));
    expect(began - first).toBeGreaterThanOrEqual(20_000);
    expect(began - first).toBeLessThan(21_000);
    expect(wrote).toBe(false);
    const next = await time.until(lane.write("t", "changes", async () => time.now()));
    expect(next - began).toBe(1_000);
  });

  it("lets credentials write side by side", async () => {
    const time = clock();
    const lane = createWriteLane(time);
    let release = (): void => {};
    const held = lane.write("one", "changes", () => new Promise<void>((resolve) => (release = resolve)));
    expect(await lane.write("two", "changes", async () => "went")).toBe("went");
    release();
    await held;
  });

  it("refuses creations beyond the hour's bound and says when there is room; changes go on", async () => {
    const time = clock();
    const lane = createWriteLane({ ...time, spacingMs: 0, creationsPerHour: 2 });
    const first = time.now();
    await lane.write("t", "creates", async () => {});
    time.move(1_000);
    await lane.write("t", "creates", async () => {});
    let acted = false;
    const refused = lane.write("t", "creates", async () => void (acted = true));
    await expect(refused).rejects.toMatchObject({ code: "rate-limited", retryable: true, retryAt: first + hourMs });
    expect(acted).toBe(false);
    await lane.write("t", "changes", async () => {});
    time.move(hourMs - 1_000);
    await lane.write("t", "creates", async () => void (acted = true));
    expect(acted).toBe(true);
  });
});
