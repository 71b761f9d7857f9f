import { afterAll, beforeAll, expect, test } from "vitest";
import { demonstration, human, putIntoTodo, runOf } from "../../dev/demo/demonstration.ts";
import { doubles } from "./doubles.ts";
import { meshForTest, until } from "./mesh-fixture.ts";
import { journalAndReadModel } from "./read-model.ts";

let mesh: Awaited<ReturnType<typeof meshForTest>>;

beforeAll(async () => {
  mesh = await meshForTest({ runner: false });
});
afterAll(() => mesh?.end());

const phaseOf = async (key: string): Promise<string | undefined> => (await runOf(mesh, key))?.phase;
const reaches = (key: string, phase: string): Promise<boolean> =>
  until(`${key} reaches ${phase}`, async () => (await phaseOf(key)) === phase);

test("people interfere on GitHub while the database is away: each issue ends as they meant, and the read model catches up", async () => {
  // Tests that take a while leave time for a person to act during QA.
  for (const project of ["acme/todo-app", "solo/notes"])
    await mesh.client.patch(`/projects/${project}`, { overrides: { qa: { testCommand: "sleep 6 && npm test" } } });
  await putIntoTodo(
    mesh,
    demonstration.filter(({ key, outcome }) => outcome === "accepted" && key !== "acme/todo-app#3"),
  );

  // No runner yet: a person pauses issue 2 while it waits for one, and edits it.
  await reaches("acme/todo-app#2", "PLANNING");
  // GitHub knows no compare-and-set: a person's move at the very moment of ours would be lost.
  await until("our own moves are done", async () => {
    const { view } = await mesh.client.get<{ view: { outbox: number } }>("/projects/acme/todo-app");
    return view.outbox === 0;
  });
  await human(mesh, "move-card", { board: "acme/1", issue: "acme/todo-app#2", column: "Blocked" });
  await until("issue 2 is paused", async () => (await runOf(mesh, "acme/todo-app#2"))?.awaiting === "paused");
  await human(mesh, "edit-issue", { issue: "acme/todo-app#2", title: "Show todos that lie around" });
  mesh.neon.setDown(true);
  await mesh.startRunner();

  // Issue 1: merged by a person during QA.
  await reaches("acme/todo-app#1", "QA");
  const pull = await until("issue 1 has a pull request", async () => (await runOf(mesh, "acme/todo-app#1"))?.pullRequest);
  await human(mesh, "merge-pull", { pull: `acme/todo-app#${pull.number}`, login: "ada" });
  await reaches("acme/todo-app#1", "ACCEPTED");

  // solo/notes#1: the pull request is closed, so the run is cancelled; the card back in Todo starts the next one.
  await until("solo/notes#1 has a pull request", async () => (await runOf(mesh, "solo/notes#1"))?.pullRequest);
  const first = (await runOf(mesh, "solo/notes#1"))?.pullRequest;
  await human(mesh, "close-pull", { pull: `solo/notes#${first?.number}`, login: "solo" });
  await reaches("solo/notes#1", "CANCELLED");
  await human(mesh, "move-card", { board: "solo/1", issue: "solo/notes#1", column: "Todo" });
  await until("the second run begins", async () => (await runOf(mesh, "solo/notes#1"))?.run === 2);

  // Issue 2 goes on where it was.
  expect(await phaseOf("acme/todo-app#2")).toBe("PLANNING");
  await human(mesh, "move-card", { board: "acme/1", issue: "acme/todo-app#2", column: "Planning" });
  await reaches("acme/todo-app#2", "ACCEPTED");
  await reaches("solo/notes#1", "ACCEPTED");
  const second = await runOf(mesh, "solo/notes#1");
  expect(second).toMatchObject({ run: 2, branch: "mesh/1.2", pullRequest: { merged: true } });
  expect(second?.pullRequest?.number).not.toBe(first?.number);
  expect((await runOf(mesh, "acme/todo-app#1"))?.cycles).toEqual({ planning: 0, qa: 0, review: 0 });
  expect(doubles(mesh)).toEqual([]);

  mesh.neon.setDown(false);
  for (const project of ["acme/todo-app", "solo/notes"]) {
    const { journal, readModel } = await journalAndReadModel(mesh, project);
    expect(readModel.length).toBeGreaterThan(0);
    expect(readModel).toEqual(journal);
  }
});
