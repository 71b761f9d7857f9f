import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, expect, test } from "vitest";
import { hourMs, minuteMs } from "../../core/time.ts";
import { clock, now } from "../../platform/clock.ts";
import { askPerson, colours, linksOf, notificationOf, phone } from "../support/asking.ts";
import { createScenario } from "../support/scenario.ts";

const { mesh, story } = createScenario();
const { tap } = phone(mesh);

afterEach(() => clock.reset());

/** When the object's alarm rings next, on the shifted clock; null when it sleeps for good. */
async function rings(stub: DurableObjectStub): Promise<number | null> {
  const real = await runInDurableObject(stub, (_, state) => state.storage.getAlarm());
  return real === null ? null : real + (now() - Date.now());
}

test("a question parked for 48 hours wakes no object but for its reminders, and the same conversation goes on", async () => {
  const it = await story("acme/parked");
  const asked = await askPerson(mesh, it, "laptop-parked", colours);
  const conversation = (await it.run(asked.issue))?.session?.conversationId;
  await it.pass(11 * minuteMs);
  await it.settled();
  expect(await asked.question()).toMatchObject({ status: "with-human", parked: true });
  const mailbox = env.MAILBOXES.getByName("laptop-parked");
  const begun = now();
  const end = begun + 48 * hourMs;
  const woken: number[] = [];
  for (let due = await rings(it.stub); due !== null && due <= end; due = await rings(it.stub)) {
    clock.shift(Math.max(0, due - now()));
    const before = (await it.events("effect-requested")).length;
    await it.ring();
    await it.settled();
    if ((await it.events("effect-requested")).length > before) woken.push(due - begun);
    else woken.push(-1);
  }
  const reminders = woken.filter((at) => at >= 0);
  // After 30 min, then every 4 h outside quiet hours; the first is due 19 min after parking.
  expect(reminders).toHaveLength(12);
  // What else rings belongs to a reminder: the look after its delivery.
  expect(woken.length - reminders.length).toBeLessThanOrEqual(reminders.length);
  const mailboxRings = await rings(mailbox as unknown as DurableObjectStub);
  expect(mailboxRings === null || mailboxRings > end).toBe(true);

  clock.shift(Math.max(0, end - now()));
  // The runner has been in contact all along, answered by the platform; here it says so once.
  await it.pass(minuteMs);
  const { taps } = linksOf(notificationOf(mesh, asked.id));
  expect((await tap(taps[1])).status).toBe(200);
  const run = await it.reaches(asked.issue, { phase: "ACCEPTED" });
  expect(run.session?.conversationId).toBe(conversation);
  expect(run.cycles).toEqual({ planning: 0, qa: 0, review: 0 });
});
