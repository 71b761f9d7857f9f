import { describe, expect, test } from "vitest";
import type { NtfyAction } from "../../clients/ntfy/ntfy.ts";
import type { Effect } from "../../core/effects.ts";
import type { EffectId, QuestionId } from "../../core/ids.ts";
import type { QuestionPurpose } from "../../core/lifecycle/state.ts";
import { defaultPolicy } from "../../core/policy.ts";
import { readReplyToken } from "../../platform/reply-token.ts";
import { notificationsOf } from "./notifications.ts";

const at = 1_790_000_000_000;
const question = "R_kgDO=abc.q12-1-7" as QuestionId;
const clients = {
  topic: "mesh",
  topicsAreGuarded: false,
  signingKeys: { current: "a-signing-key-of-32-characters-01" },
  publicUrl: "https://mesh.test",
  dashboardUrl: "https://dashboard.test",
};
const asking = (change: Partial<Extract<Effect, { kind: "ask-human" }>> = {}) =>
  ({
    id: "R_1.e12-1-8" as EffectId,
    orderKey: "12.people",
    issue: 12,
    run: 1,
    kind: "ask-human",
    question,
    purpose: "session",
    title: "acme/todo-app#12.1: Colours",
    message: "Which colour?",
    choices: ["Blue", "Red", "Green"],
    taps: [1, 0],
    until: at + 60_000,
    ...change,
  }) as Extract<Effect, { kind: "ask-human" }>;

const tokenOf = (action: NtfyAction | undefined) => {
  if (action?.action === "http") return (JSON.parse(action.body ?? "") as { token: string }).token;
  return action?.url.replace("https://mesh.test/r/", "") ?? "";
};
const read = async (action: NtfyAction | undefined) => {
  const grant = await readReplyToken(clients.signingKeys, tokenOf(action), at);
  return grant.ok ? grant.value : grant.error;
};

test("two buttons that each give one choice, and one that opens the page, as a tap on the notification does", async () => {
  const [notification] = await notificationsOf(asking(), defaultPolicy, clients);
  const [red, blue, view] = notification?.actions ?? [];
  expect(notification).toMatchObject({ topic: "mesh", sequenceId: "R_kgDO-abc-q12-1-7", priority: 4, click: view?.url });
  expect([red, blue, view].map((action) => action?.label)).toEqual(["Red", "Blue", "Answer…"]);
  expect(red).toMatchObject({ action: "http", url: "https://mesh.test/ntfy-reply", method: "POST", clear: true });
  expect(await read(red)).toEqual({ purpose: "choice", question, choice: 1, recipient: "phone", expiresAt: at + 60_000 });
  expect(await read(blue)).toMatchObject({ choice: 0 });
  expect(await read(view)).toEqual({ purpose: "page", question, recipient: "phone", expiresAt: at + 60_000 });
});

test("what must fit into a push does", async () => {
  const long = asking({ message: "x".repeat(2_200), title: "t".repeat(200), choices: ["y".repeat(500), "z".repeat(500)], taps: [0, 1] });
  const [notification] = await notificationsOf(long, defaultPolicy, clients);
  expect(JSON.stringify(notification).length).toBeLessThan(4_000);
  expect(notification?.actions?.[0]?.label).toMatch(/^y{59}…$/);
});

test("everyone has links of their own", async () => {
  const topics = [
    { person: "ann", topic: "ann-phone" },
    { person: "bob", topic: "bob-phone" },
  ];
  const policy = { ...defaultPolicy, notify: { ...defaultPolicy.notify, topics } };
  const sent = await notificationsOf(asking(), policy, clients);
  expect(sent.map(({ topic }) => topic)).toEqual(["ann-phone", "bob-phone"]);
  expect(await Promise.all(sent.map(({ actions }) => read(actions?.[0])))).toMatchObject([{ recipient: "ann" }, { recipient: "bob" }]);
  expect(new Set(sent.map(({ click }) => click)).size).toBe(2);
});

describe.each<QuestionPurpose>(["plan-approval", "budget", "merge", "decision", "fix"])("%s", (purpose) => {
  test("is decided behind the login, as long as anyone can read the topic", async () => {
    const [notification] = await notificationsOf(asking({ purpose }), defaultPolicy, clients);
    const page = "https://dashboard.test/questions/R_kgDO%3Dabc.q12-1-7";
    expect(notification?.click).toBe(page);
    expect(notification?.actions).toEqual([{ action: "view", label: "Answer…", url: page }]);
    expect(JSON.stringify(notification)).not.toContain("/r/");
  });
  test("is decided by a button when only those who may can read it", async () => {
    const [notification] = await notificationsOf(asking({ purpose }), defaultPolicy, { ...clients, topicsAreGuarded: true });
    expect(await read(notification?.actions?.[0])).toMatchObject({ purpose: "choice", choice: 1 });
  });
});

test("an effect from before it said its choices and its time still asks, by the page", async () => {
  const { taps: _, until: __, purpose: ___, ...old } = asking();
  const [notification] = await notificationsOf(old, defaultPolicy, clients);
  expect(notification?.actions).toHaveLength(1);
  expect(await readReplyToken(clients.signingKeys, tokenOf(notification?.actions?.[0]), Date.now())).toMatchObject({ ok: true });
});
