import { afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import type { QuestionId } from "../../core/ids.ts";
import { dayMs } from "../../core/time.ts";
import { clock, now } from "../../platform/clock.ts";
import { createReplyToken } from "../../platform/reply-token.ts";
import type { ReplyGrant } from "../../platform/reply-token.ts";
import { signingKey } from "../../workers/test-mesh.ts";
import { askPerson, colours, notificationOf, phone } from "../support/asking.ts";
import type { Asked } from "../support/asking.ts";
import { createScenario, until } from "../support/scenario.ts";
import type { Story } from "../support/scenario.ts";

const { mesh, story } = createScenario();
const { tap, open, send } = phone(mesh);
const keys = { current: signingKey };
const answerOf = async (response: Response): Promise<Record<string, unknown>> => ({
  status: response.status,
  ...(await response.json<Record<string, unknown>>()),
});

afterEach(() => clock.reset());

describe("one question, answered in each way", () => {
  test("by a button: the session goes on, phone and issue say so", async () => {
    const it = await story("acme/by-button");
    const asked = await askPerson(mesh, it, "laptop-by-button", colours);
    expect(asked.notification.message).toContain("Which colour?\n• Blue: as the logo\n• Red");
    expect(asked.notification.message).toContain("The architect would say: Red (40 % sure)");
    expect(asked.notification.actions?.map(({ label }) => label)).toEqual(["Red", "Blue", "Answer…"]);
    expect(asked.issue.comments.at(-1)?.body).toContain("`/answer Blue`");
    expect(await answerOf(await tap(asked.taps[1]))).toEqual({ status: "accepted" });
    await it.reaches(asked.issue, { phase: "ACCEPTED" });
    await it.settled();
    expect(asked.heard).toEqual(["Blue"]);
    expect((await asked.question()).answer).toMatchObject({ answers: ["Blue"], by: "phone", via: "notification", overruled: true });
    expect(notificationOf(mesh, asked.id).message).toBe("Answered by phone: Blue\nThe agent has gone on.");
    const comments = asked.issue.comments.filter(({ body }) => body.includes(":question:"));
    expect(comments).toHaveLength(1);
    expect(comments[0]?.body).toContain("### Question answered");
    // Pressed again, and the other button: told what was answered, and nothing changes.
    expect(await answerOf(await tap(asked.taps[1]))).toMatchObject({ status: "already-answered", answer: "Blue" });
    expect(await answerOf(await tap(asked.taps[0]))).toMatchObject({ status: "already-answered", answer: "Blue" });
    expect((await asked.question()).late).toMatchObject([{ answers: ["Red"], by: "phone" }]);
  });

  test("on the page: the receipt says accepted, then that the agent has gone on", async () => {
    const it = await story("acme/by-page");
    const asked = await askPerson(mesh, it, "laptop-by-page", colours, { text: "How large?" });
    expect(asked.notification.actions).toHaveLength(1);
    const shown = await open(asked.page);
    const form = await shown.text();
    expect(shown.status).toBe(200);
    expect(form.length).toBeLessThan(15_000);
    for (const text of [
      "acme/by-page#1",
      "Which colour?",
      "as the logo",
      "How large?",
      "40 % sure",
      "a matter of taste",
      '<html lang="en">',
      "<legend",
    ])
      expect(form).toContain(text);
    expect(form).not.toContain("<script");
    expect(form).not.toMatch(/ (?:style|on\w+)=/);
    expect(Object.fromEntries(shown.headers)).toMatchObject({
      "cache-control": "no-store",
      "referrer-policy": "no-referrer",
      "x-robots-tag": "noindex",
      "content-security-policy": expect.stringMatching(/^default-src 'none'; style-src 'nonce-[a-z0-9]{25}'; form-action 'self'/),
    });
    const unfinished = await send(asked.page, { "choice-0": "2" });
    const again = await unfinished.text();
    expect([unfinished.status, again]).toEqual([400, expect.stringContaining("Question 2: This one has no answer yet")]);
    expect(again).toMatch(/value="2" checked/);
    expect((await asked.question()).status).toBe("with-human");
    const sent = await send(asked.page, { "choice-0": "2", "text-1": "Large, <b>really</b>" });
    const receipt = await sent.text();
    expect(sent.status).toBe(200);
    for (const text of ["Accepted", "Green", "Large, &lt;b&gt;really&lt;/b&gt;", "Answered by phone on this page"])
      expect(receipt).toContain(text);
    await until(async () => expect(await (await open(asked.page)).text()).toContain("The agent has gone on."));
    expect(await (await open(asked.page)).text()).not.toContain("http-equiv");
    expect(asked.heard).toEqual(["Green", "Large, <b>really</b>"]);
    await it.reaches(asked.issue, { phase: "ACCEPTED" });
  });

  test("elsewhere first: the page says who has answered what, and keeps what comes late", async () => {
    const it = await story("acme/elsewhere");
    const asked = await askPerson(mesh, it, "laptop-elsewhere", colours);
    await mesh.send("POST", `/questions/${asked.id}/answer`, { answer: "Green" });
    const shown = await (await open(asked.page)).text();
    for (const text of ["Already answered", "Green", "Answered by operator"]) expect(shown).toContain(text);
    const late = await send(asked.page, { "choice-0": "0" });
    expect([late.status, await late.text()]).toEqual([200, expect.stringContaining("It is kept with the question")]);
    expect(await asked.question()).toMatchObject({ answer: { answers: ["Green"] }, late: [{ answers: ["Blue"], via: "reply-page" }] });
    await it.reaches(asked.issue, { phase: "ACCEPTED" });
  });
});

test("two answers at the same instant: one wins, the other is told, both are in the journal", async () => {
  const it = await story("acme/at-once");
  const asked = await askPerson(mesh, it, "laptop-at-once", colours);
  const [one, other] = await Promise.all([tap(asked.taps[0]).then(answerOf), tap(asked.taps[1]).then(answerOf)]);
  const winner = one.status === "accepted" ? "Red" : "Blue";
  expect([one, other].filter(({ status }) => status === "accepted")).toHaveLength(1);
  expect([one, other].filter(({ status }) => status === "already-answered")).toEqual([{ status: "already-answered", answer: winner }]);
  await it.reaches(asked.issue, { phase: "ACCEPTED" });
  expect(asked.heard).toEqual([winner]);
  expect(await it.events("question-answered")).toMatchObject([{ data: { answers: [winner] } }]);
  expect(await it.events("question-answered-late")).toMatchObject([{ data: { answers: [winner === "Red" ? "Blue" : "Red"] } }]);
});

describe("what lets nobody in", () => {
  let it: Story;
  let asked: Asked;
  let good: ReplyGrant;
  beforeAll(async () => {
    it = await story("acme/misused");
    asked = await askPerson(mesh, it, "laptop-misused", colours);
    good = { purpose: "choice", question: asked.id, choice: 0, recipient: "phone", expiresAt: now() + dayMs };
  });
  const asPage = (grant: ReplyGrant): ReplyGrant => {
    const { question, recipient, expiresAt } = grant;
    return { purpose: "page", question, recipient, expiresAt };
  };
  const foreign = { current: "b-signing-key-of-32-characters-02" };
  const misuses: Record<string, { make: (page: boolean) => Promise<string>; tap: number; page: number; reason: string }> = {
    "signed by another key": {
      make: (page) => createReplyToken(foreign, page ? asPage(good) : good),
      tap: 401,
      page: 404,
      reason: "bad-signature",
    },
    altered: {
      make: async (page) =>
        (await createReplyToken(keys, page ? asPage(good) : good)).replace(/^./, (first) => (first === "A" ? "B" : "A")),
      tap: 401,
      page: 404,
      reason: "bad-signature",
    },
    "for the other purpose": {
      make: (page) => createReplyToken(keys, page ? good : asPage(good)),
      tap: 401,
      page: 404,
      reason: "bad-signature",
    },
    malformed: { make: async () => "abc", tap: 400, page: 404, reason: "invalid-input" },
    expired: {
      make: (page) => createReplyToken(keys, { ...(page ? asPage(good) : good), expiresAt: now() - 1_000 }),
      tap: 410,
      page: 410,
      reason: "expired",
    },
    "of a question nobody asked": {
      make: (page) => createReplyToken(keys, { ...(page ? asPage(good) : good), question: `${it.key}.q99-1-1` as QuestionId }),
      tap: 410,
      page: 410,
      reason: "gone",
    },
  };

  test.each(Object.entries(misuses))("a token %s", async (_name, { make, tap: tapStatus, page: pageStatus, reason }) => {
    const tapped = await answerOf(await tap(await make(false)));
    expect(tapped).toMatchObject({ status: tapStatus, reason });
    const path = `/r/${await make(true)}`;
    for (const response of [await open(path), await send(path, { "choice-0": "0", "text-0": "Blue" })]) {
      const text = await response.text();
      expect(response.status).toBe(pageStatus);
      for (const secret of ["Which colour?", "acme/misused", "Colours", "Blue", asked.id]) expect(text).not.toContain(secret);
    }
    expect(JSON.stringify(tapped)).not.toMatch(/colour|misused|Blue/);
    expect(await asked.question()).toMatchObject({ status: "with-human", late: [] });
  });

  test.each<[string, unknown]>([
    ["no token", {}],
    ["another field", { token: "x", more: 1 }],
    ["a number", { token: 7 }],
    ["a list", []],
  ])("a body with %s", async (_name, body) => {
    const response = await mesh.request("/ntfy-reply", { method: "POST", token: null, body: JSON.stringify(body) });
    expect(await answerOf(response)).toMatchObject({ status: 400, reason: "invalid-input" });
  });

  test("a choice there is not", async () => {
    expect(await answerOf(await tap(await createReplyToken(keys, { ...good, choice: 7 } as ReplyGrant)))).toMatchObject({ status: 409 });
    expect((await asked.question()).status).toBe("with-human");
  });

  test("10,000 made-up tokens: none is accepted, no object is asked", async () => {
    const objectNamed = vi.fn(mesh.env.ORCHESTRATORS.getByName.bind(mesh.env.ORCHESTRATORS));
    const objects = mesh.env.ORCHESTRATORS;
    Object.assign(mesh.env, { ORCHESTRATORS: { getByName: objectNamed } });
    const ours = (await createReplyToken(keys, good)).split(".");
    const statuses = new Map<number, number>();
    const characters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    for (let round = 0; round < 500; round += 1) {
      const bytes = crypto.getRandomValues(new Uint8Array(20 * 43));
      const made = Array.from({ length: 20 }, (_, n) =>
        [...bytes.subarray(n * 43, n * 43 + 43)].map((byte) => characters[byte & 63]).join(""),
      );
      const answers = made.map((text, n) => (n % 2 === 0 ? tap(`${ours[0]}.${text}`) : open(`/r/${text}.${ours[1]}`)));
      for (const { status } of await Promise.all(answers)) statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
    expect(Object.fromEntries(statuses)).toEqual({ 401: 5_000, 404: 5_000 });
    expect(objectNamed).not.toHaveBeenCalled();
    expect((await open(asked.page)).status).toBe(200);
    expect(objectNamed).toHaveBeenCalledTimes(1);
    Object.assign(mesh.env, { ORCHESTRATORS: objects });
  }, 120_000);

  test("a withdrawn question: the page and the button say so", async () => {
    await it.moves(asked.issue, "Done");
    await it.settled();
    for (const response of [await open(asked.page), await send(asked.page, { "choice-0": "0" })])
      expect([response.status, await response.text()]).toEqual([410, expect.stringContaining("needs no answer any more")]);
    expect(await answerOf(await tap(asked.taps[0]))).toMatchObject({ status: 410, reason: "withdrawn" });
    expect(notificationOf(mesh, asked.id).message).toContain("Withdrawn");
    expect(asked.issue.comments.find(({ body }) => body.includes(":question:"))?.body).toContain("### Question withdrawn");
    expect((await asked.question()).late).toEqual([]);
  });
});

test("too many requests from one address, or for one question, wait", async () => {
  const it = await story("acme/too-many");
  const asked = await askPerson(mesh, it, "laptop-too-many", colours);
  const headers = { "cf-connecting-ip": "192.0.2.1" };
  const made = await Promise.all(Array.from({ length: 80 }, () => mesh.request("/r/a.b", { token: null, headers })));
  expect(new Set(made.map(({ status }) => status))).toEqual(new Set([404, 429]));
  expect(made.find(({ status }) => status === 429)?.headers.get("retry-after")).toBe("60");
  const pages = await Promise.all(Array.from({ length: 80 }, () => open(asked.page)));
  expect(new Set(pages.map(({ status }) => status))).toEqual(new Set([200, 429]));
  expect(await answerOf(await tap(asked.taps[0]))).toMatchObject({ status: 429, reason: "too-many-requests" });
  expect((await asked.question()).status).toBe("with-human");
});

test("without a guarded topic a plan is approved behind the login, with one by a button", async () => {
  const it = await story("acme/approval");
  mesh.model.answer("plan_review", { value: { approve: true, confidence: 0.1, feedback: "not sure" } });
  await it.runner("laptop-approval");
  const wait = async () => {
    const issue = await it.begins({ title: "Approve me" });
    const run = await it.reaches(issue, { phase: "PLANNING", awaiting: "question" });
    await it.settled();
    const id = run.questions.at(-1)?.id;
    if (!id) throw new Error("no question");
    return { issue, notification: notificationOf(mesh, id) };
  };
  const unguarded = await wait();
  expect(unguarded.notification.click).toMatch(/^https:\/\/dashboard\.test\/questions\//);
  expect(unguarded.notification.actions).toHaveLength(1);
  Object.assign(mesh.clients, { topicsAreGuarded: true });
  const guarded = await wait();
  const approve = guarded.notification.actions?.find(({ label }) => label === "Approve");
  const { token } = JSON.parse((approve?.action === "http" && approve.body) || "{}") as { token?: string };
  expect(await answerOf(await tap(token))).toEqual({ status: "accepted" });
  await it.reaches(guarded.issue, { phase: "ACCEPTED" });
  expect((await it.run(unguarded.issue)).phase).toBe("PLANNING");
  Object.assign(mesh.clients, { topicsAreGuarded: false });
  mesh.model.answer("plan_review", { value: { approve: true, confidence: 0.95, feedback: "sound" } });
});
