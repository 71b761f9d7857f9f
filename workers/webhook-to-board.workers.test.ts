import { sign } from "@octokit/webhooks-methods";
import { env } from "cloudflare:workers";
import { expect, test, vi } from "vitest";
import type { RunView } from "../core/project/views.ts";
import { orchestrator } from "../durable-objects/remote.ts";
import { hookId, hookSecret } from "../platform/hook-id.ts";
import { composition } from "./clients.ts";
import { createTestMesh, signingKey } from "./test-mesh.ts";

const mesh = createTestMesh();

// The deployed Worker runs in this isolate: its queues' consumers speak to the same clients in memory.
composition.createClients = () => mesh.clients;

test("a webhook about a card leads to a comment, a moved card and a task for a session, by the real queues", async () => {
  mesh.model.answer("tech_consultation", { value: { guidance: "Start with the parser." } });
  const repository = await mesh.addProject("acme/todo-app");
  const issue = repository.addIssue({ column: "Todo", title: "Greet by name" });
  const hook = { kind: "organization", subject: "acme", version: 1 } as const;
  const keys = { current: signingKey };
  const item = { content_node_id: issue.nodeId, content_type: "Issue", project_node_id: repository.profile.board?.id };
  const body = JSON.stringify({ action: "edited", projects_v2_item: item });
  const headers = {
    "x-github-event": "projects_v2_item",
    "x-github-delivery": "d-1",
    "x-hub-signature-256": await sign(await hookSecret(keys, hook), body),
  };

  for (const _ of ["first", "redelivered"]) {
    const response = await mesh.request(`/webhooks/github/${await hookId(keys, hook)}`, { method: "POST", token: null, headers, body });
    expect(response.status).toBe(202);
  }
  for (const { body: message } of mesh.queued.filter(({ queue }) => queue === "mesh-inbound")) await env.INBOUND.send(message);

  const path = `/runs/acme/todo-app/${issue.number}`;
  await vi.waitFor(async () => expect(issue.card?.column).toBe("Planning"), { timeout: 20_000, interval: 50 });
  await vi.waitFor(
    async () =>
      expect(await (await mesh.request(path)).json<RunView>()).toMatchObject({
        id: `acme/todo-app#${issue.number}.1`,
        phase: "PLANNING",
        awaiting: "slot",
      }),
    { timeout: 10_000, interval: 50 },
  );
  await vi.waitFor(() => expect(issue.comments.length).toBeGreaterThan(0), { timeout: 10_000, interval: 50 });
  const explained = await (await mesh.request(`${path}/explain`)).json<{ explain: string }>();
  expect(explained.explain.length).toBeGreaterThan(10);
  const cancelled = await mesh.send("POST", `${path}/cancel`, { reason: "the test is over" });
  expect([cancelled.status, await cancelled.json()]).toMatchObject([202, { run: { phase: "CANCELLED" } }]);
  expect((await mesh.send("POST", `${path}/cancel`)).status).toBe(409);
  const { items } = await (await mesh.request("/runs?active=0")).json<{ items: RunView[] }>();
  expect(items.map(({ key }) => key)).toEqual([`acme/todo-app#${issue.number}`]);
  await vi.waitFor(async () => expect((await orchestrator(env, repository.profile.key).view()).outbox).toBe(0), {
    timeout: 20_000,
    interval: 50,
  });
});
