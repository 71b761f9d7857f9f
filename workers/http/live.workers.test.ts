import { expect, test } from "vitest";
import { liveFeed } from "../../durable-objects/remote.ts";
import { createTestMesh, problemOf, viewerToken } from "../test-mesh.ts";

const mesh = createTestMesh();

test("a listener hears what changed, under the role of its token", async () => {
  const { status, webSocket } = await mesh.request("/live", { token: viewerToken, headers: { upgrade: "websocket" } });
  expect(status).toBe(101);
  if (!webSocket) throw new Error("no socket");
  const heard: unknown[] = [];
  const both = new Promise<void>((resolve) =>
    webSocket.addEventListener("message", ({ data }) => {
      heard.push(JSON.parse(String(data)));
      if (heard.length === 2) resolve();
    }),
  );
  webSocket.accept();
  expect(await liveFeed(mesh.env).listeners()).toEqual({ viewer: 1, operator: 0 });
  await liveFeed(mesh.env).publish([{ type: "agents-changed" }]);
  await both;
  expect(heard).toEqual([
    { type: "hello", feed: expect.any(String), n: 0, resumed: false },
    { type: "news", feed: expect.any(String), n: 1, messages: [{ type: "agents-changed" }] },
  ]);
  webSocket.close(1000, "");
});

test("a plain request is told to upgrade, and nobody listens without a login", async () => {
  expect(await problemOf(await mesh.request("/live"))).toMatchObject({ status: 426, reason: "websocket-needed" });
  expect(await problemOf(await mesh.request("/live", { token: null, headers: { upgrade: "websocket" } }))).toMatchObject({ status: 401 });
});

test("history is answered from the read model, and says so when that is away", async () => {
  expect(await problemOf(await mesh.request("/events"))).toMatchObject({ status: 503, reason: "read-model-unreachable" });
  expect(await problemOf(await mesh.request("/events?limit=many"))).toMatchObject({ status: 400 });
  expect(await problemOf(await mesh.request("/usage", { token: null }))).toMatchObject({ status: 401 });
});
