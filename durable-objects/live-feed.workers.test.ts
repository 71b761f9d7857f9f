import { evictDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { meshProject } from "../core/ids.ts";
import { heartbeatRequest, heartbeatResponse } from "../core/protocol/frames.ts";
import { roleHeader } from "./live-feed.ts";
import { liveFeed } from "./remote.ts";

async function listen(role?: string) {
  const headers = { upgrade: "websocket", ...(role === undefined ? {} : { [roleHeader]: role }) };
  const { webSocket } = await env.LIVE.getByName("live").fetch("https://live/", { headers });
  if (webSocket === null) throw new Error("no socket");
  const heard: string[] = [];
  let wake = () => {};
  webSocket.addEventListener("message", ({ data }) => {
    heard.push(String(data));
    wake();
  });
  const closed = new Promise<number>((resolve) => webSocket.addEventListener("close", ({ code }) => resolve(code)));
  webSocket.accept();
  const next = async (): Promise<string> => {
    while (heard.length === 0) await new Promise<void>((resolve) => (wake = resolve));
    return heard.shift() ?? "";
  };
  return { socket: webSocket, next, closed };
}

const changed = { type: "tasks-changed", project: meshProject, seq: 3 } as const;

test("every listener hears every message in order, also after the object was evicted", async () => {
  const [one, two] = [await listen(), await listen("operator")];
  await liveFeed(env).publish([changed, { type: "agents-changed" }]);
  for (const each of [one, two])
    expect([JSON.parse(await each.next()), JSON.parse(await each.next())]).toEqual([changed, { type: "agents-changed" }]);
  await evictDurableObject(env.LIVE.getByName("live"));
  expect(await liveFeed(env).listeners()).toEqual({ viewer: 1, operator: 1 });
  await liveFeed(env).publish([changed]);
  expect(JSON.parse(await two.next())).toEqual(changed);
  one.socket.close(1000, "");
  two.socket.close(1000, "");
});

test("heartbeats are answered", async () => {
  const { socket, next } = await listen();
  socket.send(heartbeatRequest);
  expect(await next()).toBe(heartbeatResponse);
  socket.close(1000, "");
});

test("a listener that speaks is closed, a plain request is refused", async () => {
  const { socket, closed } = await listen();
  socket.send("hello?");
  expect(await closed).toBe(1008);
  expect((await env.LIVE.getByName("live").fetch("https://live/")).status).toBe(426);
});
