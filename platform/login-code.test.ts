import { expect, test } from "vitest";
import { createLoginCode, loginCodeLifetimeMs, readLoginCode } from "./login-code.ts";

const keys = { current: "a-signing-key-of-32-characters-01" };
const at = 1_790_000_000_000;

test("a code lets in its role until it is too old", async () => {
  const code = await createLoginCode(keys, "viewer", "id-12345", at);
  expect(await readLoginCode(keys, code, at + loginCodeLifetimeMs - 1_000)).toEqual({ role: "viewer", id: "id-12345" });
  expect(await readLoginCode(keys, code, at + loginCodeLifetimeMs + 1_000)).toBeUndefined();
});

test("a code of another key, a changed one and none at all let nobody in", async () => {
  const code = await createLoginCode({ current: "b-signing-key-of-32-characters-02" }, "operator", "id-12345", at);
  for (const text of [code, "", "a.b.c", `${await createLoginCode(keys, "operator", "id-12345", at)}x`])
    expect(await readLoginCode(keys, text, at)).toBeUndefined();
  expect(await readLoginCode({ ...keys, previous: "b-signing-key-of-32-characters-02" }, code, at)).toMatchObject({ role: "operator" });
});
