import { expect, test } from "vitest";
import type { QuestionId } from "../core/ids.ts";
import { base64url, derivedMacKey } from "./keys.ts";
import type { KeyPurpose } from "./keys.ts";
import { createReplyToken, readReplyToken } from "./reply-token.ts";
import type { ReplyGrant } from "./reply-token.ts";

const keys = { current: "a-signing-key-of-32-characters-01" };
const newer = { current: "b-signing-key-of-32-characters-02", previous: keys.current };
const at = 1_790_000_000_000;
const grant: ReplyGrant = {
  purpose: "choice",
  question: "R_kgDOabc.q12-1-7" as QuestionId,
  choice: 1,
  recipient: "Jürgen 🐢",
  expiresAt: at + 60_000,
};
const page: ReplyGrant = { purpose: "page", question: grant.question, recipient: grant.recipient, expiresAt: grant.expiresAt };

test("a token says its question, purpose, choice and recipient", async () => {
  for (const each of [grant, page])
    expect(await readReplyToken(keys, await createReplyToken(keys, each), at)).toEqual({ ok: true, value: each });
  expect(await createReplyToken(keys, grant)).toMatch(/^[A-Za-z0-9_.-]{1,250}$/);
});

test("it expires, and says so only when it was ours", async () => {
  const token = await createReplyToken(keys, grant);
  expect(await readReplyToken(keys, token, grant.expiresAt - 1)).toMatchObject({ ok: true });
  expect(await readReplyToken(keys, token, grant.expiresAt)).toEqual({ ok: false, error: "expired" });
  expect(await readReplyToken(keys, `${token.slice(0, -1)}${token.endsWith("A") ? "B" : "A"}`, grant.expiresAt)).toEqual({
    ok: false,
    error: "bad-signature",
  });
});

test("changed in any one character it is worth nothing, a second spelling of the same bytes included", async () => {
  const token = await createReplyToken(keys, grant);
  let tried = 0;
  for (let index = 0; index < token.length; index += 1) {
    for (const character of "AB_-z9.") {
      if (token[index] === character) continue;
      tried += 1;
      const read = await readReplyToken(keys, token.slice(0, index) + character + token.slice(index + 1), at);
      expect(read, `${index} ${character}`).toMatchObject({ ok: false });
    }
  }
  expect(tried).toBeGreaterThan(token.length * 6);
  for (const text of [
    "",
    ".",
    token.slice(0, -1),
    `${token}A`,
    `${token}=`,
    ` ${token}`,
    `${token}\n`,
    token.split(".")[0] ?? "",
    `${token}.${token}`,
  ])
    expect(await readReplyToken(keys, text, at)).toMatchObject({ ok: false });
});

test("the parts of two tokens do not go together", async () => {
  const mine = (await createReplyToken(keys, grant)).split(".");
  const others = [
    { ...grant, question: "R_kgDOabc.q12-1-8" as QuestionId },
    { ...grant, choice: 0 },
    { ...grant, recipient: "somebody else" },
    { ...grant, expiresAt: grant.expiresAt + 3_600_000 },
    page,
  ];
  for (const other of others) {
    const [text] = (await createReplyToken(keys, other)).split(".");
    expect(await readReplyToken(keys, `${text}.${mine[1]}`, at)).toEqual({ ok: false, error: "bad-signature" });
  }
});

async function signed(purpose: KeyPurpose, said: unknown): Promise<string> {
  const text = base64url(new TextEncoder().encode(typeof said === "string" ? said : JSON.stringify(said)));
  const mac = await crypto.subtle.sign("HMAC", await derivedMacKey(keys.current, purpose), new TextEncoder().encode(text));
  return `${text}.${base64url(new Uint8Array(mac))}`;
}

test("what was signed for another purpose, or is no grant, is refused", async () => {
  const said = ["choice", grant.question, 1, "ann", Math.floor(grant.expiresAt / 1_000)];
  expect(await readReplyToken(keys, await signed("reply-link", said), at)).toMatchObject({ ok: true });
  for (const purpose of ["hook-id", "hook-secret", "cookie", "login-link"] as const)
    expect(await readReplyToken(keys, await signed(purpose, said), at)).toEqual({ ok: false, error: "bad-signature" });
  for (const other of [
    "{",
    "null",
    [],
    said.slice(1),
    ["choice", grant.question, -1, "ann", 9e9],
    ["admin", ...said.slice(1)],
    ["page", "no-dot", -1, "ann", 9e9],
  ])
    expect(await readReplyToken(keys, await signed("reply-link", other), at)).toEqual({ ok: false, error: "malformed" });
});

test("a token of the key before is good while keys are rotated, and no longer", async () => {
  const old = await createReplyToken(keys, grant);
  expect(await readReplyToken(newer, old, at)).toEqual({ ok: true, value: grant });
  expect(await readReplyToken({ current: newer.current }, old, at)).toEqual({ ok: false, error: "bad-signature" });
  expect(await readReplyToken(keys, await createReplyToken(newer, grant), at)).toEqual({ ok: false, error: "bad-signature" });
});
