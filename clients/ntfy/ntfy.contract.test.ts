import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startNtfy } from "../../dev/ntfy/start-ntfy.ts";
import type { Ntfy as NtfyStandIn } from "../../dev/ntfy/start-ntfy.ts";
import { createNtfy, renderNotification } from "./ntfy.ts";
import type { Notification } from "./ntfy.ts";
import { createRecordedNtfy } from "./recorded-ntfy.ts";

const notification: Notification = {
  topic: "mesh",
  sequenceId: "q1",
  title: "Which colour?",
  message: "Blue or green – für Käse 🧀",
  priority: 4,
  tags: ["question"],
  click: "https://mesh.example.com/r/1",
  actions: [
    { action: "http", label: "Blue", url: "https://mesh.example.com/ntfy-reply", method: "POST", body: '{"token":"t"}', clear: true },
    { action: "view", label: "Answer…", url: "https://mesh.example.com/r/1" },
  ],
};
const now = 1_000_000;

describe("publishing to an ntfy server", () => {
  let standIn: NtfyStandIn;
  beforeAll(async () => void (standIn = await startNtfy()));
  afterAll(() => standIn.close());
  const client = () => createNtfy({ url: standIn.url, now: () => now, sleep: async () => {} });

  it("shows what was said, with its buttons", async () => {
    const { id } = await client().publish(notification);
    const [shown] = standIn.shown("mesh");
    expect(shown).toMatchObject({
      id,
      title: "Which colour?",
      message: notification.message,
      priority: 4,
      tags: ["question"],
      click: notification.click,
    });
    expect(shown?.actions).toMatchObject([
      { action: "http", label: "Blue", clear: true },
      { action: "view", label: "Answer…" },
    ]);
  });

  it("replaces a notification under its sequence id", async () => {
    await client().publish({ ...notification, sequenceId: "q2", message: "asked" });
    const { actions: _, ...answered } = { ...notification, sequenceId: "q2", message: "answered: Blue" };
    await client().publish(answered);
    expect(
      standIn
        .shown("mesh")
        .filter((each) => each.message?.startsWith("a"))
        .map((each) => each.message),
    ).toEqual(["answered: Blue"]);
  });

  it("stays a message, and no attachment, however long the text is", async () => {
    await client().publish({ ...notification, sequenceId: "q3", message: "🧀".repeat(3_000) });
    const [shown] = standIn.shown("mesh");
    expect(shown?.attachment).toBeUndefined();
    expect(Buffer.byteLength(shown?.message ?? "")).toBeLessThanOrEqual(3_000);
    expect(shown?.message).toMatch(/🧀…$/u);
  });

  it("fails in a way that passes when the server is down", async () => {
    standIn.setDown(true);
    await expect(client().publish(notification)).rejects.toMatchObject({ service: "ntfy", retryable: true });
    standIn.setDown(false);
  });
});

describe("failures", () => {
  const answering = (status: number, headers: Record<string, string> = {}) =>
    createNtfy({
      url: "https://ntfy.example.com",
      token: "tk_secret",
      now: () => now,
      sleep: async () => {},
      fetch: async () => new Response("{}", { status, headers }),
    }).publish(notification);

  it.each([
    [401, {}, { code: "authentication", retryable: false }],
    [403, {}, { code: "authentication", retryable: false }],
    [404, {}, { code: "configuration", retryable: false }],
    [413, {}, { code: "too-large", retryable: false }],
    [429, { "retry-after": "7" }, { code: "rate-limited", retryable: true, retryAt: now + 7_000 }],
    [500, {}, { code: "unavailable", retryable: true }],
    [400, {}, { code: "invalid", retryable: false }],
    [200, {}, { code: "unexpected-answer", retryable: false }],
  ])("%s", async (status, headers, expected) => {
    await expect(answering(status, headers)).rejects.toMatchObject({ ...expected, message: expect.not.stringContaining("tk_secret") });
  });
});

describe("rendering", () => {
  it("removes control characters and keeps line breaks", () => {
    const rendered = renderNotification({ ...notification, title: "a\nb\u0007", message: "x\r\ny\u001b[31m\u202Ez\u0000", priority: 9 });
    expect(rendered).toMatchObject({ title: "a b", message: "x\ny[31mz", priority: 5 });
  });

  it("refuses a fourth action, by the recorded one too", async () => {
    const actions = Array.from({ length: 4 }, (_, n) => ({ action: "view", label: `${n}`, url: "https://x.example.com" }) as const);
    expect(() => renderNotification({ ...notification, actions })).toThrow(/at most 3/);
    await expect(createRecordedNtfy().publish({ ...notification, actions })).rejects.toMatchObject({ code: "invalid" });
  });

  it("is remembered by sequence", async () => {
    const recorded = createRecordedNtfy();
    await recorded.publish(notification);
    await recorded.publish({ ...notification, message: "answered" });
    expect(recorded.shown("mesh").map((each) => each.message)).toEqual(["answered"]);
  });
});
