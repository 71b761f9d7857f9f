import { expect, test } from "vitest";
import { minuteMs } from "../../core/time.ts";
import { createScenario, healthUrl } from "../support/scenario.ts";

const { mesh, story } = createScenario();

test("merged and not healthy in time: the repair is planned, comes in a pull request of its own, and is merged and healthy", async () => {
  const it = await story("acme/unhealthy");
  await it.runner("laptop-unhealthy");
  mesh.httpCheck.answer(healthUrl, { healthy: false, detail: "answered 500" });
  const issue = await it.begins();
  await it.reaches(issue, { phase: "REVIEW", awaiting: "deployment" });
  const [first] = it.repository.pulls.values();
  await it.recorded("deployment-checked");
  await it.pass(11 * minuteMs);
  await it.recorded("cycle-spent");
  mesh.httpCheck.answer(healthUrl, { healthy: true, detail: "ok" });
  const run = await it.reaches(issue, { phase: "ACCEPTED" });
  await it.settled();

  expect(run.cycles).toEqual({ planning: 0, qa: 0, review: 1 });
  const pulls = [...it.repository.pulls.values()];
  expect(pulls).toMatchObject([
    { number: first?.number, merged: true },
    { branch: first?.branch, merged: true },
  ]);
  expect(run.pullRequest?.number).toBe(pulls[1]?.number);
  expect(it.writes("openPullRequest")).toHaveLength(2);
  expect(it.writes("mergePullRequest").map(({ about }) => about)).toEqual(pulls.map(({ number }) => `#${number}`));
  expect(mesh.httpCheck.asked.at(-1)?.expectCommit).toBe(pulls[1]?.mergeCommit);
  expect(issue).toMatchObject({ state: "closed", card: { column: "Done" } });
});
