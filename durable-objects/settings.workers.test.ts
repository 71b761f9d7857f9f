import { evictDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { settings } from "./remote.ts";

test("settings are laid over one another, section by section, and survive a restart", async () => {
  expect(await settings(env).get()).toEqual({});
  await settings(env).patch({ maxActiveRuns: 5, columns: { todo: "Offen – ähm" }, people: ["ada"] });
  const patched = await settings(env).patch({ columns: { qa: "Prüfung" } });
  const all = { maxActiveRuns: 5, columns: { todo: "Offen – ähm", qa: "Prüfung" }, people: ["ada"] };
  expect(patched).toEqual({ ok: true, value: all });
  await evictDurableObject(env.SETTINGS.getByName("settings"));
  expect(await settings(env).get()).toEqual(all);
});

test("null goes back to the default", async () => {
  await settings(env).patch({ retryBudget: 7, questions: { answerAt: 0.5 } });
  expect(await settings(env).patch({ retryBudget: null, questions: { answerAt: null } })).toMatchObject({ ok: true });
  const kept = await settings(env).get();
  expect([kept.retryBudget, kept.questions]).toEqual([undefined, undefined]);
});

test.each([
  [{ maxActivRuns: 5 }, "maxActivRuns"],
  [{ backoff: { firstMs: -1 } }, "backoff.firstMs"],
  [{ columns: { nope: "x" } }, "columns.nope"],
  [[], ""],
  [null, ""],
])("%j is refused with the path, and nothing changes", async (overrides, path) => {
  const before = await settings(env).get();
  expect(await settings(env).patch(overrides)).toMatchObject({ ok: false, error: [{ path }] });
  expect(await settings(env).get()).toEqual(before);
});
