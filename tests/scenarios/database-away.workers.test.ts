import { neonConfig } from "@neondatabase/serverless";
import { afterEach, expect, test } from "vitest";
import { clock } from "../../platform/clock.ts";
import { createCursors } from "../support/cursor-database.ts";
import { createGate, createScenario, pushTo } from "../support/scenario.ts";

const { mesh, story } = createScenario();
const away = neonConfig.fetchFunction;

afterEach(() => {
  neonConfig.fetchFunction = away;
  clock.reset();
});

test("with the database away the run goes on and the journal waits; afterwards the cursor catches up", async () => {
  const it = await story("acme/readless");
  const gate = createGate();
  await it.runner("laptop-readless", {
    implement: async (work) => {
      await gate.opened;
      pushTo(it.repository, work);
    },
  });
  const issue = await it.begins();
  await it.reaches(issue, { phase: "IMPLEMENTATION", awaiting: "session" });
  expect((await mesh.deliver("mesh-projections", { project: it.key })).retried).toHaveLength(1);
  gate.open();
  await it.reaches(issue, { phase: "ACCEPTED" });
  await it.settled();
  const { seq } = await it.owner.view();
  expect((await it.events()).map((event) => event.seq)).toEqual(Array.from({ length: seq }, (_, index) => index + 1));
  // A month later nothing was forgotten that the read model has not seen.
  await it.pass(30 * 24 * 3_600_000, 30 * 24 * 3_600_000);
  expect((await it.events())[0]?.seq).toBe(1);

  const database = createCursors();
  neonConfig.fetchFunction = database.answer;
  const settled = await mesh.deliver("mesh-projections", { project: it.key }, { project: it.key });
  expect(settled.retried).toEqual([]);
  const stands = (await it.owner.view()).seq;
  expect(database.cursors.get(it.key)).toBe(stands);
  expect(database.moves.filter(({ project }) => project === it.key).map(({ from }) => from)[0]).toBe(0);
  expect(database.moves.every(({ statements }) => statements > 0)).toBe(true);
  const moves = database.moves.length;
  await mesh.deliver("mesh-projections", { project: it.key });
  expect(database.moves.length).toBe(moves);
});

test("two consumers at once move the cursor over each event once", async () => {
  const it = await story("acme/raced");
  await it.runner("laptop-raced");
  const issue = await it.begins();
  await it.reaches(issue, { phase: "ACCEPTED" });
  await it.settled();
  const database = createCursors();
  neonConfig.fetchFunction = database.answer;
  await Promise.all([1, 2, 3].map(() => mesh.deliver("mesh-projections", { project: it.key })));
  const own = database.moves.filter(({ project }) => project === it.key);
  let from = 0;
  for (const move of own) {
    expect(move.from).toBe(from);
    from = move.to;
  }
  expect(from).toBe((await it.owner.view()).seq);
});

test("a poke that was lost is found by the reconcile", async () => {
  const it = await story("acme/unpoked");
  const issue = await it.begins();
  await it.reaches(issue, { phase: "PLANNING" });
  const database = createCursors();
  neonConfig.fetchFunction = database.answer;
  mesh.queued.length = 0;
  expect((await it.reconcile()).poked).toBeGreaterThan(0);
  expect(mesh.queued).toContainEqual({ queue: "mesh-projections", body: { project: it.key } });
});
