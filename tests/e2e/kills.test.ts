import { afterAll, beforeAll, expect, test } from "vitest";
import { demonstration, putIntoTodo, watch } from "../../dev/demo/demonstration.ts";
import { personWithPhone } from "../../dev/demo/person.ts";
import { writeReport } from "../../dev/demo/report.ts";
import { doubles } from "./doubles.ts";
import { meshForTest, seeded, until } from "./mesh-fixture.ts";
import { journalAndReadModel } from "./read-model.ts";

let mesh: Awaited<ReturnType<typeof meshForTest>>;
const startedAt = Date.now();
const seed = Number(process.env.MESH_SEED ?? startedAt % 1_000_000);

beforeAll(async () => {
  mesh = await meshForTest({ automations: true });
});
afterAll(() => mesh?.end());

test(`kill -9 of workerd at ten random moments, board automations on, seed ${seed}: the same end, nothing doubled, nothing lost`, async () => {
  process.stdout.write(`seed ${seed}; again with MESH_SEED=${seed}\n`);
  const random = seeded(seed);
  const putAway = personWithPhone(mesh, ["Semicolon"], (line) => mesh.said.push(line));
  await putIntoTodo(mesh);
  let kills = 0;
  const stop = new AbortController();
  const killer = (async () => {
    while (kills < 10 && !stop.signal.aborted) {
      await new Promise((resolve) => setTimeout(resolve, 500 + random() * 3_500));
      const victim = mesh.wrangler.runtime();
      if (victim === undefined) continue;
      try {
        process.kill(victim, "SIGKILL");
        kills += 1;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
      }
      await until(
        "the Worker is back",
        async () => (await fetch(`${mesh.url}/api/healthz`, { signal: AbortSignal.timeout(2_000) })).ok,
        60_000,
      );
    }
  })();
  const done = await watch(mesh, { limitMs: 400_000, log: (line) => mesh.said.push(line) });
  await killer;
  stop.abort();
  putAway();
  const report = await writeReport(mesh, startedAt);
  expect(report.faults, mesh.said.slice(-80).join("\n")).toEqual([]);
  expect(done).toBe(true);
  expect(kills).toBe(10);
  expect(doubles(mesh)).toEqual([]);
  expect(report.issues.find(({ key }) => key === "acme/todo-app#1")?.phases.map(({ phase }) => phase)).toContain("REVIEW");
  const { items } = await mesh.client.get<{ items: { status: string }[] }>("/tasks?limit=200");
  expect(items.filter(({ status }) => status !== "completed" && status !== "cancelled")).toEqual([]);
  for (const project of ["acme/todo-app", "solo/notes"]) {
    const { journal, readModel } = await journalAndReadModel(mesh, project);
    expect(readModel).toEqual(journal);
  }
  expect(report.issues.map(({ key }) => key)).toEqual(demonstration.map(({ key }) => key));
});
