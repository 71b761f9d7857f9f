import fc from "fast-check";
import { expect, test } from "vitest";
import { StreamRedactor } from "./stream-redactor.ts";

const known = ["hunter2-hunter2", "abcdef", "abcdefghijkl", "line-one-of-a-key-0\nline-two-of-a-key-0\n", "päss wörd/42"];
const formed = [
  "ghp_0123456789abcdefABCD",
  "github_pat_11ABCDEFG0123456789_abcdef",
  "sk-ant-api03-0123456789abcdef",
  "AKIAIOSFODNN7EXAMPLE",
  "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
  "-----BEGIN RSA PRIVATE KEY-----\r\nMIIEowIBAAKCAQEA\r\n-----END RSA PRIVATE KEY-----",
];
const needles = [...known.flatMap((value) => value.split("\n")).filter((value) => value !== ""), ...formed];

function redacted(pieces: readonly string[]): string {
  const redactor = new StreamRedactor(() => known);
  return pieces.map((piece) => redactor.write(piece)).join("") + redactor.end();
}

test("no secret passes, wherever the stream is cut", () => {
  const words = fc.constantFrom(...needles, " ", "\r\n", "plain words", "ab", "gh", "----", "a.b", "\u001B[31m");
  fc.assert(
    fc.property(fc.array(words, { maxLength: 12 }), fc.array(fc.nat(400), { maxLength: 12 }), (parts, cuts) => {
      const text = parts.map((part) => ` ${part} `).join("");
      const places = [...cuts.map((cut) => cut % (text.length + 1)), 0, text.length].toSorted((a, b) => a - b);
      const out = redacted(places.slice(1).map((end, index) => text.slice(places[index], end)));
      for (const needle of needles) expect(out).not.toContain(needle);
      expect(out).toBe(redacted([text]));
    }),
    { numRuns: 400 },
  );
});

test("what is no secret passes unchanged, and the most of it at once", () => {
  fc.assert(
    fc.property(fc.array(fc.stringMatching(/^[a-e. \n]{0,12}$/), { maxLength: 20 }), (pieces) => {
      const text = pieces.join("");
      fc.pre(!known.some((secret) => text.includes(secret)));
      expect(redacted(pieces)).toBe(text);
    }),
  );
  const redactor = new StreamRedactor(() => known);
  expect(redactor.write("building .......... ")).toBe("building .......... ");
  expect(redactor.write("done abc")).toBe("done ");
  expect(redactor.write("x\r\n")).toBe("abcx\r\n");
});

test("of two values the longer one is masked whole", () => {
  expect(redacted(["abcdef", "ghijkl."])).toBe("***.");
  expect(redacted(["abcdef", " ghijkl."])).toBe("*** ghijkl.");
});

test("credentials in headers and addresses are masked, what stands around them is not", () => {
  expect(redacted(["authorization: Bea", "rer 0123456789abcdefgh\r\n"])).toBe("authorization: Bearer ***\r\n");
  expect(redacted(["https://me:s3cr3t", "pass@git.test/a.git"])).toBe("https://me:***@git.test/a.git");
});

test("a private key without an end holds nothing back for ever", () => {
  const redactor = new StreamRedactor(() => []);
  let out = "";
  for (let line = 0; line < 3_000; line += 1)
    out += redactor.write(line === 0 ? "-----BEGIN PRIVATE KEY-----\r\n" : `${line} and so on\r\n`);
  expect(out).toContain("100 and so on");
  expect(redacted(["-----BEGIN PRIVATE KEY-----\n", `${"MIIEow".repeat(9)}\n`, "after"])).toBe("***\nafter");
});
