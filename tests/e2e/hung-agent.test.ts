import { afterAll, beforeAll, expect, test } from "vitest";
import type { JournalEvent, JournalPage } from "../../core/events.ts";
import type { RunView } from "../../core/project/views.ts";
import { demonstration, putIntoTodo, runOf } from "../../dev/demo/demonstration.ts";
import { descendants } from "../../dev/mesh/processes.ts";
import { doubles } from "./doubles.ts";
import { isConversationOnDisk } from "./is-conversation-on-disk.ts";
import { meshForTest, until } from "./mesh-fixture.ts";

/** A real agent that hangs. */
const hanging = "solo/notes#1";
let mesh: Awaited<ReturnType<typeof meshForTest>>;

beforeAll(async () => {
  mesh = await meshForTest({ port: 20_488 });
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

test("an agent that is stopped in its tracks behind a live socket is nudged, given up, and begun again in its conversation", async () => {
  await mesh.client.patch("/projects/solo/notes", { overrides: { session: { stallAfterMs: 12_000 } } });
  await begin(hanging);
  const begun = await runWith(
    hanging,
    ({ phase, session }) =>
      phase === "IMPLEMENTATION" && typeof session?.conversationId === "string" && isConversationOnDisk(mesh, session.conversationId),
    "it is implemented, in a conversation that can be gone on with",
  );
  const [hung] = await until("an agent works", () => agents().length > 0 && agents());
  process.kill(hung ?? -1, "SIGSTOP");
  const [nudged] = await until(
    "it is nudged",
    async () => (await events("solo/notes", "session-nudged")).length > 0 && events("solo/notes", "session-nudged"),
  );
  const [lost] = await until(
    "it is lost",
    async () => (await events("solo/notes", "session-lost")).length > 0 && events("solo/notes", "session-lost"),
  );
  expect(Number(lost?.at) - Number(nudged?.at)).toBeGreaterThanOrEqual(12_000);
  const done = await runWith(hanging, (run) => run.endedAt !== null, "the run ends");
  expect(agents()).not.toContain(hung);
  expect(done).toMatchObject({ phase: "ACCEPTED", session: { conversationId: begun.session?.conversationId } });
  expect((await events("solo/notes", "session-failed")).map(({ data }) => String(data["message"]))).toEqual([
    expect.stringMatching(/^the session gave no sign of work .*, also after a nudge: no event, no change, no running command$/),
  ]);
  expect(doubles(mesh)).toEqual([]);
});
