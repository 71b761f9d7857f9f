import { afterEach, expect, test } from "vitest";
import { minuteMs } from "../../core/time.ts";
import { clock } from "../../platform/clock.ts";
import { askPerson, colours, linksOf, notificationOf, phone } from "../support/asking.ts";
import { createScenario, pushTo, until } from "../support/scenario.ts";

const { mesh, story } = createScenario();
const { tap } = phone(mesh);
afterEach(() => clock.reset());

test("a session that hangs behind a live socket is nudged after ten minutes, lost after twenty, and begun again in its conversation", async () => {
  const it = await story("acme/hung");
  const runner = await it.runner("laptop-hung", { implement: () => new Promise(() => {}) });
  runner.hangs = true;
  const issue = await it.begins();
  const { session } = await it.reaches(issue, { phase: "IMPLEMENTATION", awaiting: "session" });
  await runner.settled();
  await it.pass(9 * minuteMs);
  await it.settled();
  expect(runner.commands).toEqual([]);
  await it.pass(2 * minuteMs);
  await it.settled();
  expect(runner.commands.map(({ body }) => body)).toEqual([{ type: "nudge" }]);
  runner.scripts.implement = (work) => void pushTo(it.repository, work);
  await it.pass(10 * minuteMs);
  const run = await it.reaches(issue, { phase: "ACCEPTED" });
  expect(runner.commands.slice(1)).toMatchObject([{ body: { type: "stop", mode: "now", reason: "the task was taken back" } }]);
  expect([(await it.events("session-nudged")).length, (await it.events("session-lost")).length]).toEqual([1, 1]);
  expect((await it.events("session-failed")).map(({ data }) => data["message"])).toEqual([
    expect.stringMatching(/^the session gave no sign of work for 2[01] min, also after a nudge: no event, no change, no running command$/),
  ]);
  // The connection was there all the time.
  expect(runner.closings).toEqual([]);
  expect([run.session?.conversationId, it.repository.pulls.size]).toEqual([session?.conversationId, 1]);
  expect(run.cycles).toEqual({ planning: 0, qa: 0, review: 0 });
}, 30_000);

test("a session whose command says nothing for an hour is left alone, as long as its runner says that it lives", async () => {
  const it = await story("acme/quiet");
  let end = () => {};
  const ended = new Promise<void>((resolve) => (end = resolve));
  const runner = await it.runner("laptop-quiet", {
    implement: async (work) => {
      await ended;
      pushTo(it.repository, work);
    },
  });
  const issue = await it.begins();
  await it.reaches(issue, { phase: "IMPLEMENTATION", awaiting: "session" });
  await runner.settled();
  const { taskId = "", attempt = 1 } = runner.given.at(-1) ?? {};
  for (let minute = 0; minute < 60; minute += 5) {
    await it.pass(5 * minuteMs, minuteMs);
    await runner.heard(runner.say({ type: "progress", taskId, attempt }));
  }
  expect(runner.commands).toEqual([]);
  end();
  await it.reaches(issue, { phase: "ACCEPTED" });
  expect([await it.events("session-nudged"), await it.events("session-lost")]).toEqual([[], []]);
}, 30_000);

test("a runner that leaves while its session asks parks it; the question stays, and its answer goes to the same conversation", async () => {
  const it = await story("acme/left");
  const asked = await askPerson(mesh, it, "laptop-left", colours);
  const conversation = (await it.run(asked.issue)).session?.conversationId;
  const [runner] = it.runners;
  const { taskId = "", attempt = 1 } = runner?.given.at(-1) ?? {};
  await runner?.heard(runner.say({ type: "stopped", taskId, attempt, reason: "the runner was shut down" }));
  runner?.die();
  await until(async () => expect(await asked.question()).toMatchObject({ status: "with-human", parked: true }));
  expect(await it.explain(asked.issue)).toContain("The session is parked meanwhile.");
  const given = runner?.given.length;
  // Nobody is there; days later somebody answers, and then the runner comes back.
  await it.pass(60 * minuteMs, 10 * minuteMs);
  // The first button is the best guess.
  const { taps } = linksOf(notificationOf(mesh, asked.id));
  expect((await tap(taps[0])).status).toBe(200);
  await it.settled();
  expect(runner?.given).toHaveLength(given ?? 0);
  await runner?.connect();
  const run = await it.reaches(asked.issue, { phase: "ACCEPTED" });
  expect(runner?.given[given ?? 0]?.payload).toMatchObject({ step: "answer", conversationId: conversation });
  expect(run.session?.conversationId).toBe(conversation);
  expect(run.questions).toMatchObject([{ status: "answered", parked: true, answer: { answers: ["Red"] } }]);
}, 30_000);
