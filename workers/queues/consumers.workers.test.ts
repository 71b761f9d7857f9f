import { beforeEach, expect, test, vi } from "vitest";
import { ClientError } from "../../clients/client-error.ts";
import type { InMemoryRepository } from "../../clients/github/in-memory-github.ts";
import { dayMs } from "../../core/time.ts";
import { meshProject } from "../../core/ids.ts";
import type { EffectId, ProjectKey } from "../../core/ids.ts";
import type { JournalEvent } from "../../core/events.ts";
import { orchestrator } from "../../durable-objects/remote.ts";
import type { InboundMessage } from "../../platform/queue-messages.ts";
import { createTestMesh } from "../test-mesh.ts";

const mesh = createTestMesh();
let repository: InMemoryRepository;
let project: ProjectKey;
let number = 0;

beforeEach(async () => {
  number += 1;
  mesh.queued.length = 0;
  repository = await mesh.addProject(`acme/app-${"abcdefghijklmnopqrstuvwxyz"[number]}`);
  project = repository.profile.key;
});

function looking(look: InboundMessage["reading"]["look"], change: Partial<InboundMessage["reading"]> = {}): InboundMessage {
  return { delivery: `d-${Math.random()}`, receivedAt: 1, reading: { look, repositoryNodeId: project, ...change } };
}

async function events(type: JournalEvent["type"]): Promise<readonly JournalEvent[]> {
  return (await orchestrator(mesh.env, project).journalSince(0, 1_000)).events.filter((event) => event.type === type);
}

async function effectsOf(kind: string): Promise<EffectId[]> {
  return (await events("effect-requested")).filter(({ data }) => data["kind"] === kind).map(({ data }) => data["effect"] as EffectId);
}

/** Resolves when the task is with an agent. */
function dispatched(id: string): Promise<void> {
  return vi.waitFor(async () => expect(await (await mesh.request(`/tasks/${id}`)).json()).toMatchObject({ status: "dispatched" }), {
    interval: 10,
  });
}

async function submitted(task: object): Promise<string> {
  const { tasks } = await (await mesh.send("POST", "/tasks", task)).json<{ tasks: { id: string }[] }>();
  const id = tasks[0]?.id ?? "";
  await dispatched(id);
  return id;
}

test("a webhook about a card in Todo starts a run from the card as it is now", async () => {
  const { number: issue } = repository.addIssue({ column: "Todo", title: "Greet by name" });
  const message = looking([{ type: "card", issue }]);
  expect(await mesh.deliver("mesh-inbound", message)).toMatchObject({ acked: ["m0-0"], retried: [] });
  expect(await orchestrator(mesh.env, project).run(issue)).toMatchObject({ phase: "INTAKE", title: "Greet by name" });
});

test("the same thing named by several webhooks of a batch is read once", async () => {
  const { number: issue, nodeId } = repository.addIssue({ column: "Todo" });
  const messages = Array.from({ length: 5 }, () => looking([{ type: "card", issue }]));
  const byNode = looking([{ type: "card", contentNodeId: nodeId }], { repositoryNodeId: undefined, boardId: repository.profile.board?.id });
  const failure = new ClientError("GitHub", "down", { code: "unavailable", retryable: true });
  mesh.github.failNext("observeCard", failure, { times: 1, after: true });
  const first = await mesh.deliver("mesh-inbound", ...messages, byNode);
  expect([first.acked.length, first.retried.length]).toEqual([1, 5]);
  expect((await mesh.deliver("mesh-inbound", ...messages)).acked).toHaveLength(5);
  expect(await events("run-started")).toHaveLength(1);
});

test("a webhook that cannot be followed neither holds up nor spoils the others", async () => {
  const [one, two] = [repository.addIssue({ column: "Todo" }), repository.addIssue({ column: "Todo" })];
  mesh.github.failNext("observeCard", new ClientError("GitHub", "no", { code: "forbidden", retryable: false }));
  const stranger = looking([{ type: "card", issue: 1 }], { repositoryNodeId: "R_stranger" });
  const settled = await mesh.deliver(
    "mesh-inbound",
    looking([{ type: "card", issue: one.number }]),
    stranger,
    looking([{ type: "card", issue: two.number }]),
  );
  expect(settled).toMatchObject({ retried: [], acked: expect.arrayContaining(["m0-0", "m1-0", "m2-0"]) });
  expect(await orchestrator(mesh.env, project).run(one.number)).toBeNull();
  expect(await orchestrator(mesh.env, project).run(two.number)).toMatchObject({ phase: "INTAKE" });
});

test("an effect is carried out once, however often it is delivered", async () => {
  const { number: issue } = repository.addIssue({ column: "Todo" });
  await mesh.deliver("mesh-inbound", looking([{ type: "card", issue }]));
  const [comment] = await effectsOf("comment");
  expect(comment).toBeDefined();
  const message = { project, effect: comment };
  await Promise.all([mesh.deliver("mesh-github-writes", message, message), mesh.deliver("mesh-github-writes", message)]);
  await mesh.deliver("mesh-github-writes", message);
  expect(repository.issues.get(issue)?.comments).toHaveLength(1);
  expect((await events("effect-done")).filter(({ data }) => data["effect"] === comment)).toHaveLength(1);
});

test("a failed effect is told to the orchestrator, and its message is done with", async () => {
  const { number: issue } = repository.addIssue({ column: "Todo" });
  await mesh.deliver("mesh-inbound", looking([{ type: "card", issue }]));
  const [comment] = await effectsOf("comment");
  mesh.github.failNext(
    "comment",
    new ClientError("GitHub", "rate limit", { code: "rate-limited", retryable: true, retryAt: Date.now() + 60_000 }),
  );
  const settled = await mesh.deliver("mesh-github-writes", { project, effect: comment });
  expect(settled.retried).toEqual([]);
  expect(repository.issues.get(issue)?.comments).toHaveLength(0);
  expect((await orchestrator(mesh.env, project).view()).outbox).toBeGreaterThan(0);
  expect(await orchestrator(mesh.env, project).claimEffect(comment as EffectId, 1_000)).toBeNull();
});

test("built-in agents answer with the model's verdict; a repeat asks no second time", async () => {
  mesh.model.answer("tech_consultation", { value: { guidance: "Start with the parser." } });
  const { number: issue } = repository.addIssue({ column: "Todo" });
  await mesh.deliver("mesh-inbound", looking([{ type: "card", issue }]));
  const task = (await orchestrator(mesh.env, project).tasks({ capability: "tech-consultation", limit: 1 }))[0];
  const message = { project, task: task?.id, attempt: 1 };
  await dispatched(task?.id ?? "");
  await mesh.deliver("mesh-tasks", message);
  await mesh.deliver("mesh-tasks", message);
  expect(mesh.model.asked.filter(({ schema }) => schema.name === "tech_consultation")).toHaveLength(1);
  expect(await orchestrator(mesh.env, project).task(task?.id ?? ("" as never))).toMatchObject({
    status: "completed",
    result: { guidance: "Start with the parser." },
  });
  expect(await orchestrator(mesh.env, project).run(issue)).toMatchObject({ phase: "PLANNING", usd: 0.01 });
});

test("a model's answer of another form is a failed attempt, never a verdict", async () => {
  mesh.model.answer("general", { value: { verdict: "?" } });
  const id = await submitted({ capability: "general", payload: { prompt: "Hello" }, maxAttempts: 1 });
  await mesh.deliver("mesh-tasks", { project: "mesh", task: id, attempt: 1 });
  expect(await (await mesh.request(`/tasks/${id}`)).json()).toMatchObject({
    status: "failed",
    error: { message: expect.stringContaining("unparsable-answer") },
  });
  const bad = await submitted({ capability: "general", payload: 7, maxAttempts: 1 });
  await mesh.deliver("mesh-tasks", { project: "mesh", task: bad, attempt: 1 });
  expect(await (await mesh.request(`/tasks/${bad}`)).json()).toMatchObject({ status: "failed", error: { kind: "configuration" } });
});

test("a dead attempt becomes an infrastructure failure", async () => {
  const id = await submitted({ capability: "general", payload: { prompt: "Hello" }, maxAttempts: 1 });
  const message = { project: "mesh", task: id, attempt: 1 };
  expect(await mesh.deliver("mesh-tasks-dead", message, message)).toMatchObject({ retried: [] });
  expect(await (await mesh.request(`/tasks/${id}`)).json()).toMatchObject({ status: "failed", error: { kind: "infrastructure" } });
});

test("a dead effect is heard of by its orchestrator and stays in the outbox to be tried again", async () => {
  const { number: issue } = repository.addIssue({ column: "Todo" });
  await mesh.deliver("mesh-inbound", looking([{ type: "card", issue }]));
  const [comment] = await effectsOf("comment");
  const before = (await orchestrator(mesh.env, project).view()).outbox;
  expect(await mesh.deliver("mesh-effects-dead", { project, effect: comment })).toMatchObject({ retried: [] });
  expect((await orchestrator(mesh.env, project).view()).outbox).toBe(before);
});

test("a dead projection is poked on, a dead webhook is left to the poll", async () => {
  expect(await mesh.deliver("mesh-projections-dead", { project: meshProject }, { project: meshProject })).toMatchObject({
    acked: [expect.any(String), expect.any(String)],
  });
  expect(mesh.queued).toEqual([{ queue: "mesh-projections", body: { project: "mesh" } }]);
  expect(await mesh.deliver("mesh-inbound-dead", looking([{ type: "card", issue: 1 }]))).toMatchObject({ retried: [] });
});

test("a dead webhook with a comment is sent again, the comment alone, until it is too old", async () => {
  const comment = { type: "comment", issue: 1, commentId: "77", author: "octocat", body: "/answer Blue", ours: false } as const;
  const fresh = { ...looking([{ type: "card", issue: 1 }, comment]), receivedAt: Date.now() - 2 * dayMs };
  expect(await mesh.deliver("mesh-inbound-dead", fresh)).toMatchObject({ retried: [] });
  expect(mesh.queued).toEqual([{ queue: "mesh-inbound", body: { ...fresh, reading: { ...fresh.reading, look: [comment] } } }]);
  mesh.queued.length = 0;
  expect(await mesh.deliver("mesh-inbound-dead", { ...fresh, receivedAt: Date.now() - 4 * dayMs })).toMatchObject({ retried: [] });
  expect(mesh.queued).toEqual([]);
});

test("a comment whose author's rights cannot be asked for waits until that is mended", async () => {
  const look = { type: "comment", issue: 1, commentId: "78", author: "octocat", body: "/answer Blue", ours: false } as const;
  mesh.github.failNext("permissionOf", new ClientError("GitHub", "renew the token", { code: "authentication", retryable: false }));
  expect(await mesh.deliver("mesh-inbound", looking([look]))).toMatchObject({ acked: [], retried: [expect.any(String)] });
  expect(await mesh.deliver("mesh-inbound", looking([look]))).toMatchObject({ acked: [expect.any(String)], retried: [] });
});

test("with the database away the journal waits", async () => {
  expect(await mesh.deliver("mesh-projections", { project }, { project })).toMatchObject({
    acked: [],
    retried: [expect.any(String), expect.any(String)],
  });
  const page = await orchestrator(mesh.env, project).journalSince(0, 10);
  expect(page.events.length).toBeGreaterThan(0);
});
