import { afterEach, expect, test } from "vitest";
import { clock } from "../../platform/clock.ts";
import { createQueueFaults } from "../support/queue-faults.ts";
import { createScenario, reportTests, until } from "../support/scenario.ts";
import type { Story } from "../support/scenario.ts";

const { mesh, story } = createScenario();
const { model } = mesh;
/** Unsure of the first plan, sure of the one after the red test: however often it is asked. */
const reviewer: typeof model.complete = (request) => {
  const confidence = request.messages.some(({ content }) => content.includes("Known failures")) ? 0.9 : 0.5;
  model.answer("plan_review", { value: { approve: true, confidence, feedback: "not bad" } });
  return model.complete(request);
};
Object.assign(mesh.clients, { model: { complete: reviewer } });
let faults: ReturnType<typeof createQueueFaults> | undefined;

afterEach(() => {
  faults?.restore();
  clock.reset();
});

/** A story with one of everything: an unsure review, a person's approval, a red test with its bug issue, a merge and a deployment. */
async function eventful(name: string): Promise<{ it: Story; finish: (drive: () => Promise<unknown>) => Promise<void> }> {
  const it = await story(name);
  let tests = 0;
  await it.runner(`laptop-${name.replace("/", "-")}`, { test: (work) => reportTests(work, (tests += 1) > 1) });
  const issue = await it.begins();
  await it.cardChanged(issue);
  const finish = async (drive: () => Promise<unknown>) => {
    await until(async () => {
      const run = await it.run(issue);
      const open = run.questions.find(({ status }) => status === "with-human");
      if (open) await mesh.send("POST", `/questions/${open.id}/answer`, { answer: "Approve" });
      if (run.phase !== "ACCEPTED") {
        await drive();
        throw new Error(`${run.phase}/${run.awaiting}: ${run.explain}`);
      }
    }, 25_000);
    await until(async () => {
      await drive();
      expect((await it.owner.view()).outbox).toBe(0);
    }, 25_000);
    const run = await it.run(issue);
    const ref = `${issue.number}.1`;
    expect(run.cycles).toEqual({ planning: 0, qa: 1, review: 0 });
    expect([...it.repository.pulls.values()]).toMatchObject([{ merged: true }]);
    expect(it.writes("openPullRequest")).toHaveLength(1);
    expect(it.writes("mergePullRequest")).toHaveLength(1);
    expect(it.writes("openBugIssue")).toHaveLength(1);
    expect([...it.repository.issues.values()].filter(({ parent }) => parent === issue.number)).toHaveLength(1);
    expect(run.bugIssues).toHaveLength(1);
    const markers = it.markers(issue);
    expect(new Set(markers).size).toBe(markers.length);
    expect(markers).toEqual(
      [
        "status",
        "guidance",
        expect.stringContaining(":question:"),
        "plan:0.0.0",
        "qa:1",
        "plan:0.1.0",
        expect.stringContaining(":result:"),
        "closing",
      ].map((each) => (typeof each === "string" ? `${ref}:${each}` : (each as string))),
    );
    expect(it.writes("closeIssue")).toHaveLength(1);
    expect(it.writes("moveCard").map(({ about }) => about.split("→ ")[1])).toEqual([
      "Planning",
      "In Progress",
      "QA",
      "Planning",
      "In Progress",
      "QA",
      "Review",
      "Done",
    ]);
    const ended = (await it.events("task-ended")).map(({ task }) => task);
    expect(new Set(ended).size).toBe(ended.length);
  };
  return { it, finish };
}

test("every message delivered twice makes nothing twice", async () => {
  faults = createQueueFaults({ copies: 2 });
  const before = mesh.ntfy.published.length;
  const { finish } = await eventful("acme/twice");
  await finish(async () => {});
  // The question, and in its place that it was answered.
  const said = mesh.ntfy.published.slice(before);
  expect(said.map(({ priority }) => priority)).toEqual([4, 2]);
  expect(new Set(said.map(({ sequenceId }) => sequenceId)).size).toBe(1);
});

test("every consumer killed after it has acted, and every message delivered twice, makes nothing twice", async () => {
  faults = createQueueFaults({ copies: 2, kills: true });
  const held = faults;
  const before = new Set(mesh.ntfy.shown("mesh").map(({ sequenceId }) => sequenceId));
  const { it, finish } = await eventful("acme/killed");
  await finish(async () => {
    await until(() => expect(held.isQuiet).toBe(true));
    await it.pass(200_000, 200_000);
  });
  expect(held.killed.length).toBeGreaterThan(15);
  const shown = mesh.ntfy.shown("mesh").filter(({ sequenceId }) => !before.has(sequenceId));
  expect(shown).toHaveLength(1);
});
