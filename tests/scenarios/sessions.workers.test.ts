import { evictDurableObject, runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, expect, test } from "vitest";
import { projectOf } from "../../core/ids.ts";
import type { FeedMessage, SessionView } from "../../core/sessions/views.ts";
import { minuteMs, secondMs } from "../../core/time.ts";
import type { ObjectCosts } from "../../durable-objects/cost-meter.ts";
import { sessionFeed } from "../../durable-objects/remote.ts";
import { clock } from "../../platform/clock.ts";
import { viewerToken } from "../../workers/test-mesh.ts";
import { createGate, createScenario, pushTo } from "../support/scenario.ts";

const { story, mesh } = createScenario();

afterEach(() => clock.reset());

/** What a viewer of the live socket has heard, joined. */
async function watch(session: string, from = 0) {
  const headers = { upgrade: "websocket" };
  const { webSocket } = await mesh.request(`/sessions/${session}/live?from=${from}`, { token: viewerToken, headers });
  if (!webSocket) throw new Error("no socket");
  const heard: FeedMessage[] = [];
  let wake = () => {};
  webSocket.addEventListener("message", ({ data }) => {
    heard.push(JSON.parse(String(data)) as FeedMessage);
    wake();
  });
  webSocket.accept();
  return {
    heard,
    text: () => heard.flatMap((message) => (message.type === "output" ? [message.data] : [])).join(""),
    async until(fits: () => boolean) {
      while (!fits()) await new Promise<void>((resolve) => (wake = resolve));
    },
    close: () => webSocket.close(1000),
  };
}

const eventsOf = (cast: string) =>
  cast
    .trimEnd()
    .split("\n")
    .slice(1)
    .map((line) => JSON.parse(line) as [number, string, string]);
/** What the feeds of a project have cost, by the operators' own page. */
async function feedCosts(name: string) {
  type Feeds = readonly (ObjectCosts & { readonly project: string; readonly open: object })[];
  const { objects } = JSON.parse(await read("/ops/costs")) as { objects: { feeds: Feeds } };
  return objects.feeds.find(({ project }) => project === name);
}
const read = async (path: string) => (await mesh.request(path, { token: viewerToken })).text();

test("five minutes without a network: no byte is missing or doubled, live, in the recording and afterwards", async () => {
  const it = await story("acme/watched");
  const [begun, back] = [createGate(), createGate()];
  const runner = await it.runner("laptop-watched");
  runner.scripts.implement = async (work) => {
    const { sessionId } = work.session;
    work.say({ type: "snapshot", sessionId, kind: "start", screen: "$ begin", cols: 100, rows: 30 });
    runner.write(sessionId, "before the cut: grüße\r\n");
    begun.open();
    await back.opened;
    runner.write(sessionId, "and after it 😀\r\n");
    work.say({ type: "snapshot", sessionId, kind: "end", screen: "$ done", cols: 100, rows: 30 });
    await pushTo(it.repository, work);
  };
  const issue = await it.begins();
  await begun.opened;
  const session = [...runner.streams.keys()][0] ?? "";
  await runner.written(session);
  const underWay = await feedCosts("acme/watched");
  expect(underWay).toMatchObject({ open: { counted: 1, later: 0 } });
  expect(underWay?.rowsWritten).toBeGreaterThanOrEqual(2);
  const viewer = await watch(session);
  await viewer.until(() => viewer.text().includes("grüße"));

  runner.cut();
  for (let second = 0; second < 5 * 60; second += 10) {
    runner.write(session, `${second} s without a network\r\n`);
    if (second % 60 === 0) await it.pass(minuteMs);
  }
  back.open();
  await runner.connect();
  const run = await it.reaches(issue, { phase: "ACCEPTED" });
  await runner.written(session);
  expect(it.repository.pulls.size).toBe(1);
  expect(run.session?.id).toBe(session);
  expect(run.failures).toEqual([]);

  const own = await sessionFeed(env, session).costs();
  const ended = await feedCosts("acme/watched");
  expect(ended).toMatchObject({ open: { counted: 0, later: 0 } });
  // What it does after its end is no longer told, and what it did before is in it once.
  for (const name of ["requests", "rowsWritten"] as const) {
    expect(ended?.[name]).toBeGreaterThan(underWay?.[name] ?? 0);
    expect(ended?.[name]).toBeLessThanOrEqual(own[name]);
  }
  await evictDurableObject(env.ORCHESTRATORS.getByName(projectOf(session) ?? ""));
  expect(await feedCosts("acme/watched")).toMatchObject({ requests: ended?.requests, rowsWritten: ended?.rowsWritten });

  const written = runner.streams.get(session)?.text ?? "";
  await viewer.until(() => viewer.heard.at(-1)?.type === "ended" && viewer.text().length >= written.length);
  expect(viewer.text()).toBe(written);
  const shown = JSON.parse(await read(`/sessions/${session}`)) as SessionView;
  expect(shown).toMatchObject({
    id: session,
    state: "ended",
    agent: "laptop-watched",
    outputBytes: new TextEncoder().encode(written).length,
  });
  const v3 = await read(`/sessions/${session}/recording.cast`);
  expect(JSON.parse(v3.split("\n", 1)[0] ?? "")).toMatchObject({ version: 3, term: { cols: 100, rows: 30 } });
  expect(
    eventsOf(v3)
      .map(([, , data]) => data)
      .join(""),
  ).toBe(written);
  const v2 = await read(`/sessions/${session}/recording.cast?version=2`);
  expect(JSON.parse(v2.split("\n", 1)[0] ?? "")).toMatchObject({ version: 2, width: 100, height: 30 });
  const times = eventsOf(v2).map(([at]) => at);
  expect(times).toEqual(times.toSorted((a, b) => a - b));
  expect(times.at(-1)).toBeGreaterThanOrEqual(5 * 60);
  expect(
    eventsOf(v2)
      .map(([, , data]) => data)
      .join(""),
  ).toBe(written);
  const transcript = await read(`/sessions/${session}/transcript`);
  expect(transcript).toContain("# acme/watched#");
  expect(transcript).toContain("    before the cut: grüße\n    0 s without a network\n");
  const { items } = JSON.parse(await read(`/sessions/${session}/snapshots`)) as { items: object[] };
  expect(items).toMatchObject([
    { seq: 1, kind: "start", screen: "$ begin" },
    { seq: 2, kind: "end", screen: "$ done" },
  ]);
  const late = await watch(session, 10);
  await late.until(() => late.heard.at(-1)?.type === "ended");
  expect(new TextEncoder().encode(late.text()).length).toBe(new TextEncoder().encode(written).length - 10);
  for (const each of [viewer, late]) each.close();
});

test("output of another's session is refused with a reason, and nothing is kept of it", async () => {
  const it = await story("acme/foreign");
  const [begun, gate] = [createGate(), createGate()];
  const runner = await it.runner("laptop-own");
  runner.scripts.implement = async (work) => {
    runner.write(work.session.sessionId, "mine\r\n");
    begun.open();
    await gate.opened;
    await pushTo(it.repository, work);
  };
  const issue = await it.begins();
  await begun.opened;
  const session = [...runner.streams.keys()][0] ?? "";
  await runner.written(session);
  const stranger = await it.runner("stranger");
  stranger.write(session, "not mine\r\n");
  while (stranger.refusedOutput.length === 0) await stranger.heartbeat();
  expect(stranger.refusedOutput).toEqual([session]);
  const unread = await mesh.request(`/sessions/${session}/recording.cast`, { token: null });
  expect(unread.status).toBe(401);
  expect((await mesh.request(`/sessions/${session.replace(/\.s.*/, ".s999-1")}`)).status).toBe(503);
  expect((await mesh.request("/sessions/nonsense/recording.cast")).status).toBe(404);
  expect((await mesh.request(`/sessions/${session}/live`)).status).toBe(426);
  clock.shift(31 * secondMs);
  await runDurableObjectAlarm(env.FEEDS.getByName(session));
  expect(eventsOf(await read(`/sessions/${session}/recording.cast`)).map(([, , data]) => data)).toEqual(["mine\r\n"]);
  gate.open();
  await it.reaches(issue, { phase: "ACCEPTED" });
});
