import { sign } from "@octokit/webhooks-methods";
import { beforeAll, beforeEach, expect, test } from "vitest";
import { hookId, hookSecret } from "../../platform/hook-id.ts";
import type { Hook } from "../../platform/hook-id.ts";
import { createTestMesh, problemOf, signingKey } from "../test-mesh.ts";

const mesh = createTestMesh();
const keys = { current: signingKey };
const hook: Hook = { kind: "repository", subject: "R_acmetodoapp", version: 1 };
const payload = { action: "edited", issue: { number: 7 }, repository: { node_id: "R_acmetodoapp" } };
let path = "";

beforeAll(async () => {
  path = `/webhooks/github/${await hookId(keys, hook)}`;
});
beforeEach(() => {
  mesh.queued.length = 0;
});

async function post(body: string, { event = "issues", headers = {}, to = path, secret = "" } = {}): Promise<Response> {
  const signature = await sign(secret || (await hookSecret(keys, hook)), body);
  const sent = {
    "x-github-event": event,
    "x-github-delivery": "d-1",
    "x-hub-signature-256": signature,
    "content-type": "application/json",
    ...headers,
  };
  return mesh.request(to, {
    method: "POST",
    token: null,
    headers: Object.fromEntries(Object.entries(sent).filter(([, value]) => value !== "")),
    body,
  });
}

test("a signed event is queued as what to look at, without the payload", async () => {
  const response = await post(JSON.stringify({ ...payload, secretPart: "x".repeat(1_000) }));
  expect([response.status, await response.json()]).toEqual([202, { status: "accepted" }]);
  expect(mesh.queued).toEqual([
    {
      queue: "mesh-inbound",
      body: {
        delivery: "d-1",
        receivedAt: expect.any(Number),
        reading: { look: [{ type: "card", issue: 7 }], repositoryNodeId: "R_acmetodoapp" },
      },
    },
  ]);
});

test("form encoding is taken, with the signature over the raw body", async () => {
  const body = new URLSearchParams({ payload: JSON.stringify(payload) }).toString();
  const response = await post(body, { headers: { "content-type": "application/x-www-form-urlencoded" } });
  expect(response.status).toBe(202);
  expect(mesh.queued).toHaveLength(1);
});

test("an event that says nothing to the mesh is answered with the reason and not queued", async () => {
  for (const [event, reason] of [
    ["ping", "not-used"],
    ["meteor", "not-used"],
  ] as const) {
    const response = await post(JSON.stringify(payload), { event });
    expect([response.status, await response.json()]).toEqual([202, { status: "ignored", reason }]);
  }
  expect(mesh.queued).toEqual([]);
});

test("a repository's hook speaks for no other repository", async () => {
  const response = await post(JSON.stringify({ ...payload, repository: { node_id: "R_other" } }));
  expect(await response.json()).toEqual({ status: "ignored", reason: "other-repository" });
  expect(mesh.queued).toEqual([]);
});

test("a signature that is wrong, missing or malformed is refused", async () => {
  const body = JSON.stringify(payload);
  const refused = { status: 401, reason: "signature-wrong", paths: [] };
  expect(await problemOf(await post(body, { secret: "another secret" }))).toEqual(refused);
  expect(await problemOf(await post(body, { headers: { "x-hub-signature-256": "" } }))).toEqual(refused);
  expect(await problemOf(await post(body, { headers: { "x-hub-signature-256": "sha256=zz" } }))).toEqual(refused);
  expect(mesh.queued).toEqual([]);
});

test("an unknown hook is not there, whoever signed", async () => {
  for (const to of ["/webhooks/github/x", path.slice(0, -1), path.replace("r1.", "r2.")]) {
    expect(await problemOf(await post(JSON.stringify(payload), { to }))).toEqual({ status: 404, reason: "not-found", paths: [] });
  }
});

test("missing headers and what is not JSON are refused", async () => {
  const body = JSON.stringify(payload);
  expect(await problemOf(await post(body, { headers: { "x-github-event": "" } }))).toMatchObject({
    status: 400,
    reason: "headers-missing",
  });
  expect(await problemOf(await post(body, { headers: { "x-github-delivery": "" } }))).toMatchObject({
    status: 400,
    reason: "headers-missing",
  });
  expect(await problemOf(await post("{not json"))).toMatchObject({ status: 400, reason: "not-json" });
  expect(await problemOf(await post("a=b", { headers: { "content-type": "application/x-www-form-urlencoded" } }))).toMatchObject({
    status: 400,
    reason: "not-json",
  });
});

test("a body that announces more than 25 MiB is refused unread", async () => {
  let pulled = 0;
  const body = new ReadableStream<Uint8Array>(
    { pull: (controller) => void ((pulled += 1), controller.enqueue(new Uint8Array(1_024))) },
    { highWaterMark: 0 },
  );
  const headers = { "content-length": String(25 * 1024 * 1024 + 1), "x-github-event": "issues", "x-github-delivery": "d-1" };
  const response = await mesh.request(path, { method: "POST", token: null, headers, body });
  expect(await problemOf(response)).toMatchObject({ status: 413, reason: "body-too-large" });
  expect(pulled).toBe(0);
});

test("a body that streams on without an end is refused at the limit", async () => {
  const chunk = new Uint8Array(1024 * 1024);
  let pulled = 0;
  let cancelled = false;
  const body = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        pulled += 1;
        controller.enqueue(chunk);
      },
      cancel: () => void (cancelled = true),
    },
    { highWaterMark: 0 },
  );
  const response = await mesh.request(path, {
    method: "POST",
    token: null,
    headers: { "x-github-event": "issues", "x-github-delivery": "d-1" },
    body,
  });
  expect(await problemOf(response)).toMatchObject({ status: 413 });
  expect([pulled, cancelled]).toEqual([26, true]);
});
