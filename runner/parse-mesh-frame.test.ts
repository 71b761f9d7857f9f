import { expect, test } from "vitest";
import { parseMeshFrame } from "./parse-mesh-frame.ts";

const assignment = {
  ...{
    taskId: "P.t1",
    attempt: 1,
    capability: "mesh.probe",
    payload: { value: "x", holdMs: 0, later: 1 },
    priority: 5,
    timeoutSeconds: 60,
  },
};
const command = { commandId: "c1", taskId: "P.t1", attempt: 1, body: { type: "stop", mode: "now", reason: "enough" } };

test("fields of later versions are left out wherever they are, but not from a payload", () => {
  const assign = { type: "assign", assignments: [assignment] };
  const more = { ...assign, later: true, assignments: [{ ...assignment, deep: [1, null] }] };
  expect(parseMeshFrame(JSON.stringify(more))).toEqual(assign);
  const told = { type: "command", command: { ...command, urgent: true, body: { ...command.body, by: "ada" } } };
  expect(parseMeshFrame(JSON.stringify(told))).toEqual({ type: "command", command });
});

test("of a mesh of another version is known that it is one", () => {
  expect(parseMeshFrame('{"type":"welcome","version":2,"since":7}')).toEqual({ type: "welcome", version: 2, ack: 0 });
});

test("a frame of a later version is unknown; what lacks something, or is no frame, is malformed", () => {
  expect(parseMeshFrame('{"type":"a-frame-of-later-versions","detail":{}}')).toBe("unknown");
  for (const text of ['{"type":"ack","later":1}', '{"type":7}', "null", "[]", "{", '{"type":"assign","assignments":[{"later":1}]}']) {
    expect([text, parseMeshFrame(text)]).toEqual([text, "malformed"]);
  }
});

test("a command of a later version is told from one that cannot be read", () => {
  const said = (body: object) => parseMeshFrame(JSON.stringify({ type: "command", command: { ...command, body } }));
  expect(said({ type: "sing", song: "a" })).toEqual({
    type: "unknown-command",
    commandId: "c1",
    ref: { taskId: "P.t1", attempt: 1 },
    named: "sing",
  });
  for (const body of [{ type: "stop", mode: "someday", reason: "" }, { type: 7 }, {}]) expect(said(body)).toBe("malformed");
});
