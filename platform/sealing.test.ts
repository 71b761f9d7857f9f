import { describe, expect, test } from "vitest";
import { ConfigurationError } from "./config.ts";
import { base64url, fromBase64url } from "./keys.ts";
import { masterKeyId, masterKeys, readHeads, rewrapped, seal, signHeads, unseal } from "./sealing.ts";
import type { Sealed } from "./sealing.ts";

const [first, second, third] = [
  "a-master-key-of-32-characters-001",
  "b-master-key-of-32-characters-002",
  "c-master-key-of-32-characters-003",
];
const keys = { current: first };
const place = { project: "R_1", name: "credential/agent", version: 3 };
const text = "sk-test-äöü-\u{1F511}-" + "x".repeat(20_000);

const flipped = (bytes: string): string => {
  const raw = fromBase64url(bytes) ?? new Uint8Array();
  raw[raw.length >> 1] = (raw[raw.length >> 1] ?? 0) ^ 1;
  return base64url(raw);
};

test("what was sealed opens in its place, and shows nothing of itself", async () => {
  const sealed = await seal(keys, place, text);
  expect(await unseal(keys, place, structuredClone(sealed))).toEqual({ ok: true, value: text });
  expect(JSON.stringify(sealed)).not.toContain("sk-test");
  expect(await unseal(keys, place, await seal(keys, place, ""))).toEqual({ ok: true, value: "" });
});

test("the same text is sealed otherwise each time: other data key, other nonces", async () => {
  const [one, other] = [await seal(keys, place, "text"), await seal(keys, place, "text")];
  for (const part of ["nonce", "ciphertext"] as const) expect(one[part]).not.toBe(other[part]);
  for (const part of ["nonce", "wrapped"] as const) expect(one.key[part]).not.toBe(other.key[part]);
  expect(one.key.id).toBe(other.key.id);
});

const changes: readonly [string, (sealed: Sealed) => unknown, string][] = [
  ["a bit of the ciphertext", (sealed) => ({ ...sealed, ciphertext: flipped(sealed.ciphertext) }), "tampered"],
  ["its last byte cut off", (sealed) => ({ ...sealed, ciphertext: sealed.ciphertext.slice(0, -4) }), "tampered"],
  ["a bit of the nonce", (sealed) => ({ ...sealed, nonce: flipped(sealed.nonce) }), "tampered"],
  ["a bit of the wrapped key", (sealed) => ({ ...sealed, key: { ...sealed.key, wrapped: flipped(sealed.key.wrapped) } }), "tampered"],
  ["a bit of its nonce", (sealed) => ({ ...sealed, key: { ...sealed.key, nonce: flipped(sealed.key.nonce) } }), "tampered"],
  ["another key's name", (sealed) => ({ ...sealed, key: { ...sealed.key, id: "0011223344556677" } }), "unknown-key"],
  ["another form", (sealed) => ({ ...sealed, form: 2 }), "malformed"],
  ["no ciphertext", (sealed) => ({ ...sealed, ciphertext: undefined }), "malformed"],
  ["characters that are no bytes", (sealed) => ({ ...sealed, ciphertext: `${sealed.ciphertext}*` }), "malformed"],
  ["nothing", () => null, "malformed"],
];
test.each(changes)("changed (%s): refused", async (_, change, reason) => {
  const sealed = await seal(keys, place, text);
  expect(await unseal(keys, place, change(sealed))).toEqual({ ok: false, error: reason });
});

describe("rows put elsewhere", () => {
  const elsewhere = [
    [{ ...place, project: "R_2" }, "moved"],
    [{ ...place, name: "credential/other" }, "moved"],
    [{ ...place, version: 4 }, "rolled-back"],
  ] as const;
  test.each(elsewhere)("%j: refused", async (other, reason) => {
    const sealed = await seal(keys, place, text);
    expect(await unseal(keys, other, sealed)).toEqual({ ok: false, error: reason });
    // Whoever also writes the other place into the row meets the associated data.
    expect(await unseal(keys, other, { ...sealed, place: other })).toEqual({ ok: false, error: "tampered" });
  });

  test("names that read the same when put one after the other are different places", async () => {
    const sealed = await seal(keys, { project: "R_1", name: "a,b", version: 1 }, text);
    const other = { project: "R_1,a", name: "b", version: 1 };
    expect(await unseal(keys, other, { ...sealed, place: other })).toEqual({ ok: false, error: "tampered" });
  });

  test("the wrapped key of one value does not open another", async () => {
    const [one, other] = [await seal(keys, place, "one"), await seal(keys, place, "other")];
    expect(await unseal(keys, place, { ...one, key: other.key })).toEqual({ ok: false, error: "tampered" });
  });
});

describe("master keys", () => {
  test("the key before opens while rotating, a third does not", async () => {
    const sealed = await seal({ current: first }, place, text);
    expect(await unseal({ current: second, previous: first }, place, sealed)).toEqual({ ok: true, value: text });
    expect(await unseal({ current: second }, place, sealed)).toEqual({ ok: false, error: "unknown-key" });
    expect(await unseal({ current: second, previous: third }, place, sealed)).toEqual({ ok: false, error: "unknown-key" });
  });

  test("who names the wrong key as the right one opens nothing", async () => {
    const sealed = await seal({ current: first }, place, text);
    const renamed = { ...sealed, key: { ...sealed.key, id: await masterKeyId(second) } };
    expect(await unseal({ current: second }, place, renamed)).toEqual({ ok: false, error: "tampered" });
  });

  test("re-wrapping changes the wrapped key and nothing else, once", async () => {
    const sealed = await seal({ current: first }, place, text);
    const rotating = { current: second, previous: first };
    const again = await rewrapped(rotating, place, sealed);
    if (!again.ok) throw new Error(again.error);
    expect({ ...again.value, key: null }).toEqual({ ...sealed, key: null });
    expect(again.value.key.id).toBe(await masterKeyId(second));
    expect(await unseal({ current: second }, place, again.value)).toEqual({ ok: true, value: text });
    expect(await unseal({ current: first }, place, again.value)).toEqual({ ok: false, error: "unknown-key" });
    expect(await rewrapped(rotating, place, again.value)).toEqual({ ok: true, value: again.value });
    expect(await rewrapped({ current: third }, place, again.value)).toEqual({ ok: false, error: "unknown-key" });
  });

  test("are read from the environment, and missed by name", () => {
    expect(masterKeys({ MASTER_KEY: first, MASTER_KEY_PREVIOUS: "" })).toEqual({ current: first });
    expect(masterKeys({ MASTER_KEY: second, MASTER_KEY_PREVIOUS: first })).toEqual({ current: second, previous: first });
    expect(() => masterKeys({ MASTER_KEY: "" })).toThrow(ConfigurationError);
  });

  test("a key's name tells nothing of it", async () => {
    const id = await masterKeyId(first);
    expect(id).toMatch(/^[0-9a-f]{16}$/);
    expect(await masterKeyId(second)).not.toBe(id);
  });
});

describe("heads", () => {
  const heads = {
    n: 4,
    secrets: { "credential/agent": { version: 3, state: "live" }, "secret/x": { version: 1, state: "ended" } },
  } as const;

  test("are known again, in whatever order, under the present key and the one before", async () => {
    const signed = await signHeads(keys, "R_1", heads);
    const { "credential/agent": agent, "secret/x": x } = heads.secrets;
    const reordered = { ...signed, secrets: { "secret/x": x, "credential/agent": agent } };
    expect(await readHeads(keys, "R_1", reordered)).toEqual({ ok: true, value: heads });
    expect(await readHeads({ current: second, previous: first }, "R_1", signed)).toEqual({ ok: true, value: heads });
    expect(await readHeads({ current: second }, "R_1", signed)).toEqual({ ok: false, error: "unknown-key" });
  });

  test("changed or of another project they are refused", async () => {
    const signed = await signHeads(keys, "R_1", heads);
    const older = { ...signed, secrets: { ...signed.secrets, "credential/agent": { version: 2, state: "live" } } } as const;
    const revived = { ...signed, secrets: { ...signed.secrets, "secret/x": { version: 1, state: "live" } } } as const;
    for (const changed of [older, revived, { ...signed, n: 5 }, { ...signed, secrets: {} }, { ...signed, mac: flipped(signed.mac) }]) {
      expect(await readHeads(keys, "R_1", changed)).toEqual({ ok: false, error: "tampered" });
    }
    expect(await readHeads(keys, "R_2", signed)).toEqual({ ok: false, error: "tampered" });
    expect(await readHeads(keys, "R_1", { ...signed, mac: "*" })).toEqual({ ok: false, error: "malformed" });
  });
});
