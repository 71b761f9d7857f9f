import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { closeCodes, type Assignment, type Command, type MeshFrame } from "../core/protocol/frames.ts";
import { openJournal, type Journal } from "./journal.ts";
import { connectMesh, type MeshLink } from "./mesh-link.ts";
import { startMeshDouble, type MeshDouble } from "./testing/mesh-double.ts";

const ref = { taskId: "P.1", attempt: 1 };
let mesh: MeshDouble;
let journal: Journal;
let link: MeshLink | undefined;

beforeEach(async () => {
  mesh = await startMeshDouble();
  journal = openJournal(mkdtempSync(join(tmpdir(), "link-")));
});
afterEach(async () => {
  link?.close();
  await mesh.stop();
});

const offer = (name: string) => ({ name, weight: 1, preferred: false, requirements: [] });
const registration = { capabilities: [offer("qa")], healthChecks: [], slots: 1, metadata: {} };

function connect(token = mesh.token) {
  const heard: (Assignment | Command)[] = [];
  link = connectMesh({
    mesh: { url: mesh.url, id: "laptop-1", token },
    registration: { ...registration, capabilities: [...registration.capabilities, offer("environment")] },
    leastRegistration: registration,
    journal,
    log: () => undefined,
    onAssign: (assignment) => heard.push(assignment),
    onCommand: (command) => heard.push(command),
    onDrain: () => undefined,
    heartbeatMs: 50,
    backoffMs: { first: 5, most: 20 },
  });
  return { link, heard };
}

function report(summary: string): void {
  journal.report({ ...ref, type: "progress", summary });
  link?.flush();
}

test("says hello with the journal and what it works on, and reports in order", async () => {
  journal.assigned({ ...ref, capability: "qa", payload: null, priority: 5, timeoutSeconds: null });
  journal.report({ ...ref, type: "task-accepted" });
  const { link } = connect();
  await mesh.until("task-accepted");
  expect(mesh.hellos).toEqual([{ type: "hello", version: 1, journal: journal.id, lastAck: 0, working: [ref] }]);
  report("one");
  report("two");
  await mesh.until("progress", ({ summary }) => summary === "two");
  expect(await link.settled(2_000)).toBe(true);
  expect(mesh.reports.map(({ seq }) => seq)).toEqual([1, 2, 3]);
  expect(journal.unacknowledged()).toEqual([]);
});

test("after a drop sends again what was not acknowledged, and nothing that was", async () => {
  connect();
  await mesh.connected();
  report("acknowledged");
  await link?.settled(2_000);
  mesh.acknowledge = false;
  report("lost acknowledgement");
  await mesh.until("progress", ({ summary }) => summary === "lost acknowledgement");
  mesh.dropConnection();
  report("written while away");
  await mesh.until("progress", ({ summary }) => summary === "written while away");
  expect(mesh.hellos.map(({ lastAck }) => lastAck)).toEqual([0, 1]);
  expect(mesh.repeats).toBe(1);
  expect(mesh.reports.map(({ seq }) => seq)).toEqual([1, 2, 3]);
});

test("passes over what a newer mesh says, and leaves when what it knows cannot be read", async () => {
  connect();
  await mesh.connected();
  mesh.send({ type: "weather", rain: true } as unknown as MeshFrame);
  report("still here");
  await mesh.until("progress", ({ summary }) => summary === "still here");
  expect(mesh.hellos).toHaveLength(1);
  mesh.send({ type: "ack", seq: "one" } as unknown as MeshFrame);
  await expect.poll(() => mesh.hellos.length, { timeout: 5_000 }).toBe(2);
});

test("takes what it knows of assignments and commands of a newer mesh, and confirms a command it does not know as not done", async () => {
  const { heard } = connect();
  await mesh.connected();
  const assignment: Assignment = { ...ref, capability: "qa", payload: { kept: true }, priority: 5, timeoutSeconds: null };
  const command: Command = { commandId: "c", ...ref, body: { type: "stop", mode: "now", reason: "enough" } };
  const newer = (known: object) => ({ ...known, mood: { colour: "blue" } });
  const send = (frame: object) => mesh.send(newer(frame) as unknown as MeshFrame);
  send({ type: "assign", assignments: [newer(assignment)] });
  send({ type: "command", command: newer({ ...command, body: newer(command.body) }) });
  send({ type: "command", command: newer({ commandId: "sing", ...ref, body: { type: "sing", song: "a" } }) });
  expect(await mesh.until("command-received")).toEqual({ type: "command-received", ...ref, commandId: "sing", applied: false });
  expect(heard).toEqual([assignment, command]);
  expect(mesh.hellos).toHaveLength(1);
  mesh.send({ type: "command", command: { commandId: "c2", ...ref, body: { type: "stop", mode: "someday", reason: "" } } } as never);
  await expect.poll(() => mesh.hellos.length, { timeout: 5_000 }).toBe(2);
});

test("splits many and large reports into frames the mesh accepts", async () => {
  for (let at = 0; at < 250; at++) journal.report({ ...ref, type: "progress", summary: `${at}` });
  for (let at = 0; at < 12; at++) journal.report({ ...ref, type: "plan", markdown: "x".repeat(190_000) });
  connect();
  while (mesh.reports.length < 262) await mesh.until("plan");
  expect(await link?.settled(2_000)).toBe(true);
});

test("gives assignments and commands on, repeats included: the journal tells them apart", async () => {
  const { heard } = connect();
  await mesh.connected();
  const assignment: Assignment = { ...ref, capability: "qa", payload: null, priority: 5, timeoutSeconds: null };
  const command: Command = { commandId: "c", ...ref, body: { type: "nudge" } };
  mesh.send({ type: "assign", assignments: [assignment, assignment] });
  mesh.send({ type: "command", command });
  report("after");
  await mesh.until("progress");
  await expect.poll(() => heard).toEqual([assignment, assignment, command]);
});

test("comes back after an outage of the mesh", async () => {
  mesh.refuseWith = 503;
  connect();
  report("kept");
  mesh.refuseWith = undefined;
  expect((await mesh.until("progress")).summary).toBe("kept");
});

test("ends with clear words when the token is refused", async () => {
  const { link } = connect("wrong");
  const end = await link.ended;
  expect(end.reason).toBe("unauthorized");
  expect(end.message).toContain("refuses this token for agent laptop-1");
  expect(end.message).not.toContain("wrong");
});

test.each([
  ["unauthorized", closeCodes.unauthorized],
  ["unsupported-version", closeCodes.unknownVersion],
  ["replaced", closeCodes.replaced],
] as const)("does not come back when closed as %s", async (reason, code) => {
  const { link } = connect();
  await mesh.connected();
  mesh.closeWith(code);
  expect((await link.ended).reason).toBe(reason);
  expect(mesh.hellos).toHaveLength(1);
});

test("refused for its version, it says which it speaks and what the mesh says, and asks no second time", async () => {
  mesh.refuseHelloWith = {
    code: closeCodes.unknownVersion,
    reason: "this mesh speaks version 3 of the agent protocol, not 1: update the agent",
  };
  const { link } = connect();
  const { reason, message } = await link.ended;
  expect(reason).toBe("unsupported-version");
  expect(message).toMatch(
    /^this runner \(\d\S*\) speaks version 1 of the agent protocol, and the mesh at http:\S+ refuses it: this mesh speaks version 3/,
  );
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect([mesh.hellos.length, mesh.registrations]).toEqual([1, 1]);
});

test.each([
  [2, /welcomed with version 2: update the runner$/],
  [0, /welcomed with version 0: update the mesh, or use an older runner$/],
])("welcomed with version %i, it leaves before it says anything", async (version, words) => {
  mesh.speaks = version;
  journal.report({ ...ref, type: "progress", summary: "not for you" });
  const { link } = connect();
  expect(await link.ended).toMatchObject({ reason: "unsupported-version", message: expect.stringMatching(words) });
  expect([mesh.hellos.length, mesh.reports]).toEqual([1, []]);
  expect(journal.unacknowledged()).toHaveLength(1);
});

test("with a token that does not grant every capability it registers what is left", async () => {
  mesh.grants = ["qa"];
  const connected = mesh.connected();
  connect();
  await connected;
  expect(mesh.registered.map(({ capabilities }) => capabilities.map(({ name }) => name))).toEqual([["qa"]]);
});
