import { sign } from "@octokit/webhooks-methods";
import { expect, test } from "vitest";
import { hookId, hookSecret, hookVerifier, readHookId } from "./hook-id.ts";
import type { Hook } from "./hook-id.ts";

const keys = { current: "a-signing-key-of-32-characters-01" };
const other = { current: "b-signing-key-of-32-characters-02" };
const repository: Hook = { kind: "repository", subject: "R_kgDOAbc-1_=", version: 1 };

test.each<Hook>([repository, { kind: "organization", subject: "acme-corp", version: 12 }, { kind: "app", subject: "app", version: 1 }])(
  "a hook is read from its id: %j",
  async (hook) => {
    expect(await readHookId(keys, await hookId(keys, hook))).toEqual({ ...hook, signingKey: keys.current });
  },
);

test("an id that we did not make names no hook", async () => {
  const id = await hookId(keys, repository);
  const forged = [
    id.replace("r1.", "r2."),
    id.replace("r1.", "o1."),
    id.replace("R_kgDOAbc", "R_kgDOAbd"),
    id.slice(0, -1),
    `${id}A`,
    "",
    "r1.x.y",
    await hookId(other, repository),
  ];
  for (const text of forged) expect(await readHookId(keys, text)).toBeUndefined();
});

test("while rotating, hooks of the key before are known and keep their secret", async () => {
  const rotating = { current: other.current, previous: keys.current };
  const known = await readHookId(rotating, await hookId(keys, repository));
  expect(known).toEqual({ ...repository, signingKey: keys.current });
  if (!known) throw new Error("unknown");
  const signature = (await sign(await hookSecret(keys, repository), '{"a":"ä"}')).slice("sha256=".length);
  const bytes = Uint8Array.from(signature.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
  expect(await crypto.subtle.verify("HMAC", await hookVerifier(known), bytes, new TextEncoder().encode('{"a":"ä"}'))).toBe(true);
});

test("every hook and version has a secret of its own", async () => {
  const hooks: Hook[] = [
    repository,
    { ...repository, version: 2 },
    { ...repository, kind: "organization" },
    { ...repository, subject: "R_other" },
  ];
  const secrets = await Promise.all([...hooks.map((hook) => hookSecret(keys, hook)), hookSecret(other, repository)]);
  expect(new Set(secrets).size).toBe(5);
  for (const secret of secrets) expect(secret).toMatch(/^[0-9a-f]{64}$/);
});
