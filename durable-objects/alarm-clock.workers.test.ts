import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, expect, test, vi } from "vitest";
import type { Moment } from "../core/time.ts";
import { clock, now } from "../platform/clock.ts";
import { AlarmClock } from "./alarm-clock.ts";

afterEach(() => clock.reset());

const hour = 3_600_000;

/** Runs in a real object, with its real alarm; `due` is what the object would say is due next. */
async function withClock(
  name: string,
  use: (it: { alarm: AlarmClock; storage: DurableObjectStorage; due: (at?: Moment) => void }) => Promise<void>,
) {
  await runInDurableObject(env.SETTINGS.getByName(name), async (_, ctx) => {
    let next: Moment | undefined;
    const alarm = new AlarmClock(ctx, () => next);
    await use({ alarm, storage: ctx.storage, due: (at) => (next = at) });
    await ctx.storage.deleteAlarm();
  });
}

test("is written only when it has to come earlier", () =>
  withClock("winding", async ({ alarm, storage, due }) => {
    const set = vi.spyOn(storage, "setAlarm");
    const at = now() + hour;
    for (const next of [undefined, at, at + 1, at + hour, undefined, at]) {
      due(next);
      alarm.wind();
    }
    expect([await storage.getAlarm(), set.mock.calls.length]).toEqual([at, 1]);
    due(at - 1);
    alarm.wind();
    expect([await storage.getAlarm(), set.mock.calls.length]).toEqual([at - 1, 2]);
    set.mockRestore();
  }));

test("knows after a restart where it stands", () =>
  withClock("restarted", async ({ storage }) => {
    const at = now() + hour;
    await storage.setAlarm(at);
    await runInDurableObject(env.SETTINGS.getByName("restarted"), async (_, ctx) => {
      const again = new AlarmClock(ctx, () => at + 1);
      await ctx.blockConcurrencyWhile(async () => {});
      again.wind();
      expect(await ctx.storage.getAlarm()).toBe(at);
    });
  }));

test("is armed again before the work begins, and at what is due after it", () =>
  withClock("ringing", async ({ alarm, storage, due }) => {
    const at = now() + hour;
    await alarm.ring(async () => {
      const armed = await storage.getAlarm();
      expect((armed ?? 0) - Date.now()).toBeGreaterThan(25_000);
      expect((armed ?? 0) - Date.now()).toBeLessThanOrEqual(30_000);
      due(at);
    });
    expect(await storage.getAlarm()).toBe(at);
    await alarm.ring(() => due(undefined));
    expect(await storage.getAlarm()).toBeNull();
  }));

test("that rings before anything is due does no work and is set once", () =>
  withClock("early", async ({ alarm, storage, due }) => {
    const set = vi.spyOn(storage, "setAlarm");
    const work = vi.fn();
    const at = now() + hour;
    due(at);
    await alarm.ringWhenDue(work);
    expect([await storage.getAlarm(), set.mock.calls.length, work.mock.calls.length]).toEqual([at, 1, 0]);
    due(now());
    await alarm.ringWhenDue(() => {
      work();
      due(undefined);
    });
    expect([await storage.getAlarm(), work.mock.calls.length]).toEqual([null, 1]);
    set.mockRestore();
  }));

test("never throws: work that failed is tried again in 30 s", () =>
  withClock("failing", async ({ alarm, storage, due }) => {
    due(now() + hour);
    await alarm.ring(() => Promise.reject(new Error("outside")));
    expect((await storage.getAlarm()) ?? 0).toBeLessThanOrEqual(Date.now() + 30_000);
  }));

test("due times follow the shifted present, the alarm real time", () =>
  withClock("shifted", async ({ alarm, storage, due }) => {
    clock.shift(10 * hour);
    due(now() + hour);
    alarm.wind();
    expect(Math.abs(((await storage.getAlarm()) ?? 0) - Date.now() - hour)).toBeLessThan(1_000);
  }));
