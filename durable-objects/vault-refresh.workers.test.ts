import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { hourMs, minuteMs, secondMs } from "../core/time.ts";
import { clock, now } from "../platform/clock.ts";
import { createVault } from "./test-vault.ts";

const refresh = { tokenUrl: "https://id.example/token", clientId: "mesh", refreshToken: "refresh-1", variable: "TOKEN" };
const pushed = async (more: { expiresAt?: number | null } = {}) => {
  const made = createVault();
  await made.push({ TOKEN: "access-1", OTHER: "kept" }, { expiresAt: now() + hourMs, refresh, ...more });
  return made;
};
const tokens = (n: number) => ({ accessToken: `access-${n}`, expiresAt: now() + hourMs, refreshToken: `refresh-${n}` });
beforeEach(() => void vi.spyOn(console, "log").mockImplementation(() => {}));
afterEach(() => {
  vi.restoreAllMocks();
  clock.reset();
});

test("it is due a tenth of its life ahead of its end, and leased to one at a time", async () => {
  const { vault } = await pushed();
  const [due] = await vault.refreshDues();
  expect(Math.round(((due?.dueAt ?? 0) - now()) / minuteMs)).toBe(54);
  expect(await vault.leaseRefresh("agent", "schedule", false)).toEqual({ ok: false, error: "not-due" });
  clock.shift(55 * minuteMs);
  const leases = await Promise.all([1, 2, 3].map(() => vault.leaseRefresh("agent", "schedule", false)));
  expect(leases.filter(({ ok }) => ok)).toMatchObject([{ value: { name: "agent", version: 1, grant: refresh } }]);
  expect(leases.flatMap((lease) => (lease.ok ? [] : [lease.error]))).toEqual(["under-way", "under-way"]);
  expect(await vault.leaseRefresh("agent", "ann", true)).toEqual({ ok: false, error: "under-way" });
  // Who took it has died: after the lease another may.
  clock.shift(2 * minuteMs);
  expect(await vault.leaseRefresh("agent", "schedule", false)).toMatchObject({ ok: true });
});

test("what comes back is the next version: token, end and refresh token, and the rest as it was", async () => {
  const { vault, bundle } = await pushed();
  const lease = await vault.leaseRefresh("agent", "ann", true);
  if (!lease.ok) throw new Error(lease.error);
  const view = await vault.refreshed(lease.value, tokens(2), "ann");
  expect(view).toMatchObject({
    ok: true,
    value: { version: 2, lastRefreshAt: expect.any(Number), pushedBy: "operator", hasRefreshToken: true },
  });
  expect(await bundle()).toMatchObject({ value: { variables: { TOKEN: "access-2", OTHER: "kept" } } });
  const next = await vault.leaseRefresh("agent", "ann", true);
  expect(next).toMatchObject({ ok: true, value: { version: 2, grant: { refreshToken: "refresh-2" } } });
  expect((await vault.health()).lastRefreshAt).not.toBeNull();
});

test("a refresh token that the provider leaves as it is goes on", async () => {
  const { vault } = await pushed();
  const lease = await vault.leaseRefresh("agent", "ann", true);
  if (!lease.ok) throw new Error(lease.error);
  await vault.refreshed(lease.value, { ...tokens(2), refreshToken: null }, "ann");
  expect(await vault.leaseRefresh("agent", "ann", true)).toMatchObject({ value: { grant: { refreshToken: "refresh-1" } } });
});

test("a late answer counts while its version is the newest, and not after a push or an end", async () => {
  const late = await pushed();
  const first = await late.vault.leaseRefresh("agent", "ann", true);
  clock.shift(3 * minuteMs);
  const second = await late.vault.leaseRefresh("agent", "ann", true);
  if (!first.ok || !second.ok) throw new Error("no lease");
  expect(await late.vault.refreshed(first.value, tokens(2), "ann")).toMatchObject({ ok: true });
  // The other was refused by the provider, since the first had used the refresh token: the credential lives.
  await late.vault.refreshFailed(second.value, { reason: "invalid_grant", final: true, retryAt: null }, "ann");
  expect(await late.vault.health()).toMatchObject({ hasValidCredential: true });
  const newer = await late.vault.leaseRefresh("agent", "ann", true);
  if (!newer.ok) throw new Error(newer.error);
  await late.push({ TOKEN: "pushed" });
  expect(await late.vault.refreshed(newer.value, tokens(3), "ann")).toEqual({ ok: false, error: "superseded" });
  await late.vault.invalidate("agent", "ann", "leaked");
  expect(await late.vault.refreshed({ name: "agent", version: 3 }, tokens(4), "ann")).toEqual({ ok: false, error: "superseded" });
  expect(await late.bundle()).toEqual({ status: "no_credentials" });
});

test("a failure waits ever longer; people are told at the third, and the credential holds until its end", async () => {
  const { vault, actions, sql } = await pushed({ expiresAt: now() + minuteMs });
  for (let n = 1; n <= 4; n += 1) {
    const lease = await vault.leaseRefresh("agent", "schedule", true);
    if (!lease.ok) throw new Error(lease.error);
    await vault.refreshFailed(lease.value, { reason: "id.example answers 503", final: false, retryAt: null }, "schedule");
    expect(await vault.leaseRefresh("agent", "schedule", false)).toEqual({ ok: false, error: "backoff" });
  }
  const [due] = await vault.refreshDues();
  expect(Math.round(((due?.dueAt ?? 0) - now()) / secondMs)).toBe(240);
  expect((await actions()).map(([action]) => action)).toEqual([...Array<string>(4).fill("refresh-failed"), "pushed"]);
  expect((await sql("SELECT seq FROM history WHERE tell_people = 1")).map(({ seq }) => seq)).toEqual([4]);
  expect(await vault.health()).toMatchObject({ hasValidCredential: true });
});

test("the provider's own time counts when it is later", async () => {
  const { vault } = await pushed();
  const lease = await vault.leaseRefresh("agent", "ann", true);
  if (!lease.ok) throw new Error(lease.error);
  const retryAt = now() + 3 * hourMs;
  await vault.refreshFailed(lease.value, { reason: "wait", final: false, retryAt }, "ann");
  expect(await vault.refreshDues()).toEqual([{ name: "agent", dueAt: retryAt }]);
});

test("a login that the provider has ended ends the credential and its bundles, and people are told", async () => {
  const { vault, bundle, sql } = await pushed();
  expect(await bundle()).toMatchObject({ ok: true });
  const lease = await vault.leaseRefresh("agent", "schedule", true);
  if (!lease.ok) throw new Error(lease.error);
  await vault.refreshFailed(lease.value, { reason: "invalid_grant", final: true, retryAt: null }, "schedule");
  expect(await vault.health()).toMatchObject({ hasValidCredential: false, activeBundleId: null, hasRefreshToken: false });
  expect(await bundle(2)).toEqual({ status: "no_credentials" });
  expect(await sql("SELECT action, tell_people FROM history ORDER BY seq DESC LIMIT 1")).toEqual([
    { action: "invalidated", tell_people: 1 },
  ]);
  expect(await vault.refreshDues()).toEqual([]);
});

test("what cannot be renewed says so", async () => {
  const made = createVault();
  await made.push({ TOKEN: "x" });
  expect(await made.vault.refreshDues()).toEqual([]);
  expect(await made.vault.leaseRefresh("agent", "ann", true)).toEqual({ ok: false, error: "no-refresh-token" });
  expect(await made.vault.leaseRefresh("other", "ann", true)).toEqual({ ok: false, error: "unknown-credential" });
  const endless = await pushed({ expiresAt: null });
  expect(await endless.vault.refreshDues()).toEqual([]);
  expect(await endless.vault.leaseRefresh("agent", "ann", true)).toMatchObject({ ok: true });
});
