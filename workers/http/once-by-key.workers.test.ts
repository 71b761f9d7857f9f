import { runInDurableObject } from "cloudflare:test";
import { afterEach, expect, test } from "vitest";
import { dayMs, minuteMs } from "../../core/time.ts";
import { settings } from "../../durable-objects/remote.ts";
import { clock, now } from "../../platform/clock.ts";
import { hex, macs, sha256 } from "../../platform/keys.ts";
import { createTestMesh, problemOf, signingKey } from "../test-mesh.ts";

const mesh = createTestMesh();
afterEach(() => clock.reset());

const withKey = (key: string) => ({ "idempotency-key": key });
const drain = (id: string, draining: boolean, key: string) => mesh.send("POST", `/agents/${id}/drain`, { draining }, withKey(key));

async function agent(id: string): Promise<void> {
  const { token } = await (await mesh.send("POST", "/agents", { id })).json<{ token: string }>();
  const body = JSON.stringify({ capabilities: [{ name: "any" }] });
  await mesh.request(`/agents/${id}/register`, { method: "POST", token, body });
}

/** The id of a command, and what is kept of what it asks. */
async function commandOf(named: string, given: string) {
  const id = hex(await sha256(named)).slice(0, 32);
  return { id, said: await macs({ current: signingKey }, "command", `${id}\n${given}`) };
}

const drains = async (id: string) => (await (await mesh.request(`/agents/${id}`)).json<{ draining: boolean }>()).draining;

test("a command with the same key is carried out once and answered the same; another body under it is refused", async () => {
  await agent("once");
  const first = await drain("once", true, "k1");
  expect([first.status, await first.json()]).toEqual([202, { id: "once", draining: true }]);
  await drain("once", false, "k2");
  const again = await drain("once", true, "k1");
  expect([again.status, await again.json(), again.headers.get("idempotent-replayed")]).toEqual([
    202,
    { id: "once", draining: true },
    "true",
  ]);
  expect(await drains("once")).toBe(false);
  expect(await problemOf(await drain("once", false, "k1"))).toMatchObject({ status: 422, reason: "idempotency-key-reused" });
  expect(await problemOf(await drain("once", false, " "))).toMatchObject({ status: 400, reason: "invalid-idempotency-key" });
});

test("a key counts for its own route, and for a day", async () => {
  await agent("dated");
  await agent("other");
  await drain("dated", true, "k");
  expect((await drain("other", false, "k")).status).toBe(202);
  clock.shift(dayMs + 1);
  expect((await drain("dated", false, "k")).headers.get("idempotent-replayed")).toBeNull();
  expect(await drains("dated")).toBe(false);
});

test("a command that was refused may be tried again under its key", async () => {
  expect((await drain("later", true, "k")).status).toBe(404);
  await agent("later");
  expect((await drain("later", true, "k")).status).toBe(202);
});

test("an answer with a secret is not kept: the second command changes nothing, and says so", async () => {
  const ask = () => mesh.send("POST", "/agents", { id: "secretive" }, withKey("token"));
  const { token } = await (await ask()).json<{ token: string }>();
  expect(await problemOf(await ask())).toMatchObject({ status: 409, reason: "answer-not-kept" });
  const body = JSON.stringify({ capabilities: [{ name: "any" }] });
  expect((await mesh.request("/agents/secretive/register", { method: "POST", token, body })).status).toBe(200);
  const link = () => mesh.send("POST", "/login/link", {}, withKey("link"));
  expect(await (await link()).json<{ url: string }>()).toMatchObject({ url: expect.stringContaining("code=") });
  expect(await problemOf(await link())).toMatchObject({ status: 409, reason: "answer-not-kept" });
});

test("while it is carried out the same command is told so; when whoever made it has died it can be made again", async () => {
  await agent("slow");
  const { id, said } = await commandOf("POST /agents/slow/drain\nk", '{"body":{"draining":true}}');
  await settings(mesh.env).callBegins(id, said, now());
  const meanwhile = await drain("slow", true, "k");
  expect([meanwhile.headers.get("retry-after"), await problemOf(meanwhile)]).toMatchObject(["1", { status: 409, reason: "under-way" }]);
  clock.shift(11 * minuteMs);
  expect((await drain("slow", true, "k")).status).toBe(202);
});

test("of what is asked an HMAC is kept, so that a key in it cannot be guessed from what lies there", async () => {
  await agent("hashed");
  await drain("hashed", true, "k");
  const given = '{"body":{"draining":true}}';
  const { id, said } = await commandOf("POST /agents/hashed/drain\nk", given);
  const kept = await runInDurableObject(
    mesh.env.SETTINGS.getByName("settings"),
    (_, { storage }) => storage.sql.exec<{ said: string }>("SELECT said FROM kept_answers WHERE id = ?", id).one().said,
  );
  expect([kept]).toEqual(said);
  for (const text of [given, `${id}\n${given}`]) expect(hex(await sha256(text))).not.toContain(kept);
});

test("a command is known again when the signing key was changed meanwhile", async () => {
  await agent("rotated");
  expect((await drain("rotated", true, "k")).status).toBe(202);
  const present = signingKey;
  Object.assign(mesh.env, { SIGNING_KEY: "another-signing-key-of-32-charac", SIGNING_KEY_PREVIOUS: present });
  try {
    expect((await drain("rotated", true, "k")).headers.get("idempotent-replayed")).toBe("true");
    expect(await problemOf(await drain("rotated", false, "k"))).toMatchObject({ reason: "idempotency-key-reused" });
  } finally {
    Object.assign(mesh.env, { SIGNING_KEY: present, SIGNING_KEY_PREVIOUS: undefined });
  }
});
