import { expect, test } from "vitest";
import { ClientError } from "../../clients/client-error.ts";
import type { EffectBody } from "../../core/effects.ts";
import type { AgentId, EffectId, QuestionId, TaskId } from "../../core/ids.ts";
import { defaultPolicy } from "../../core/policy.ts";
import { createTestMesh } from "../test-mesh.ts";
import { perform } from "./perform-effect.ts";
import type { OutsideEffect } from "./perform-effect.ts";

const mesh = createTestMesh();
const { profile, ...repository } = await mesh.addProject("acme/todo-app");
const { issues, branches, pulls } = repository;

type OutsideBody = Exclude<EffectBody, { kind: "report-spend" }>;
function effect(body: OutsideBody): OutsideEffect {
  return { id: "R_acmetodoapp.e1-1-1" as EffectId, orderKey: "k", issue: 1, run: 1, ...body };
}
const act = (body: OutsideBody) => perform(effect(body), profile, defaultPolicy, mesh.clients);

test("an observation is applied before the effect counts as done", async () => {
  const { number: issue } = repository.addIssue({ column: "Todo", title: "Seen" });
  expect(await act({ kind: "observe-card", issue })).toMatchObject({
    observed: [{ type: "card-observed", card: { title: "Seen" } }],
    result: { kind: "done" },
  });
  expect(await act({ kind: "observe-card", issue: 99 })).toMatchObject({ observed: [{ type: "card-gone", issue: 99 }] });
  branches.set("mesh/1.1", { sha: "a".repeat(40), commits: 2 });
  expect(await act({ kind: "observe-branch", branch: "mesh/1.1" })).toMatchObject({ observed: [{ type: "branch-observed", commits: 2 }] });
  const opened = await act({ kind: "open-pull-request", branch: "mesh/1.1", base: "main", title: "T", body: "B" });
  expect(opened).toMatchObject({ observed: [], result: { kind: "pull-request-open" } });
  const number = [...pulls.keys()][0] ?? 0;
  expect(await act({ kind: "observe-pull-request", number })).toMatchObject({
    observed: [{ type: "pull-request-observed", pull: { number } }],
  });
  expect(await act({ kind: "observe-pull-request", number: 98 })).toEqual({ observed: [], result: { kind: "done" } });
  expect(issues.size).toBe(1);
});

test("a deployment's health is a result, well or not", async () => {
  const url = "https://app.test/healthz";
  const check = { kind: "check-health", url, expectCommit: "abc1234" } as const;
  expect(await act(check)).toMatchObject({ result: { kind: "health", healthy: false } });
  mesh.httpCheck.answer(url, { healthy: true, detail: "answered 200" });
  expect(await act(check)).toMatchObject({ result: { kind: "health", healthy: true, detail: "answered 200" } });
  expect(mesh.httpCheck.asked.at(-1)).toMatchObject({ url, expectCommit: "abc1234", timeLimitMs: 10_000 });
});

test("a deployment that already names a later commit counts when that contains ours", async () => {
  const [ours, later, foreign] = ["a", "b", "c"].map((digit) => digit.repeat(40)) as [string, string, string];
  repository.histories.set(later, [ours]);
  const url = "https://app.test/version";
  const check = { kind: "check-health", url, expectCommit: ours } as const;
  const named = (commit: string) => mesh.httpCheck.answer(url, { healthy: false, detail: "another", otherCommit: commit });
  named(later);
  expect(await act(check)).toMatchObject({
    result: { kind: "health", healthy: true, detail: "runs commit bbbbbbb, which contains aaaaaaa" },
  });
  named(foreign);
  expect(await act(check)).toMatchObject({ result: { kind: "health", healthy: false, detail: "another" } });
  named(later);
  mesh.github.failNext("containsCommit", new ClientError("GitHub", "slow down", { code: "rate-limited", retryable: true }));
  await expect(act(check)).rejects.toMatchObject({ code: "rate-limited", retryable: true });
});

test("a question and what is said of it later share one notification", async () => {
  const question = "R_acmetodoapp.q12-1-3" as QuestionId;
  await act({ kind: "ask-human", question, title: "acme/todo-app#12.1: Colours", message: "Which colour?", choices: ["Blue", "Red"] });
  const said = {
    kind: "settle-notice",
    question,
    purpose: "session",
    state: "answered",
    title: "acme/todo-app#12.1",
    text: "Answered by ann: Blue",
  } as const;
  await act({ ...said, until: Date.now() + 60_000 });
  const [asked, answered] = mesh.ntfy.published;
  expect(asked).toMatchObject({ topic: "mesh", priority: 4, tags: ["question"] });
  expect(asked?.sequenceId).toMatch(/^[A-Za-z0-9_-]{1,64}$/);
  expect(answered).toMatchObject({ sequenceId: asked?.sequenceId, message: "Answered by ann: Blue", priority: 2 });
  expect(mesh.ntfy.shown("mesh")).toHaveLength(1);
});

test("what is said to a session does not come this way", async () => {
  const said = { kind: "tell-session", agent: "a" as AgentId, task: "R_x.t" as TaskId, attempt: 1, command: { type: "nudge" } } as const;
  await expect(act(said)).rejects.toMatchObject({ code: "invalid", retryable: false });
});
