import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Ntfy, startNtfy } from "./start-ntfy.ts";

let ntfy: Ntfy;
beforeAll(async () => {
  ntfy = await startNtfy();
});
afterAll(() => ntfy.close());

const post = (path: string, body: unknown, init: RequestInit = {}) =>
  fetch(ntfy.url + path, { method: "POST", body: typeof body === "string" ? body : JSON.stringify(body), ...init });
const poll = async (path: string) =>
  (await (await fetch(ntfy.url + path)).text())
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Record<string, unknown>);

test("a JSON message comes back with id, time and action ids, and can be polled", async () => {
  const actions = [{ action: "http", label: "Yes", url: "http://127.0.0.1/x", body: "{}" }];
  const response = await post("/", { topic: "json", title: "Tïtle", message: "hello", priority: 5, tags: ["a"], actions });
  const event = (await response.json()) as { id: string };
  expect(event).toMatchObject({
    id: expect.stringMatching(/^[A-Za-z0-9]{12}$/),
    event: "message",
    topic: "json",
    title: "Tïtle",
    message: "hello",
    priority: 5,
    tags: ["a"],
    actions: [{ id: expect.stringMatching(/^\w{10}$/), action: "http", label: "Yes", url: "http://127.0.0.1/x", body: "{}", clear: false }],
  });
  expect(await poll("/json/json?poll=1")).toEqual([event]);
  await post("/", { topic: "json", message: "second" });
  expect((await poll(`/json/json?poll=1&since=${event.id}`)).map((e) => e.message)).toEqual(["second"]);
  expect((await poll("/json/json?poll=1&since=latest")).map((e) => e.message)).toEqual(["second"]);
});

test("headers and a raw body publish the same", async () => {
  const headers = {
    Title: "T",
    Priority: "high",
    Tags: "a, b",
    Click: "https://x.test",
    Actions: `view, "Open, now", https://x.test; http, Go, url=https://y.test, headers.X-A=1, clear=true`,
  };
  const response = await fetch(`${ntfy.url}/headers`, { method: "PUT", body: "hi", headers });
  expect(await response.json()).toMatchObject({
    title: "T",
    message: "hi",
    priority: 4,
    tags: ["a", "b"],
    click: "https://x.test",
    actions: [
      { action: "view", label: "Open, now", url: "https://x.test", clear: false },
      { action: "http", label: "Go", url: "https://y.test", headers: { "X-A": "1" }, clear: true },
    ],
  });
});

describe("refuses what ntfy refuses", () => {
  const view = { action: "view", label: "A", url: "https://x.test" };
  test.each<[string, unknown, number, string]>([
    ["broken JSON", "{", 40017, "request body must be message JSON"],
    ["a wrong type", { topic: "t", message: 5 }, 40017, "request body must be message JSON"],
    ["a bad topic", { topic: "a/b", message: "x" }, 40009, "topic invalid"],
    ["a long topic", { topic: "a".repeat(65), message: "x" }, 40009, "topic invalid"],
    ["a bad priority", { topic: "t", priority: 6 }, 40007, "invalid priority parameter"],
    ["four actions", { topic: "t", actions: [view, view, view, view] }, 40018, "only 3 actions allowed"],
    ["an unknown action", { topic: "t", actions: [{ action: "dance", label: "A" }] }, 40018, "action 'dance' unknown"],
    ["no label", { topic: "t", actions: [{ action: "view", url: "https://x.test" }] }, 40018, "parameter 'label' is required"],
    ["no url", { topic: "t", actions: [{ action: "http", label: "A" }] }, 40018, "parameter 'url' is required for action 'http'"],
    [
      "a body with GET",
      { topic: "t", actions: [{ ...view, action: "http", method: "get", body: "x" }] },
      40018,
      "cannot be set if method is GET",
    ],
    ["copy without value", { topic: "t", actions: [{ action: "copy", label: "A" }] }, 40018, "parameter 'value' is required"],
    ["a bad sequence id", { topic: "t", sequence_id: "owner/name#1" }, 40049, "sequence ID invalid"],
    ["a short delay", { topic: "t", delay: "5s" }, 40005, "too small"],
    ["an unreadable delay", { topic: "t", delay: "soonish" }, 40004, "unable to parse delay"],
  ])("%s", async (_name, body, code, error) => {
    const response = await post("/", body);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ code, http: 400, error: expect.stringContaining(error) });
  });

  test("a JSON body above twice the message size, and an unreadable since", async () => {
    const big = await post("/", { topic: "t", message: "x".repeat(9000) });
    expect(await big.json()).toMatchObject({ code: 41303, http: 413 });
    expect(await (await fetch(`${ntfy.url}/t/json?poll=1&since=whenever`)).json()).toMatchObject({ code: 40008 });
  });
});

test("a message above 4,096 bytes becomes an attachment", async () => {
  const text = "ä".repeat(2100);
  const event = (await (await post("/", { topic: "long", message: text })).json()) as {
    message: string;
    attachment: { url: string; size: number };
  };
  expect([event.message, event.attachment.size]).toEqual(["You received a file: attachment.txt", 4200]);
  expect(await (await fetch(event.attachment.url)).text()).toBe(text);
});

test("the same sequence id replaces on the phone and keeps both events; clear and delete take it away", async () => {
  await post("/", { topic: "seq", message: "one", sequence_id: "q1" });
  await post("/", { topic: "seq", message: "other", sequence_id: "q2" });
  await post("/", { topic: "seq", message: "two", sequence_id: "q1" });
  expect(ntfy.shown("seq").map((m) => m.message)).toEqual(["two", "other"]);
  const cleared = await fetch(`${ntfy.url}/seq/q1/clear`, { method: "PUT" });
  expect(await cleared.json()).toMatchObject({ event: "message_clear", sequence_id: "q1" });
  await fetch(`${ntfy.url}/seq/q2`, { method: "DELETE" });
  expect(ntfy.shown("seq")).toEqual([]);
  expect((await poll("/seq/json?poll=1")).map((e) => e.event)).toEqual([
    "message",
    "message",
    "message",
    "message_clear",
    "message_delete",
  ]);
});

test("streams begin with open and carry events as they come", async () => {
  for (const [format, expected] of [
    ["json", /^\{.*"event":"open".*\n\{.*"message":"live json".*\n$/],
    ["sse", /^event: open\ndata: .*\n\ndata: \{.*"message":"live sse".*\n\n$/],
  ] as const) {
    const stream = await fetch(`${ntfy.url}/live-${format}/${format}`);
    const reader = stream.body?.getReader();
    const next = async () => Buffer.from((await reader?.read())?.value ?? []).toString();
    const opened = await next();
    await post(`/live-${format}`, `live ${format}`);
    const seen = opened + (await next());
    expect(seen).toMatch(expected);
    await reader?.cancel();
  }
});

test("with tokens: none is 403, a wrong one 401, a foreign topic 403", async () => {
  const closed = await startNtfy({ tokens: ["tk_right"], topics: ["mine"] });
  const publish = async (topic: string, authorization?: string) => {
    const headers: Record<string, string> = authorization === undefined ? {} : { authorization };
    const response = await fetch(closed.url, { method: "POST", headers, body: JSON.stringify({ topic, message: "x" }) });
    return ((await response.json()) as { code?: number }).code;
  };
  expect(await publish("mine")).toBe(40301);
  expect(await publish("mine", "Bearer tk_wrong")).toBe(40101);
  expect(await publish("other", "Bearer tk_right")).toBe(40301);
  expect(await publish("mine", "Bearer tk_right")).toBeUndefined();
  expect(await publish("mine", `Basic ${Buffer.from(":tk_right").toString("base64")}`)).toBeUndefined();
  await closed.close();
});

test("a tap sends exactly the request of the action and clears only on success", async () => {
  const got: unknown[] = [];
  let status = 500;
  const target = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += String(chunk);
    got.push([request.method, request.url, request.headers["x-purpose"], body]);
    response.writeHead(status).end("noted");
  });
  await new Promise<void>((done) => target.listen(0, "127.0.0.1", done));
  const url = `http://127.0.0.1:${(target.address() as AddressInfo).port}/reply`;
  const http = { action: "http", label: "Yes", url, headers: { "X-Purpose": "answer" }, body: '{"token":"t"}', clear: true };
  const event = (await (
    await post("/", { topic: "taps", message: "?", actions: [http, { action: "view", label: "Open", url: "https://x.test" }] })
  ).json()) as { id: string };

  const failed = await post("/__tap", { topic: "taps", id: event.id, action: "Yes" });
  expect(await failed.json()).toEqual({ label: "Yes", ok: false, status: 500, answer: "noted", cleared: false });
  expect(ntfy.shown("taps")).toHaveLength(1);
  status = 200;
  expect(await ntfy.tap("taps", event.id, "Yes")).toEqual({ label: "Yes", ok: true, status: 200, answer: "noted", cleared: true });
  expect(got).toEqual(Array(2).fill(["POST", "/reply", "answer", '{"token":"t"}']));
  expect(ntfy.shown("taps")).toEqual([]);
  expect(await ntfy.tap("taps", event.id, "Open")).toMatchObject({ url: "https://x.test" });
  await expect(ntfy.tap("taps", event.id, "Nothing")).rejects.toThrow("no message");
  await new Promise((done) => target.close(done));
});

test("the page shows text as text and a button for each action", async () => {
  await post("/", {
    topic: "page",
    title: "<b>Q</b>",
    message: "Red & blue?",
    priority: 4,
    actions: [{ action: "http", label: "Red", url: "http://x.test" }],
  });
  const page = await (await fetch(`${ntfy.url}/page`)).text();
  expect(page).toContain("&lt;b&gt;Q&lt;/b&gt;");
  expect(page).toContain("Red &amp; blue?");
  expect(page).toMatch(/<button [^>]*data-topic="page"[^>]*>\s*Red\s*<\/button>/);
});

test("planned faults and the call log", async () => {
  await post("/__faults", { status: 429, body: { code: 42901, http: 429, error: "limit reached" }, times: 2, path: "/" });
  expect((await post("/", { topic: "f", message: "x" })).status).toBe(429);
  expect((await post("/", { topic: "f", message: "x" })).status).toBe(429);
  expect((await post("/", { topic: "f", message: "x" })).status).toBe(200);
  const { calls } = (await (await fetch(`${ntfy.url}/__calls`)).json()) as { calls: { status: number }[] };
  expect(calls.slice(-3).map((c) => c.status)).toEqual([429, 429, 200]);
  ntfy.setDown(true);
  expect((await post("/", { topic: "f", message: "x" })).status).toBe(503);
  ntfy.setDown(false);
});
