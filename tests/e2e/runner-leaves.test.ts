import { afterAll, beforeAll, expect, test } from "vitest";
import type { JournalEvent, JournalPage } from "../../core/events.ts";
import type { RunView } from "../../core/project/views.ts";
import { demonstration, putIntoTodo, runOf } from "../../dev/demo/demonstration.ts";
import { descendants } from "../../dev/mesh/processes.ts";
import { doubles } from "./doubles.ts";
import { meshForTest, until } from "./mesh-fixture.ts";

/** A runner that leaves while its agent asks. */
const asking = "acme/todo-app#3";
let mesh: Awaited<ReturnType<typeof meshForTest>>;

beforeAll(async () => {
  mesh = await meshForTest({ port: 20_388 });
});
afterAll(() => mesh?.end());

async function begin(key: string): Promise<void> {
  await putIntoTodo(
    mesh,
    demonstration.filter((each) => each.key === key),
  );
}

function runWith(key: string, look: (run: RunView) => boolean, what: string): Promise<RunView> {
  return until(what, async () => {
    const run = await runOf(mesh, key);
    return run !== null && look(run) && run;
  });
}

async function events(project: string, type: JournalEvent["type"]): Promise<readonly JournalEvent[]> {
  const page = await mesh.client.get<JournalPage>(`/projects/${project}/journal?after=0&limit=500`);
  return page.events.filter((event) => event.type === type);
}

const agents = () => descendants(mesh.runners.at(-1)?.process.pid ?? -1, "claude");

test("a runner that is told to leave while its agent asks parks the session and leaves; the answer brings the conversation back", async () => {
  await begin(asking);
  const asked = await runWith(asking, (run) => run.questions.some(({ status }) => status === "with-human"), "a person is asked");
  const [question] = asked.questions;
  expect([question?.parked, agents().length > 0]).toEqual([false, true]);
  const begun = Date.now();
  const runner = mesh.runners.at(-1);
  process.kill(runner?.process.pid ?? -1, "SIGTERM");
  expect(await runner?.process.ended).toBe(0);
  expect(Date.now() - begun).toBeLessThan(30_000);
  await runWith(asking, (run) => run.questions.some(({ parked }) => parked), "the session is parked");
  expect((await events("acme/todo-app", "question-parked")).length).toBe(1);

  await mesh.client.post(`/questions/${question?.id}/answer`, { answer: "Semicolon" });
  await mesh.startRunner();
  const done = await runWith(asking, (run) => run.endedAt !== null, "the run ends");
  expect(done).toMatchObject({ phase: "ACCEPTED", session: { conversationId: asked.session?.conversationId } });
  expect(done.questions).toMatchObject([{ parked: true, answer: { answers: ["Semicolon"] } }]);
  expect(done.questions[0]?.appliedAt).not.toBeNull();
  expect(await events("acme/todo-app", "session-failed")).toEqual([]);
  expect(doubles(mesh)).toEqual([]);
});
