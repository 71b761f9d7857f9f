import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseOfferedLogin, vendorOf } from "./offered-login.ts";

const code = "ABCD-1234";
const hosts = ["claude.ai", "console.anthropic.com", "platform.claude.com", "auth.openai.com", "chatgpt.com", "github.com"];

test.each([
  ["https://claude.ai/oauth/authorize?code=true&client_id=9d1c", "claude"],
  ["https://auth.openai.com/codex/device", "openai"],
  ["https://github.com/login/device", "github"],
  ["https://github.com", "github"],
])("%s is a page of %s", (url, vendor) => {
  expect(parseOfferedLogin({ url, code })).toEqual({ ok: true, value: { vendor, url, code } });
});

test.each([
  "http://claude.ai/",
  "https://CLAUDE.AI/",
  "https://claude.ai:443/",
  "https://claude.ai./",
  "https://claude.ai@evil.example/",
  "https://evil.example@claude.ai/",
  "https://claude.ai.evil.example/",
  "https://evil-claude.ai/",
  "https://www.claude.ai/",
  "https://claude.ai\\@evil.example/",
  "https://xn--clude-2qa.ai/",
  "https://clаude.ai/",
  "https://claude.ai/#@evil.example",
  "https://claude.ai/ https://evil.example/",
  "https://claude.ai/\u202e",
  " https://claude.ai/",
  "https://claude.ai/\n",
  "//claude.ai/",
  "javascript:https://claude.ai/",
  `https://claude.ai/${"a".repeat(3_000)}`,
  "",
])("%j is nobody's", (url) => {
  expect(parseOfferedLogin({ url, code })).toEqual({ ok: false, error: "foreign-host" });
});

test.each(["ABCD1234", "ABCD-123", "abcd-1234", "ABCD-123456", "ABCD-1234\n", " ABCD-1234", "АBCD-1234", "ABCD-12 4", ""])(
  "%j is no code",
  (said) => {
    expect(parseOfferedLogin({ url: "https://github.com/login/device", code: said })).toEqual({ ok: false, error: "malformed-code" });
  },
);

describe("whatever is said", () => {
  const piece = fc.oneof(
    fc.constantFrom(...hosts, "https://", "http://", "@", ":", "/", "\\", "?", "#", ".", "evil.example", "%2e", "\u0000", "xn--", "。"),
    fc.string({ unit: "binary", maxLength: 6 }),
  );

  test("an address that is shown leads every browser to one of the vendors' hosts, by https", () => {
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
        const url = pieces.join("");
        if (vendorOf(url) === undefined) return;
        const read = new URL(url);
        expect(hosts).toContain(read.host);
        expect([read.protocol, read.username, read.password, read.port, read.hash]).toEqual(["https:", "", "", "", ""]);
      }),
      { numRuns: 20_000 },
    );
  });
});
