import { expect, test } from "vitest";
import { base64url, derivedSecret, mac, macs, sameText, signingKeyOf } from "./keys.ts";

const [current, previous] = ["a-signing-key-of-32-characters-01", "b-signing-key-of-32-characters-02"];

test("secrets are derived by HKDF, one for each purpose and context", async () => {
  const secret = await derivedSecret(current, "cookie");
  // As node:crypto's hkdfSync("sha256", current, 32 zero bytes, "mesh-six cookie\n", 32) gives it.
  expect(secret).toBe("584beee9824921f7819cb8ca0262efe89480902359124d2c36d29f8cac110d9c");
  const others = [
    await derivedSecret(current, "reply-link"),
    await derivedSecret(current, "cookie", "x"),
    await derivedSecret(previous, "cookie"),
  ];
  expect(new Set([secret, ...others]).size).toBe(4);
});

test("a MAC is known under the present key and the one before, and for its own purpose only", async () => {
  const [now, before] = [await mac(current, "reply-link", "text"), await mac(previous, "reply-link", "text")];
  expect(await signingKeyOf({ current, previous }, "reply-link", "text", now)).toBe(current);
  expect(await signingKeyOf({ current, previous }, "reply-link", "text", before)).toBe(previous);
  expect(await signingKeyOf({ current }, "reply-link", "text", before)).toBeUndefined();
  expect(await signingKeyOf({ current, previous }, "cookie", "text", now)).toBeUndefined();
  expect(await signingKeyOf({ current, previous }, "reply-link", "texts", now)).toBeUndefined();
});

test("while rotating there is a MAC under each key, that under the present one first", async () => {
  const [now, before] = [await mac(current, "command", "text"), await mac(previous, "command", "text")];
  expect(await macs({ current, previous }, "command", "text")).toEqual([now, before]);
  expect(await macs({ current }, "command", "text")).toEqual([now]);
});

test("texts are compared whole", async () => {
  expect(await sameText("token", "token")).toBe(true);
  for (const other of ["", "tokem", "token ", "Token"]) expect(await sameText("token", other)).toBe(false);
});

test("base64url has no padding and no characters that URLs treat specially", () => {
  expect(base64url(new Uint8Array([251, 255, 254, 0]))).toBe("-__-AA");
});
