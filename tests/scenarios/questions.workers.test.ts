import { evictDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, test, vi } from "vitest";
import { longestAnswer } from "../../core/inbound/answer-text.ts";
import { dayMs, hourMs, minuteMs } from "../../core/time.ts";
import type { MailboxStatus } from "../../durable-objects/agent-mailbox-status.ts";
import { clock } from "../../platform/clock.ts";
import { askPerson, colours, linksOf, notificationOf, phone } from "../support/asking.ts";
import { createScenario, until } from "../support/scenario.ts";

const { mesh, story } = createScenario();
const { tap, open, send } = phone(mesh);

afterEach(() => {
  clock.reset();
  vi.restoreAllMocks();
});

test("an agent whose session asks works on one attempt, also after its mailbox has forgotten; parked the session holds none", async () => {
  const it = await story("acme/asks-long");
  const asked = await askPerson(mesh, it, "laptop-asks-long", colours);
  const status = async () => (await (await mesh.request("/agents/laptop-asks-long")).json<{ mailbox: MailboxStatus }>()).mailbox;
  expect(await status()).toMatchObject({ connected: true, working: 1, asking: 1, parked: 0 });
  await evictDurableObject(env.MAILBOXES.getByName("laptop-asks-long"));
  expect(await status()).toMatchObject({ working: 1, asking: 1, parked: 0 });
  await it.pass(30 * minuteMs);
  await until(async () => expect(await asked.question()).toMatchObject({ parked: true }));
  expect(await status()).toMatchObject({ working: 0, asking: 0, parked: 1 });
  expect((await tap(linksOf(notificationOf(mesh, asked.id)).taps[0])).status).toBe(200);
  await it.reaches(asked.issue, { phase: "ACCEPTED" });
  expect(await status()).toMatchObject({ working: 0, asking: 0, parked: 0 });
});

describe("nobody answers", () => {
  test("wait: the question stays open, with reminders that bring new links", async () => {
    const it = await story("acme/wait");
    const asked = await askPerson(mesh, it, "laptop-wait", colours);
    await it.pass(30 * minuteMs);
    await it.settled();
    const reminder = notificationOf(mesh, asked.id);
    expect(reminder).toMatchObject({ title: `Still waiting: ${asked.notification.title}`, message: asked.notification.message });
    await it.pass(2 * dayMs, hourMs);
    await it.settled();
    expect(await asked.question()).toMatchObject({ status: "with-human", parked: true });
    const { page, taps } = linksOf(notificationOf(mesh, asked.id));
    expect(page).not.toBe(asked.page);
    expect((await open(page)).status).toBe(200);
    expect((await tap(taps[1])).status).toBe(200);
    expect((await it.reaches(asked.issue, { phase: "ACCEPTED" })).cycles).toEqual({ planning: 0, qa: 0, review: 0 });
  });

  test("best-guess: it goes on after a day, and says everywhere that it was a guess", async () => {
    const it = await story("acme/guess", { questions: { onSilence: "best-guess" } });
    const asked = await askPerson(mesh, it, "laptop-guess", colours);
    await it.pass(dayMs, hourMs);
    await it.reaches(asked.issue, { phase: "ACCEPTED" });
    await it.settled();
    expect((await asked.question()).answer).toMatchObject({
      answers: ["Red"],
      via: "silence",
      by: "best guess of the architect, after silence",
    });
    expect(asked.issue.comments.find(({ body }) => body.includes(":question:"))?.body).toContain(
      "Nobody answered. It goes on with the architect's best guess (40 % sure):\n\n> Red\n\nThis was a guess, and nobody's approval.",
    );
    expect(notificationOf(mesh, asked.id).message).toContain(
      "Nobody answered. It goes on with the architect's best guess (40 % sure): Red",
    );
    expect(await (await open(asked.page)).text()).toContain("Nobody answered in time");
  });

  test("best-guess is nothing that approves a plan", async () => {
    const it = await story("acme/no-consent", { questions: { onSilence: "best-guess" } });
    mesh.model.answer("plan_review", { value: { approve: true, confidence: 0.1, feedback: "" } });
    await it.runner("laptop-no-consent");
    const issue = await it.begins();
    await it.reaches(issue, { awaiting: "question" });
    await it.pass(3 * dayMs, hourMs);
    expect(await it.run(issue)).toMatchObject({ phase: "PLANNING", awaiting: "question" });
    mesh.model.answer("plan_review", { value: { approve: true, confidence: 0.95, feedback: "sound" } });
  });
});

test("20,000 characters of anything arrive as they were written, and are shown escaped", async () => {
  const it = await story("acme/anything");
  const asked = await askPerson(mesh, it, "laptop-anything", { text: "What shall it say? <i>&amp;</i>" });
  const hostile = `<script>alert("x")</script> </textarea> ' & 👩‍👩‍👧‍👦 مرحبا \u202Eabc\u202C שלום\ttab `;
  const control = "\u0000\u0007\u001B[31m\u007F\u0085";
  const kept = hostile
    .repeat(400)
    .slice(0, longestAnswer - 30)
    .replace(/[\uD800-\uDBFF]$/, "");
  const written = `${kept}\r\nsecond line${control}\n`;
  const received = `${kept}\nsecond line[31m\n`;
  const sent = await send(asked.page, { "text-0": written });
  const receipt = await sent.text();
  expect(sent.status).toBe(200);
  await it.reaches(asked.issue, { phase: "ACCEPTED" });
  expect(asked.heard).toEqual([received]);
  expect((await asked.question()).answer?.answers).toEqual([received]);
  expect(receipt).not.toContain("<script");
  expect(receipt).toContain("&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;");
  expect(receipt).toContain("What shall it say? &lt;i&gt;&amp;amp;&lt;/i&gt;");
  expect(notificationOf(mesh, asked.id).message.length).toBeLessThan(1_000);
});

test("an answer over 20,000 characters is refused, and what was typed is still there", async () => {
  const it = await story("acme/too-long");
  const asked = await askPerson(mesh, it, "laptop-too-long", colours);
  const refused = await send(asked.page, { "choice-0": "1", "text-0": `${"x".repeat(longestAnswer)}END` });
  const page = await refused.text();
  expect([refused.status, page]).toEqual([400, expect.stringContaining("at most 20,000 characters")]);
  expect(page).toContain("xEND</textarea>");
  expect((await send(asked.page, { "text-0": "x".repeat(2 * 1024 * 1024) })).status).toBe(413);
  expect((await asked.question()).status).toBe("with-human");
});

test("a comment answers as well: by someone with write access, each item by its number", async () => {
  const it = await story("acme/by-comment", { people: ["ada"] });
  const asked = await askPerson(mesh, it, "laptop-by-comment", colours, { text: "How large?" });
  const comment = asked.issue.comments.find(({ body }) => body.includes(":question:"));
  expect(comment?.body).toContain("### @ada: a question");
  expect(comment?.body).toContain("`1. …`, `2. …`");
  await it.owner.apply({
    id: "comment-1",
    at: Date.now(),
    type: "comment-observed",
    issue: asked.issue.number,
    commentId: "c1",
    author: "ada",
    authorCanWrite: true,
    ours: false,
    body: "/answer 1. Green\r\n2. Large",
  });
  await it.reaches(asked.issue, { phase: "ACCEPTED" });
  await it.settled();
  expect(asked.heard).toEqual(["Green", "Large"]);
  expect(asked.issue.comments.find(({ body }) => body.includes(":question:"))?.body).toContain("Answered by ada:");
});

test("no log line holds the text of a question, an answer or a prompt, nor a token", async () => {
  const lines: string[] = [];
  for (const method of ["log", "info", "warn", "error", "debug"] as const)
    vi.spyOn(console, method).mockImplementation((...said: unknown[]) => void lines.push(said.map(String).join(" ")));
  const it = await story("acme/silent-log");
  const secret = (what: string) => `${what}-7f3a91`;
  const asked = await askPerson(mesh, it, "laptop-silent-log", {
    text: secret("question"),
    options: [{ label: secret("choice"), description: secret("description") }, { label: "Other" }],
  });
  const [token] = asked.taps;
  await open(asked.page);
  await send(asked.page, {});
  await send(asked.page, { "text-0": secret("answer") });
  await tap(token);
  await tap("a-token.of-nobody");
  await it.reaches(asked.issue, { phase: "ACCEPTED" });
  await it.settled();
  await mesh.request("/no-such-route", { token: null });
  // The read model is away, which is logged: the spy does see what is said.
  await until(() => expect(lines.some((line) => line.includes("not projected"))).toBe(true));
  expect(lines.filter((line) => line.includes("7f3a91"))).toEqual([]);
  for (const part of [asked.page.slice(3), token ?? "", "Start with the parser.", "Greet by name", "Colours"])
    expect(lines.filter((line) => line.includes(part))).toEqual([]);
});
