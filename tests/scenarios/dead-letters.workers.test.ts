import { afterEach, expect, test } from "vitest";
import { minuteMs } from "../../core/time.ts";
import { clock } from "../../platform/clock.ts";
import { createQueueFaults } from "../support/queue-faults.ts";
import { createScenario, until } from "../support/scenario.ts";

const { mesh, story } = createScenario();
let faults: ReturnType<typeof createQueueFaults> | undefined;

afterEach(() => {
  faults?.restore();
  clock.reset();
});

test("an effect its queue gave up is heard of by the core and carried out after its backoff", async () => {
  const it = await story("acme/dead-effect");
  let dead = true;
  faults = createQueueFaults({ drops: () => dead });
  const issue = await it.begins();
  const [requested] = (await it.recorded("effect-requested")).filter(({ data }) => data["kind"] === "comment");
  const effect = requested?.data["effect"];
  await mesh.deliver("mesh-effects-dead", { project: it.key, effect });
  expect((await it.events("effect-failed")).map(({ data }) => data)).toMatchObject([
    { effect, code: "dead-letter", final: false, tries: 1 },
  ]);
  expect(issue.comments).toEqual([]);
  dead = false;
  await it.pass(5 * minuteMs);
  await until(() => expect(it.markers(issue)).toContain(`${issue.number}.1:status`));
  // A letter that comes when all is done changes nothing.
  await it.recorded("effect-done");
  const before = (await it.events()).length;
  await mesh.deliver("mesh-effects-dead", { project: it.key, effect });
  expect((await it.events("effect-failed")).length).toBe(1);
  expect((await it.events()).length).toBeGreaterThanOrEqual(before);
  expect(it.markers(issue).filter((marker) => marker.endsWith(":status"))).toHaveLength(1);
});

test("an effect given up again and again is put before a person, who can have it tried again", async () => {
  const it = await story("acme/dead-move");
  let dead = false;
  faults = createQueueFaults({ drops: () => dead });
  await it.runner("laptop-dead-move", { plan: () => new Promise(() => {}) });
  const issue = await it.begins();
  await it.reaches(issue, { phase: "PLANNING", awaiting: "session" });
  await until(() => expect(issue.card?.column).toBe("Planning"));
  await it.settled();
  dead = true;
  await it.moves(issue, "Review");
  const move = (await it.events("effect-requested")).findLast(({ data }) => data["kind"] === "move-card")?.data["effect"];
  for (let tries = 0; tries < 50 && (await it.events("question-asked")).length === 0; tries += 1) {
    // Another letter each time: their ids count what is queued.
    mesh.queued.push({ queue: "mesh-effects-dead", body: tries });
    await mesh.deliver("mesh-effects-dead", { project: it.key, effect: move });
  }
  const held = await it.run(issue);
  expect(held.explain).toContain("GitHub would not move card");
  dead = false;
  const open = held.questions.find(({ status }) => status === "with-human");
  await mesh.send("POST", `/questions/${open?.id}/answer`, { answer: "Try again" });
  await until(() => expect(issue.card?.column).toBe("Planning"));
  await it.pass(5 * minuteMs);
  await it.settled();
});

test("an attempt its queue gave up becomes a failure of infrastructure, and another one succeeds", async () => {
  const it = await story("acme/dead-task");
  let dead = true;
  faults = createQueueFaults({ drops: () => dead });
  const issue = await it.begins();
  const [dispatched] = await it.recorded("task-dispatched");
  const task = dispatched?.task;
  await mesh.deliver("mesh-tasks-dead", { project: it.key, task, attempt: 1 });
  expect(await it.owner.task(task as never)).toMatchObject({ attempts: [{ status: "failed", error: { kind: "infrastructure" } }] });
  dead = false;
  await it.pass(minuteMs);
  await it.reaches(issue, { phase: "PLANNING", awaiting: "slot" });
  expect(await it.owner.task(task as never)).toMatchObject({ status: "completed", attempts: [{}, { status: "completed" }] });
});

test("a webhook its queue gave up is made good by the poll", async () => {
  const it = await story("acme/dead-webhook");
  const issue = it.repository.addIssue({ column: "Todo" });
  const reading = { look: [{ type: "card", issue: issue.number }], repositoryNodeId: it.key };
  await mesh.deliver("mesh-inbound-dead", { delivery: "d", receivedAt: 1, reading });
  expect(await it.owner.run(issue.number)).toBeNull();
  await it.reconcile();
  expect(await it.run(issue)).toMatchObject({ phase: "INTAKE" });
});
