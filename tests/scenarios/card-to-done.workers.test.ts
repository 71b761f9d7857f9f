import { expect, test } from "vitest";
import { createGate, createScenario, healthUrl } from "../support/scenario.ts";

const { mesh, story } = createScenario({ realInbound: true });

test("an organisation's card goes from Todo to Done: rejected plan, question, tests, merge, deployment", async () => {
  const it = await story("acme/greeter");
  mesh.model.answer(
    "plan_review",
    { value: { approve: false, confidence: 0.9, feedback: "Say how it is tested." } },
    { value: { approve: true, confidence: 0.95, feedback: "sound" } },
  );
  mesh.httpCheck.answer(healthUrl, { healthy: false, detail: "an older commit" }, { healthy: true, detail: "ok" });
  const answers: string[] = [];
  const prompts: string[] = [];
  const runner = await it.runner("laptop-greeter");
  const implement = runner.scripts.implement;
  runner.scripts.implement = async (work) => {
    prompts.push(work.session.prompt);
    answers.push(...(await work.ask("ask-1", { text: "Which colour?", options: [{ label: "Blue" }, { label: "Red" }] })));
    await implement(work);
  };
  const issue = it.repository.addIssue({ column: "Todo", title: "Greet by name" });
  const item = { content_node_id: issue.nodeId, content_type: "Issue", project_node_id: it.repository.profile.board?.id };
  const organization = { kind: "organization", subject: "acme", version: 1 } as const;
  await it.webhook("projects_v2_item", { action: "edited", projects_v2_item: item }, organization);

  const checked = await it.reaches(issue, { phase: "REVIEW", awaiting: "deployment" }, 15_000);
  expect(checked.pullRequest).toMatchObject({ merged: true });
  await it.recorded("deployment-checked");
  await it.pass(16_000);
  const run = await it.reaches(issue, { phase: "ACCEPTED" });
  await it.settled();

  expect(run.phases.map(({ phase }) => phase)).toEqual(["INTAKE", "PLANNING", "IMPLEMENTATION", "QA", "REVIEW", "ACCEPTED"]);
  expect(run.cycles).toEqual({ planning: 1, qa: 0, review: 0 });
  expect(run.questions).toMatchObject([{ status: "answered", answer: { answers: ["Blue"], by: "architect" }, late: [] }]);
  expect(run.questions[0]?.appliedAt).not.toBeNull();
  expect([answers, prompts.length]).toEqual([["Blue"], 1]);
  expect(runner.given.map(({ capability, attempt }) => `${capability} ${attempt}`)).toEqual([
    "planning 1",
    "planning 1",
    "implementation 1",
    "qa 1",
  ]);
  expect(new Set(runner.given.map(({ payload }) => (payload as { sessionId: string }).sessionId)).size).toBe(1);

  const ref = `${issue.number}.1`;
  expect([...it.repository.pulls.values()]).toMatchObject([{ branch: `mesh/${ref}`, merged: true, state: "closed", base: "main" }]);
  expect(it.markers(issue)).toEqual([
    `${ref}:status`,
    `${ref}:guidance`,
    `${ref}:plan:1.0.0`,
    expect.stringContaining(`${ref}:result:`),
    `${ref}:closing`,
  ]);
  expect(it.writes("mergePullRequest")).toHaveLength(1);
  expect(it.writes("moveCard").map(({ about }) => about.split("→ ")[1])).toEqual(["Planning", "In Progress", "QA", "Review", "Done"]);
  expect(issue).toMatchObject({ state: "closed", card: { column: "Done" } });
  expect(mesh.httpCheck.asked.every(({ expectCommit }) => expectCommit === it.repository.pulls.values().next().value?.mergeCommit)).toBe(
    true,
  );
  expect(mesh.ntfy.published).toEqual([]);
  expect(await it.explain(issue)).toBe("Done: merged, deployed and healthy.");
});

test("a simple issue of a user's board, found by the poll, needs no plan", async () => {
  const board = {
    id: "PVT_solo",
    number: 1,
    url: "https://github.test/users/solo/projects/1",
    owner: "solo",
    ownerKind: "user",
    observedBy: "poll",
  } as const;
  const it = await story("solo/notes", {}, { board });
  mesh.httpCheck.answer(healthUrl, { healthy: true, detail: "ok" });
  await it.runner("laptop-notes");
  const issue = it.repository.addIssue({ column: "Todo", labels: ["simple"] });
  await it.reconcile();
  const run = await it.reaches(issue, { phase: "ACCEPTED" });
  await it.settled();
  expect(run.phases.map(({ phase }) => phase)).toEqual(["INTAKE", "IMPLEMENTATION", "QA", "REVIEW", "ACCEPTED"]);
  expect(it.repository.pulls.size).toBe(1);
  expect(issue).toMatchObject({ state: "closed", card: { column: "Done" } });
  await it.reconcile();
  expect((await it.run(issue)).run).toBe(1);
});

test("an excluded label is left untouched, and explain says why", async () => {
  const it = await story("acme/filtered", { filters: { excludedLabels: ["later"] } });
  const issue = await it.begins({ labels: ["later"] });
  await it.reconcile();
  await it.reconcile();
  expect(await it.explain(issue)).toBe("No run was started: excluded-label: later.");
  expect(await it.owner.run(issue.number)).toBeNull();
  expect(await it.events("card-filtered")).toHaveLength(1);
  expect([issue.card?.column, issue.comments, issue.state]).toEqual(["Todo", [], "open"]);
  issue.labels.splice(0);
  const gate = createGate();
  await it.runner("laptop-filtered", { plan: () => gate.opened });
  await it.reconcile();
  expect(await it.reaches(issue, { phase: "PLANNING", awaiting: "session" })).toMatchObject({ run: 1 });
  gate.open();
});
