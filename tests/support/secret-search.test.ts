import { describe, expect, test } from "vitest";
import { SecretSearch } from "./secret-search.ts";

const value = 'sk-"secret"-of-the-tests+äöü/\\n-and-more-of-it';
const found = (text: string): boolean => {
  const search = new SecretSearch([{ name: "key", value }]);
  search.look("here", text);
  return search.leaks.length > 0;
};
const bytesOf = (text: string) => Buffer.from(text, "utf8");

describe("a secret is found", () => {
  test.each([
    ["plain", `before ${value} after`],
    ["in JSON", JSON.stringify({ value })],
    ["in JSON in JSON", JSON.stringify({ body: JSON.stringify({ value }) })],
    ["in an address", `https://x.example/?s=${encodeURIComponent(value)}`],
    ["in a form", new URLSearchParams({ a: "b", value }).toString()],
    ["cut", `before ${value.slice(0, 25)}`],
    ["cut at its beginning", value.slice(15)],
    ["hex", bytesOf(`x${value}`).toString("hex")],
    ["HEX", bytesOf(value).toString("hex").toUpperCase()],
    ...["", "a", "ab", "abc", "abcd"].flatMap((before) => [
      [`base64 after ${before.length}`, bytesOf(`${before}${value}${before}`).toString("base64")],
      [`base64url after ${before.length}`, bytesOf(`${before}${value}${before}`).toString("base64url")],
    ]),
    ["base64 of a header", bytesOf(`x-access-token:${value}`).toString("base64")],
  ])("%s", (_, text) => expect(found(text)).toBe(true));

  test("among bytes, as UTF-8 and as UTF-16", () => {
    const plain = "sk-secret-of-the-tests-and-more";
    for (const encoding of ["utf8", "utf16le"] as const) {
      const search = new SecretSearch([{ name: "key", value: plain }]);
      search.lookInto("row", [{ blob: new Uint8Array([0, 255, ...Buffer.from(plain, encoding), 7]) }]);
      expect(search.leaks[0]).toMatchObject({ secret: "key", where: "row.0.blob" });
    }
  });
});

test("other texts, its hash and parts that say nothing are no leak; what was found is told without the secret", () => {
  for (const other of ["", "sk-", "sk-other-of-the-tests", JSON.stringify({ value: value.toUpperCase() })])
    expect(found(other)).toBe(false);
  const search = new SecretSearch([{ name: "key", value }]);
  search.look("log line 3", value);
  expect(search.leaks.map(({ secret, where }) => [secret, where])).toContainEqual(["key", "log line 3"]);
  expect(JSON.stringify(search.leaks)).not.toContain("of-the-tests");
});

test("what is too short to be told from chance cannot be looked for", () => {
  expect(() => new SecretSearch([{ name: "short", value: "local" }])).toThrow("short is too short");
});
