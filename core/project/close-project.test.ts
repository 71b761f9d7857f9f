import { expect, test } from "vitest";
import type { EffectId } from "../ids.ts";
import { leftNoTrace } from "./lookup.ts";
import { candidateOf, cardOf, Driver, everything, key, profileWith, taskOf } from "./project-fixture.ts";
import { ReplayedProject } from "./replay.ts";

const closed = { type: "project-closed", by: "ada" } as const;

function working(): Driver {
  const drive = new Driver();
  drive.configure({ maxActiveRuns: 1 });
  drive.card(12);
  drive.card(13);
  drive.submit(taskOf("plain"));
  drive.offer(everything, candidateOf("one"));
  return drive;
}

test("closing cancels every run and task, gives no run its turn, and is done once", () => {
  const drive = working();
  const change = drive.say(closed);
  expect([...drive.project.runs.values()].map(({ phase, endedBecause }) => [phase, endedBecause])).toEqual([
    ["cancelled", "the project was deleted by ada"],
    ["cancelled", "the project was deleted by ada"],
  ]);
  expect([...drive.project.tasks.values()].map(({ status }) => status)).toEqual(["cancelled", "cancelled"]);
  expect(drive.types(change)).toContain("project-closed");
  expect(drive.say(closed).applied).toEqual({ status: "ignored", reason: "project-closed" });
});

test("nothing begins in a closed project: no card, no retry, no task; its settings stay as they are", () => {
  const drive = working();
  drive.say(closed);
  expect(drive.card(14).applied).toEqual({ status: "ignored", reason: "project-closed" });
  expect(drive.say({ type: "operator-commanded", issue: 12, command: "retry", by: "op", reason: "" }).applied).toEqual({
    status: "refused",
    reason: "project-closed",
  });
  expect(drive.submit(taskOf("late")).applied).toEqual({ status: "refused", reason: "project-closed" });
  const again = drive.configure();
  expect([again.applied.reason, leftNoTrace(again)]).toEqual(["project-closed", true]);
});

test("what is still to be said outside is said, and its result heard", () => {
  const drive = working();
  drive.say(closed);
  const [entry] = drive.project.entries.values();
  const done = drive.say({ type: "effect-done", effect: entry?.effect.id as EffectId, result: { kind: "done" } });
  expect(done.applied).toEqual({ status: "applied" });
});

test("a project that lives again numbers its runs after those of its life before; the whole journal replays to it", () => {
  const drive = working();
  drive.say(closed);
  const life = new ReplayedProject(key);
  const begun = {
    id: "again",
    at: drive.at,
    type: "project-configured",
    profile: profileWith(),
    meshOverrides: {},
    formerRuns: 4,
  } as const;
  const card = { id: "card", at: drive.at + 1, type: "card-observed", card: cardOf(12) } as const;
  for (const input of [begun, card]) life.apply(input);
  expect(life.run(12)).toMatchObject({ run: 5, branch: "mesh/12.5", failures: [] });
  for (const input of [begun, card]) drive.project.apply(input);
  expect([...drive.project.runs.values()]).toEqual([...life.runs.values()]);
});
