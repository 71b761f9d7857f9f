import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { ReportBody, SessionAssignment } from "../core/protocol/frames.ts";
import type { ToolUse } from "../core/tools/tool-use.ts";
import type { AskRecord } from "./journal.ts";
import { ToolGate } from "./tool-gate.ts";

const ref = { taskId: "P.1.1.t1", attempt: 1 };
let root: string;
let reports: ReportBody[];
let waiting: boolean[];
let durable: Promise<void>;
beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), "gate-")));
  for (const folder of ["tree", "home", "tmp"]) mkdirSync(join(root, folder));
  reports = [];
  waiting = [];
  durable = Promise.resolve();
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function gate(tools: SessionAssignment["tools"] = { allow: [], ask: [], deny: [] }, asks: AskRecord[] = []): ToolGate {
  const session = { sessionId: "P.1.1", tools } as SessionAssignment;
  const place = { root, tree: join(root, "tree"), home: join(root, "home"), tmp: join(root, "tmp"), uid: 1 };
  return new ToolGate({
    ref,
    session,
    asks,
    tools: {
      place,
      grantsFolder: join(root, "grants"),
      secrets: () => ["a-secret-of-the-agent"],
      report: (body) => reports.push(body),
      reported: () => durable,
    },
    onWaiting: (is) => waiting.push(is),
  });
}
const run = (command: string): ToolUse => ({ tool: "Bash", kind: "run", command });
const decisions = () => reports.flatMap((body) => (body.type === "tool-decision" ? [`${body.decision}: ${body.rule}`] : []));
const asked = () => reports.flatMap((body) => (body.type === "ask" ? [body] : []));

test("what the policy allows and refuses is reported, without secrets", async () => {
  const open = gate();
  writeFileSync(join(root, "tree", "plain.txt"), "");
  symlinkSync("/etc/passwd", join(root, "tree", "link"));
  symlinkSync(join(root, "grants"), join(root, "tree", "away"));
  expect(await open.permit(run("echo a-secret-of-the-agent"))).toEqual({ allowed: true });
  expect(await open.permit({ tool: "Read", kind: "read", paths: ["away/x"] })).toMatchObject({ allowed: false });
  expect(await open.permit(run("cat .env"))).toMatchObject({ allowed: false, because: expect.stringContaining("credentials: .env") });
  expect(decisions()).toEqual(["allowed: default", "denied: outside", "denied: credentials"]);
  expect(JSON.stringify(reports)).not.toContain("a-secret-of-the-agent");
});

test("what is asked about waits for the answer: once, for the session, or no", async () => {
  const open = gate();
  const first = open.permit(run("curl a.example"));
  const [question] = asked();
  expect(question?.questions[0]?.options.map(({ label }) => label)).toEqual(["Allow once", "Allow for this session", "Deny"]);
  expect(open.answer("another", ["Deny"])).toBe(false);
  expect(open.answer(question?.askId ?? "", ["allow once"])).toBe(true);
  expect(open.answer(question?.askId ?? "", ["Deny"])).toBe(false);
  expect(await first).toEqual({ allowed: true });

  const again = open.permit(run("curl a.example"));
  expect(asked()[1]?.askId).not.toBe(question?.askId);
  open.answer(asked()[1]?.askId ?? "", ["Allow for this session"]);
  expect(await again).toEqual({ allowed: true });
  expect(await open.permit(run("curl a.example/other"))).toEqual({ allowed: true });
  // It outlives the step: the next one of the session has it from the disk.
  expect(await gate().permit(run("wget a.example"))).toEqual({ allowed: true });

  const other = open.permit(run("curl b.example"));
  open.answer(asked()[2]?.askId ?? "", ["use the mirror"]);
  expect(await other).toEqual({ allowed: false, because: "The people in charge refuse this. They said: use the mirror" });
  expect(waiting).toEqual([true, false, true, false, true, false]);
  expect(decisions()).toEqual([
    ...["asked: network", "allowed: Allow once", "asked: network", "allowed: Allow for this session"],
    ...["allowed: allowed for this session", "allowed: allowed for this session"],
    ...["asked: network", "denied: a person's or the architect's word"],
  ]);
});

test("the same use asked twice at once is one question; after a restart its answer is known", async () => {
  const open = gate();
  const both = [open.permit(run("curl a.example")), open.permit(run("curl a.example"))];
  expect(asked()).toHaveLength(1);
  open.answer(asked()[0]?.askId ?? "", ["Deny"]);
  expect((await Promise.all(both)).map(({ allowed }) => allowed)).toEqual([false, false]);
  const asks = [{ askId: asked()[0]?.askId ?? "", questions: [], answers: ["Allow once"] }];
  expect(await gate(undefined, asks).permit(run("curl a.example"))).toEqual({ allowed: true });
  expect(asked()).toHaveLength(1);
});

test("closing refuses what waits and everything after", async () => {
  const open = gate();
  const held = open.permit(run("curl a.example"));
  open.close("told to stop");
  expect(await held).toEqual({ allowed: false, because: "told to stop" });
  expect(await open.permit(run("ls"))).toEqual({ allowed: false, because: "told to stop" });
  expect(waiting).toEqual([true, false]);
});

test("a mesh that sends no rules gets no decisions, and the defaults hold", async () => {
  const session = { sessionId: "P.1.1" } as SessionAssignment;
  const place = { root, tree: join(root, "tree"), home: join(root, "home"), tmp: join(root, "tmp"), uid: 1 };
  const tools = {
    place,
    grantsFolder: join(root, "grants"),
    secrets: () => [],
    report: (body: ReportBody) => void reports.push(body),
    reported: () => durable,
  };
  const old = new ToolGate({ ref, session, asks: [], tools, onWaiting: () => undefined });
  expect(await old.permit(run("cat .env"))).toMatchObject({ allowed: false });
  expect(reports).toEqual([]);
});

test("a tool is used when it is on disk that it was allowed, and not when the session ended meanwhile", async () => {
  let written = (): void => undefined;
  durable = new Promise((resolve) => (written = resolve));
  const open = gate();
  const states: string[] = [];
  const first = open.permit(run("ls")).then(({ allowed }) => states.push(`ls ${allowed}`));
  const asking = open.permit(run("curl a.example")).then(({ allowed }) => states.push(`curl ${allowed}`));
  open.answer(asked()[0]?.askId ?? "", ["Allow once"]);
  await new Promise((resolve) => setTimeout(resolve, 5));
  expect([decisions(), states]).toEqual([["allowed: default", "asked: network", "allowed: Allow once"], []]);
  written();
  await Promise.all([first, asking]);
  expect(states.toSorted()).toEqual(["curl true", "ls true"]);

  durable = new Promise((resolve) => (written = resolve));
  const late = open.permit(run("ls"));
  open.close("told to stop");
  written();
  expect(await late).toEqual({ allowed: false, because: "told to stop" });
});
