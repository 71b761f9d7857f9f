import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import type { ReportBody } from "../core/protocol/frames.ts";
import { mailbox, sessionFeed } from "./remote.ts";
import { snapshotsPrefix } from "./session-recording.ts";
import { connect, createProject } from "./test-project.ts";

/** An agent at work on a task that is a step of a session. */
async function working() {
  const project = createProject();
  const sessionId = `${project.key}.s1-1`;
  const { agent, socket } = await connect(project);
  await project.submit(project.task("step", { payload: { sessionId } }));
  await socket.hears("assign");
  const ref = { taskId: project.id("step"), attempt: 1 };
  const done: ReportBody = { type: "task-done", ...ref, result: null };
  return { project, agent, it: socket, sessionId, ref, done };
}

test("output is acknowledged when it is kept, also what comes after the attempt's end", async () => {
  const { it, sessionId, done } = await working();
  it.say({ type: "output", sessionId, offset: 0, data: "" });
  expect(await it.hears("output-ack")).toEqual({ type: "output-ack", sessionId, offset: 0 });
  it.say({ type: "output", sessionId, offset: 0, data: "one " });
  await it.hears("output-ack", ({ offset }) => offset === 4);
  await it.acknowledged(it.report(done));
  it.say({ type: "output", sessionId, offset: 4, data: "two" });
  await it.hears("output-ack", ({ offset }) => offset === 7);
  expect(await sessionFeed(env, sessionId).state()).toMatchObject({ end: 7 });
  it.close();
});

test("output of a session that is not the agent's is refused with a reason, and the rest goes on", async () => {
  const { it, project, sessionId, agent } = await working();
  for (const foreign of [`${project.key}.s999-1`, "no-project"]) {
    it.say({ type: "output", sessionId: foreign, offset: 0, data: "x" });
    expect(await it.hears("output-refused")).toEqual({ type: "output-refused", sessionId: foreign, reason: "foreign-session" });
  }
  expect(await mailbox(env, agent).output("P_other.s1-1", 0, "x")).toEqual({ status: "refused", reason: "foreign-session" });
  it.say({ type: "output", sessionId, offset: 0, data: "mine" });
  await it.hears("output-ack", ({ offset }) => offset === 4);
  it.close();
});

test("with a piece missing output is sent again from where it broke, in order and once", async () => {
  const { it, sessionId } = await working();
  it.say({ type: "output", sessionId, offset: 0, data: "ab" });
  it.say({ type: "output", sessionId, offset: 4, data: "ef" });
  it.say({ type: "output", sessionId, offset: 6, data: "gh" });
  expect(await it.hears("output-ack", ({ again }) => again === true)).toEqual({ type: "output-ack", sessionId, offset: 2, again: true });
  it.say({ type: "output", sessionId, offset: 2, data: "cdef" });
  it.say({ type: "output", sessionId, offset: 6, data: "gh" });
  await it.hears("output-ack", ({ offset }) => offset === 8);
  expect(it.unread.filter((frame) => frame.type === "output-ack" && frame.again === true)).toEqual([]);
  it.close();
});

test("screens go to the feed and to no journal, also with the end right behind", async () => {
  const { it, sessionId, ref, done, project } = await working();
  const snapshot: ReportBody = { type: "snapshot", ...ref, sessionId, kind: "end", screen: "$ done", cols: 100, rows: 30 };
  await it.acknowledged(it.report(snapshot, done));
  const { objects } = await env.ARCHIVE.list({ prefix: snapshotsPrefix(sessionId) });
  expect(objects).toHaveLength(1);
  expect(await (await env.ARCHIVE.get(objects[0]?.key ?? ""))?.json()).toMatchObject({ kind: "end", screen: "$ done" });
  expect(JSON.stringify(await project.events())).not.toContain("$ done");
  it.close();
});
