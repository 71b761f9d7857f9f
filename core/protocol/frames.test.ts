import { expect, test } from "vitest";
import { agentFrame, commandBody, meshFrame, registration, reportBody, sessionAssignment } from "./frames.ts";
import type { AgentFrame, CommandBody, MeshFrame } from "./frames.ts";
import { probeWork } from "./probe-work.ts";
import { protocolSchema } from "./protocol-schema.ts";
import { loginWork, trialWork } from "./runner-work.ts";

const ref = { taskId: "P.1", attempt: 1 };
const more = { mood: "blue" };

const fromMesh: readonly MeshFrame[] = [
  { type: "welcome", version: 1, ack: 0 },
  { type: "assign", assignments: [{ ...ref, capability: "qa", payload: null, priority: 5, timeoutSeconds: 30 }] },
  { type: "command", command: { commandId: "c", ...ref, body: { type: "nudge" } } },
  { type: "ack", seq: 1 },
  { type: "heartbeat-ack" },
  { type: "output-ack", sessionId: "s", offset: 1 },
  { type: "output-refused", sessionId: "s", reason: "malformed" },
  { type: "drain" },
];
const commands: readonly CommandBody[] = [
  { type: "answer", questionId: "q", askId: "a", answers: ["yes"] },
  { type: "prompt", text: "go" },
  { type: "nudge" },
  { type: "park", questionId: "q" },
  { type: "stop", mode: "now", reason: "" },
];

test("every frame and command of the mesh is here", () => {
  const types = (all: readonly { readonly type: string }[]) => all.map(({ type }) => type);
  expect(types(fromMesh)).toEqual(meshFrame.options.map(({ shape }) => shape.type.value));
  expect(types(commands)).toEqual(commandBody.options.map(({ shape }) => shape.type.value));
});

test.each(fromMesh)("of $type from the mesh an agent passes over what it does not know", (frame) => {
  expect(meshFrame.parse({ ...frame, ...more })).toEqual(frame);
});

test.each(commands)("so of the command $type", (body) => {
  const frame = (given: object) => ({ type: "command", command: { commandId: "c", ...ref, body: given } });
  expect(meshFrame.parse(frame({ ...body, ...more }))).toEqual(frame(body));
});

test("so of an assignment, and of the payloads that the mesh makes", () => {
  const known = { ...ref, capability: "qa", payload: more, priority: 5, timeoutSeconds: 30 };
  expect(meshFrame.parse({ type: "assign", assignments: [{ ...known, ...more }] })).toEqual({ type: "assign", assignments: [known] });
  expect(loginWork.parse({ type: "status", ...more })).toEqual({ type: "status" });
  expect(probeWork.parse({ value: "v", holdMs: 1, ...more })).toEqual({ value: "v", holdMs: 1 });
  const trial = {
    type: "trial",
    project: "a/b",
    cloneUrl: "https://x.test/a",
    branch: "main",
    installCommand: null,
    testCommand: null,
    timeoutMs: 1,
  };
  expect(trialWork.parse({ ...trial, ...more })).toEqual(trial);
  expect(sessionAssignment.shape.tools.parse({ allow: ["run: x"], mood: ["blue"] })).toEqual({ allow: ["run: x"], ask: [], deny: [] });
});

const fromAgents: readonly AgentFrame[] = [
  { type: "hello", version: 1, journal: "journal-1", lastAck: 0, working: [] },
  { type: "reports", reports: [{ seq: 1, at: 1, body: { type: "task-accepted", ...ref } }] },
  { type: "output", sessionId: "s", offset: 0, data: "x" },
  { type: "heartbeat" },
];

test.each(fromAgents)("the mesh refuses what it does not know of $type", (frame) => {
  expect(agentFrame.safeParse(frame).success).toBe(true);
  expect(agentFrame.safeParse({ ...frame, ...more }).success).toBe(false);
});

test("so of reports and registrations", () => {
  expect(reportBody.safeParse({ type: "task-accepted", ...ref, ...more }).success).toBe(false);
  expect(registration.safeParse({ capabilities: [{ name: "qa" }], ...more }).success).toBe(false);
});

test("the published schema is open where the mesh speaks, and closed where agents do", () => {
  const { meshFrames, commands: said, payloads, agentFrames, reports } = protocolSchema() as Record<string, object>;
  expect(JSON.stringify({ meshFrames, said, payloads })).not.toContain('"additionalProperties":false');
  expect(JSON.stringify([agentFrames, reports])).toContain('"additionalProperties":false');
});
