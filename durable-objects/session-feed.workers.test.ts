import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, expect, test } from "vitest";
import type { AgentId } from "../core/ids.ts";
import type { FeedMessage } from "../core/sessions/views.ts";
import { hourMs, secondMs } from "../core/time.ts";
import { clock } from "../platform/clock.ts";
import { sessionFeed } from "./remote.ts";
import { chunkObject } from "./session-recording.ts";

afterEach(() => clock.reset());

const writer = { agent: "laptop" as AgentId, live: true };
let made = 0;
const named = (): string => `P_feed.s${(made += 1)}-1`;
const stubOf = (session: string) => env.FEEDS.getByName(session);

/** A viewer that joins what it hears by offset and says how far it is. */
async function watch(session: string, from = 0) {
  const { webSocket } = await stubOf(session).fetch(`https://feed/live?from=${from}`, { headers: { upgrade: "websocket" } });
  if (webSocket === null) throw new Error("no socket");
  const heard: FeedMessage[] = [];
  let wake = () => {};
  const closed = new Promise<number>((resolve) => webSocket.addEventListener("close", ({ code }) => resolve(code)));
  webSocket.addEventListener("message", ({ data }) => {
    heard.push(JSON.parse(String(data)) as FeedMessage);
    wake();
  });
  webSocket.accept();
  const text = () => heard.flatMap((message) => (message.type === "output" ? [message.data] : [])).join("");
  return {
    heard,
    text,
    closed,
    say: (message: unknown) => webSocket.send(JSON.stringify(message)),
    close: () => webSocket.close(1000),
    async until(fits: () => boolean) {
      while (!fits()) await new Promise<void>((resolve) => (wake = resolve));
    },
  };
}

async function recordingOf(session: string): Promise<string> {
  const { chunks, rest } = await sessionFeed(env, session).parts();
  const texts = await Promise.all(Array.from({ length: chunks }, async (_, n) => (await env.ARCHIVE.get(chunkObject(session, n)))?.text()));
  return [...texts, rest]
    .join("")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => (JSON.parse(line) as [number, string, string])[2])
    .join("");
}

test("what comes is kept once, whatever is repeated, and a gap is refused with the end", async () => {
  const session = named();
  const feed = sessionFeed(env, session);
  expect(await feed.append(writer, 0, "")).toEqual({ status: "kept", end: 0 });
  expect(await feed.append(writer, 0, "grüße ")).toEqual({ status: "kept", end: 8 });
  expect(await feed.append(writer, 0, "grüße ")).toEqual({ status: "kept", end: 8 });
  expect(await feed.append(writer, 7, "ü")).toMatchObject({ status: "refused", reason: "malformed" });
  expect(await feed.append(writer, 2, "üße an alle")).toEqual({ status: "kept", end: 15 });
  expect(await feed.append(writer, 16, "!")).toEqual({ status: "gap", end: 15 });
  expect(await recordingOf(session)).toBe("grüße an alle");
});

test("only the agent with the live attempt, or who wrote last, is heard", async () => {
  const session = named();
  const feed = sessionFeed(env, session);
  const [first, second] = ["first" as AgentId, "second" as AgentId];
  expect(await feed.append({ agent: second, live: false }, 0, "x")).toEqual({ status: "refused", reason: "foreign-session" });
  expect(await feed.append({ agent: first, live: true }, 0, "one ")).toMatchObject({ status: "kept" });
  expect(await feed.append({ agent: first, live: false }, 4, "two ")).toEqual({ status: "kept", end: 8 });
  expect(await feed.append({ agent: second, live: true }, 8, "three")).toEqual({ status: "kept", end: 13 });
  expect(await feed.append({ agent: first, live: false }, 13, "four")).toEqual({ status: "refused", reason: "foreign-session" });
  const screen = { at: 1, kind: "end", screen: "", cols: 100, rows: 30 } as const;
  expect(await feed.snapshot({ agent: first, live: false }, "j-1", screen)).toBe(false);
  expect(await feed.snapshot({ agent: second, live: false }, "j-1", screen)).toBe(true);
});

test("viewers hear each byte once, from where they want, also over an eviction", async () => {
  const session = named();
  const feed = sessionFeed(env, session);
  await feed.append(writer, 0, "0123456789");
  const whole = await watch(session);
  const late = await watch(session, 4);
  await whole.until(() => whole.heard.length > 1);
  expect(whole.heard[0]).toEqual({ type: "hello", from: 0, end: 10, cols: 100, rows: 30 });
  await evictDurableObject(stubOf(session));
  await feed.append(writer, 10, "abc");
  await whole.until(() => whole.text().endsWith("abc"));
  await late.until(() => late.text().endsWith("abc"));
  expect(whole.text()).toBe("0123456789abc");
  expect(late.text()).toBe("456789abc");
  await feed.end();
  await whole.until(() => whole.heard.at(-1)?.type === "ended");
  const after = await watch(session, 13);
  await after.until(() => after.heard.length === 2);
  expect(after.heard).toEqual([{ type: "hello", from: 13, end: 13, cols: 100, rows: 30 }, { type: "ended" }]);
  for (const viewer of [whole, late, after]) viewer.close();
});

test("a viewer that does not keep up is cut off, one that says so is not", async () => {
  const session = named();
  const feed = sessionFeed(env, session);
  const [slow, brisk] = [await watch(session), await watch(session)];
  const piece = "x".repeat(262_144);
  for (let offset = 0; offset < 5 * 1_048_576; offset += piece.length) {
    await feed.append(writer, offset, piece);
    brisk.say({ type: "seen", offset: offset + piece.length });
  }
  expect(await slow.closed).toBe(4408);
  await brisk.until(() => brisk.text().length === 5 * 1_048_576);
  brisk.say({ type: "hello" });
  expect(await brisk.closed).toBe(1008);
});

test("the recording is written while it goes, in few rows, and only a tail stays", async () => {
  const session = named();
  const feed = sessionFeed(env, session);
  const mb = 1_048_576;
  const before = (await feed.costs()).rowsWritten;
  const piece = "y".repeat(4_096);
  const appended: Promise<unknown>[] = [];
  for (let offset = 0; offset < 2 * mb; offset += piece.length) appended.push(feed.append(writer, offset, piece));
  await Promise.all(appended);
  const { rowsWritten } = await feed.costs();
  expect((rowsWritten - before) / 2).toBeLessThan(40);
  expect(await recordingOf(session)).toHaveLength(2 * mb);
  await feed.end();
  expect((await feed.parts()).chunks).toBeGreaterThan(0);
  const kept = await runInDurableObject(stubOf(session), (_, { storage }) =>
    storage.sql.exec("SELECT SUM(bytes) AS bytes, COUNT(*) AS n FROM parts").one(),
  );
  expect(kept["bytes"]).toBeLessThanOrEqual(262_144 + 131_072);
  expect(kept["n"]).toBeLessThanOrEqual(6);
});

test("what the archive did not take is written in chunks with a bound, and the end waits for all of it", async () => {
  const session = named();
  const feed = sessionFeed(env, session);
  const mb = 1_048_576;
  const restore = await runInDurableObject(stubOf(session), (instance) => {
    const { env: own } = instance as unknown as { env: Env };
    const archive = own.ARCHIVE;
    const away = { list: archive.list.bind(archive), put: () => Promise.reject(new Error("the archive is away")) } as unknown as R2Bucket;
    Object.assign(instance, { env: { ...own, ARCHIVE: away } });
    return () => Object.assign(instance, { env: own });
  });
  const piece = "a".repeat(262_144);
  for (let offset = 0; offset < 5 * mb; offset += piece.length) await feed.append(writer, offset, piece);
  expect((await feed.parts()).chunks).toBe(0);
  await runInDurableObject(stubOf(session), restore);
  await feed.end();
  const { chunks, rest } = await feed.parts();
  expect(rest).toBe("");
  for (let n = 0; n < chunks; n += 1) {
    const size = (await env.ARCHIVE.head(chunkObject(session, n)))?.size ?? 0;
    expect(size).toBeGreaterThan(0);
    expect(size).toBeLessThan(2.5 * mb);
  }
  expect(await recordingOf(session)).toHaveLength(5 * mb);
});

test("a quiet session is recorded after 30 s, and after a day goes on from the archive alone", async () => {
  const session = named();
  const feed = sessionFeed(env, session);
  await feed.append(writer, 0, "one");
  clock.shift(30 * secondMs);
  expect(await runDurableObjectAlarm(stubOf(session))).toBe(true);
  expect((await feed.parts()).chunks).toBe(1);
  clock.shift(24 * hourMs);
  expect(await runDurableObjectAlarm(stubOf(session))).toBe(true);
  const viewer = await watch(session);
  await viewer.until(() => viewer.heard.length > 0);
  expect(viewer.heard[0]).toMatchObject({ from: 3, end: 3 });
  await feed.append(writer, 3, " two");
  expect(await recordingOf(session)).toBe("one two");
  const lines = [(await env.ARCHIVE.get(chunkObject(session, 0)))?.text(), (await feed.parts()).rest];
  const intervals = (await Promise.all(lines))
    .join("")
    .trim()
    .split("\n")
    .map((line) => (JSON.parse(line) as [number])[0]);
  expect(intervals[1]).toBeGreaterThanOrEqual(24 * 3_600 + 30);
  viewer.close();
});

test("a feed that lost everything goes on from what the archive has", async () => {
  const session = named();
  const feed = sessionFeed(env, session);
  await feed.append(writer, 0, "before ");
  await feed.end();
  await feed.forget();
  expect(await feed.state()).toMatchObject({ end: 7 });
  expect(await feed.append(writer, 9, "far")).toEqual({ status: "gap", end: 7 });
  expect(await feed.append(writer, 7, "after")).toEqual({ status: "kept", end: 12 });
  expect(await recordingOf(session)).toBe("before after");
});
