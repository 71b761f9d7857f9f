import { env } from "cloudflare:workers";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { ProjectInput } from "../core/inputs.ts";
import { profileWith } from "../core/project/project-fixture.ts";
import { hourMs } from "../core/time.ts";
import { clock, now } from "../platform/clock.ts";
import { base64url, fromBase64url } from "../platform/keys.ts";
import type { SignedHeads } from "../platform/sealing.ts";
import { orchestrator } from "./remote.ts";
import { createVault } from "./test-vault.ts";

const secret = "sk-test-a-secret-of-the-tests";
type Made = ReturnType<typeof createVault>;
const lines: string[] = [];

beforeEach(() => {
  lines.length = 0;
  vi.spyOn(console, "log").mockImplementation((line: string) => void lines.push(line));
});
afterEach(() => {
  vi.restoreAllMocks();
  clock.reset();
});

const rowOf = async ({ sql }: Made, name = "credential/agent") => (await sql("SELECT * FROM secrets WHERE name = ?", name))[0] ?? {};
const put = ({ sql }: Made, row: Record<string, SqlStorageValue>, change: Record<string, SqlStorageValue> = {}) => {
  const { name, version, sealed, facts } = { ...row, ...change };
  return sql(
    "INSERT OR REPLACE INTO secrets (name, version, sealed, facts) VALUES (?, ?, ?, ?)",
    ...[name, version, sealed, facts].map((value) => value as string | number | null),
  );
};
const sealedWith = (row: Record<string, SqlStorageValue>, change: (sealed: { ciphertext: string; key: { wrapped: string } }) => unknown) =>
  JSON.stringify(change(JSON.parse(String(row["sealed"])) as never));
const flipped = (text: string): string => {
  const raw = fromBase64url(text) ?? new Uint8Array();
  raw[3] = (raw[3] ?? 0) ^ 4;
  return base64url(raw);
};
const heads = ({ inside }: Made) => inside((state) => state.storage.kv.get<SignedHeads>("heads"));
const setHeads = ({ inside }: Made, signed: SignedHeads | undefined) =>
  inside((state) => (signed === undefined ? state.storage.kv.delete("heads") : state.storage.kv.put("heads", signed)));

const attacks: readonly [string, (made: Made, other: Made) => Promise<unknown>, string][] = [
  [
    "changed ciphertext",
    async (made) => {
      const row = await rowOf(made);
      await put(made, row, { sealed: sealedWith(row, (sealed) => ({ ...sealed, ciphertext: flipped(sealed.ciphertext) })) });
    },
    "tampered",
  ],
  [
    "a changed wrapped key",
    async (made) => {
      const row = await rowOf(made);
      await put(made, row, {
        sealed: sealedWith(row, (sealed) => ({ ...sealed, key: { ...sealed.key, wrapped: flipped(sealed.key.wrapped) } })),
      });
    },
    "tampered",
  ],
  ["a row of another project", async (made, other) => put(made, await rowOf(other)), "moved"],
  [
    "the sealed part of another name",
    async (made) => put(made, await rowOf(made), { sealed: (await rowOf(made, "credential/registry"))["sealed"] ?? null }),
    "moved",
  ],
  [
    "a row of another project that says it is of this one",
    async (made, other) => {
      const row = await rowOf(other);
      const place = { project: made.key, name: "credential/agent", version: 2 };
      await put(made, row, { sealed: sealedWith(row, (sealed) => ({ ...sealed, place })) });
    },
    "tampered",
  ],
  ["something that is no JSON", async (made) => put(made, await rowOf(made), { sealed: "{" }), "malformed"],
  ["nothing at all", async ({ sql }) => sql("DELETE FROM secrets WHERE name = 'credential/agent'"), "rolled-back"],
  ["versions signed by nobody", async (made) => setHeads(made, { ...((await heads(made)) as SignedHeads), n: 99 }), "tampered"],
  ["no versions", async (made) => setHeads(made, undefined), "tampered"],
];

test.each(attacks)("%s: refused, journaled, logged, told to people, and nothing leaked", async (_, attack, reason) => {
  const [made, other] = [createVault(), createVault()];
  const told: ProjectInput[] = [
    { id: "configure", at: now(), type: "project-configured", profile: { ...profileWith(), key: made.key }, meshOverrides: {} },
  ];
  await orchestrator(env, made.key).applyAll(told);
  for (const one of [made, other]) {
    await one.push({ KEY: "older" });
    await one.push({ KEY: secret });
    await one.push({ NPM_TOKEN: "npm" }, { name: "registry" });
  }
  // The bundle was made before the attack: what it opens is looked at when it is opened.
  const holder = { agent: "runner-1", task: `${made.key}.t1-1-1`, attempt: 1 };
  const bundle = await made.vault.provision(holder, null);
  if (bundle.status !== "provisioned") throw new Error(bundle.status);
  await attack(made, other);
  const missing = reason === "rolled-back";
  if (!missing) expect(await made.vault.openBundle(bundle.bundleId, holder)).toEqual({ ok: false, error: reason });
  const leased = await made.vault.leaseRefresh("agent", "ann", true);
  expect(leased).toEqual({ ok: false, error: reason });
  await made.vault.leaseRefresh("agent", "ann", true);
  const health = await made.vault.health();
  if (!missing) expect(health.credentials.find(({ name }) => name === "agent")).toMatchObject({ fault: reason });

  const refusals = (await made.actions()).filter(([action]) => action === "refused");
  // Once for each secret, however often it was asked for.
  expect(refusals.filter(([, name]) => name === "agent")).toHaveLength(1);
  expect(refusals.every(([, , , detail]) => detail === reason)).toBe(true);
  const logged = lines.map((line) => JSON.parse(line) as Record<string, unknown>).filter(({ reason: said }) => said === reason);
  expect(logged.length).toBeGreaterThanOrEqual(2);
  expect(logged[0]).toMatchObject({ level: "warn", project: made.key });
  await vi.waitFor(async () => {
    const { events } = await orchestrator(env, made.key).journalSince(0, 100);
    expect(events.filter(({ type, data }) => type === "effect-requested" && data["kind"] === "notify")).toHaveLength(refusals.length);
    expect(JSON.stringify(events)).not.toContain(secret);
  });
  expect(JSON.stringify([lines, health, await made.vault.history(undefined, 100)])).not.toContain(secret);
});

test("a rolled-back version is refused, and so is an ended one that was put back", async () => {
  const made = createVault();
  await made.push({ KEY: secret });
  const older = await rowOf(made);
  await made.push({ KEY: "newer" });
  const newer = await rowOf(made);
  await put(made, older);
  expect(await made.bundle()).toEqual({ ok: false, error: "rolled-back" });
  // Under the newer number it is still the older text.
  await put(made, older, { version: 2 });
  expect(await made.bundle(2)).toEqual({ ok: false, error: "rolled-back" });
  await put(made, newer);
  expect(await made.bundle(3)).toMatchObject({ ok: true });
  await made.vault.invalidate("agent", "ann", "leaked");
  await put(made, newer);
  expect(await made.bundle(4)).toEqual({ ok: false, error: "rolled-back" });
  expect(await made.vault.health()).toMatchObject({ hasValidCredential: false, credentials: [{ version: 2, fault: "rolled-back" }] });
});

test("a secret that was never written here is refused", async () => {
  const made = createVault();
  await made.push({ KEY: "x" });
  const other = createVault();
  await other.push({ EXTRA: secret }, { name: "extra" });
  await put(made, await rowOf(other, "credential/extra"));
  expect(await made.bundle()).toEqual({ ok: false, error: "tampered" });
});

test("the same refusal is written again after an hour", async () => {
  const made = createVault();
  await made.push({ KEY: "x" });
  await put(made, await rowOf(made), { sealed: "{" });
  const refusals = async () => (await made.actions()).filter(([action]) => action === "refused").length;
  await made.vault.leaseRefresh("agent", "ann", true);
  await made.vault.leaseRefresh("agent", "ann", true);
  expect(await refusals()).toBe(1);
  clock.shift(hourMs + 1);
  await made.vault.leaseRefresh("agent", "ann", true);
  expect(await refusals()).toBe(2);
  expect(await made.push({ KEY: "y" })).toMatchObject({ ok: true });
  expect(await made.bundle()).toMatchObject({ ok: true, value: { variables: { KEY: "y" } } });
});
