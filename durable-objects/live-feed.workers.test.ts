import { evictDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { meshProject } from "../core/ids.ts";
import type { LiveFrame } from "../core/project/views.ts";
import { heartbeatRequest, heartbeatResponse } from "../core/protocol/frames.ts";
import { roleHeader } from "./live-feed.ts";
import { liveFeed } from "./remote.ts";

async function listen(role?: string, since = "") {
  const headers = { upgrade: "websocket", ...(role === undefined ? {} : { [roleHeader]: role }) };
  const { webSocket } = await env.LIVE.getByName("live").fetch(`https://live/?since=${since}`, { headers });
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
  const hello = JSON.parse(await next()) as Extract<LiveFrame, { type: "hello" }>;
  const news = async () => JSON.parse(await next()) as Extract<LiveFrame, { type: "news" }>;
  return { socket: webSocket, hello, next, news, closed };
}

const changed = { type: "tasks-changed", project: meshProject, seq: 3 } as const;

test("every listener hears every message in order, also after the object was evicted, and the numbers go on", async () => {
  const [one, two] = [await listen(), await listen("operator")];
  expect(one.hello).toEqual({ type: "hello", feed: two.hello.feed, n: 0, resumed: false });
  await liveFeed(env).publish([changed, { type: "agents-changed" }]);
  for (const each of [one, two]) {
    expect(await each.news()).toEqual({ type: "news", feed: one.hello.feed, n: 1, messages: [changed, { type: "agents-changed" }] });
  }
  await evictDurableObject(env.LIVE.getByName("live"));
  expect(await liveFeed(env).listeners()).toEqual({ viewer: 1, operator: 1 });
  await liveFeed(env).publish([changed]);
  expect(await two.news()).toEqual({ type: "news", feed: one.hello.feed, n: 2, messages: [changed] });
  one.socket.close(1000, "");
  two.socket.close(1000, "");
});

test("whoever comes back is sent what it missed", async () => {
  const stays = await listen();
  await liveFeed(env).publish([changed]);
  const { feed, n } = await stays.news();
  await liveFeed(env).publish([{ ...changed, seq: 4 }]);
  await liveFeed(env).publish([{ ...changed, seq: 5 }]);
  const back = await listen("viewer", `${feed}.${n}`);
  expect(back.hello).toEqual({ type: "hello", feed, n, resumed: true });
  expect([await back.news(), await back.news()].map((frame) => [frame.n, ...frame.messages])).toEqual([
    [n + 1, { ...changed, seq: 4 }],
    [n + 2, { ...changed, seq: 5 }],
  ]);
  const upToDate = await listen("viewer", `${feed}.${n + 2}`);
  expect(upToDate.hello).toEqual({ type: "hello", feed, n: n + 2, resumed: true });
  for (const { socket } of [stays, back, upToDate]) socket.close(1000, "");
});

test("where what was missed is gone, the greeting says so", async () => {
  const stays = await listen();
  await liveFeed(env).publish([changed]);
  const { feed, n } = await stays.news();
  for (const since of [`other.${n}`, `${feed}.${n + 7}`, `${feed}.-1`, "nonsense", ""]) {
    expect((await listen("viewer", since)).hello, since).toEqual({ type: "hello", feed, n, resumed: false });
  }
  for (let frame = 0; frame < 1_001; frame += 1) await liveFeed(env).publish([changed]);
  expect((await listen("viewer", `${feed}.${n}`)).hello).toMatchObject({ n: n + 1_001, resumed: false });
  expect((await listen("viewer", `${feed}.${n + 1}`)).hello).toMatchObject({ n: n + 1, resumed: true });
  await evictDurableObject(env.LIVE.getByName("live"));
  expect((await listen("viewer", `${feed}.${n + 1_000}`)).hello).toMatchObject({ n: n + 1_001, resumed: false });
  expect((await listen("viewer", `${feed}.${n + 1_001}`)).hello).toMatchObject({ feed, n: n + 1_001, resumed: true });
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
