import { describe, expect, it } from "vitest";
import { hourMs } from "../../core/time.ts";
import { createWriteLane } from "./write-lane.ts";

/** A clock that sleeping moves. */
function clock(): { now: () => number; sleep: (ms: number) => Promise<void>; move: (ms: number) => void } {
  let at = 10_000;
  return { now: () => at, sleep: async (ms) => void (at += ms), move: (ms) => void (at += ms) };
}

describe("write lane", () => {
  it("puts writes of a credential one after the other, a second apart, and goes on after a failure", async () => {
    const time = clock();
    const lane = createWriteLane(time);
    const log: string[] = [];
    const act =
      (name: string, fails = false) =>
      async (): Promise<string> => {
        log.push(`${name} begins ${time.now()}`);
        await Promise.resolve();
        time.move(50);
        log.push(`${name} ends`);
        if (fails) throw new Error(name);
        return name;
      };
    const results = await Promise.allSettled([
      lane.write("t", "creates", act("a")),
      lane.write("t", "changes", act("b", true)),
      lane.write("t", "creates", act("c")),
    ]);
    expect(results.map((result) => result.status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
    expect(log).toEqual(["a begins 10000", "a ends", "b begins 11050", "b ends", "c begins 12100", "c ends"]);
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
