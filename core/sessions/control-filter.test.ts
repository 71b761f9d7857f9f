import fc from "fast-check";
import { expect, test } from "vitest";
import { createControlFilter } from "./control-filter.ts";

const filtered = (...pieces: string[]): string => {
  const filter = createControlFilter();
  return pieces.map((piece) => filter(piece)).join("");
};

test("colours, line ends and tabs pass; a line feed alone becomes a line end", () => {
  expect(filtered("\u001B[1;31mred\u001B[0m\ta\r\nb\nc")).toBe("\u001B[1;31mred\u001B[0m\ta\r\nb\r\nc");
  expect(filtered("a\r", "\nb")).toBe("a\r\nb");
});

test.each([
  ["a title", "\u001B]0;owned\u0007"],
  ["a title ended by ST", "\u001B]2;owned\u001B\\"],
  ["the clipboard", "\u001B]52;c;ZXZpbA==\u0007"],
  ["a link", "\u001B]8;;https://evil.test\u0007"],
  ["a device string", '\u001BP$q"p\u001B\\'],
  ["cursor moves", "\u001B[2J\u001B[H\u001B[10;10H\u001B[A"],
  ["another screen", "\u001B[?1049h\u001B[?25l"],
  ["device queries", "\u001B[6n\u001B[c\u001BZ"],
  ["a reset", "\u001Bc\u001B7\u001B8\u001B(0"],
  ["C1 controls", "\u009B31;1H\u0085\u0090x\u009C"],
  ["bells and backspaces", "\u0007\b\b\u000E"],
  ["text turned around", "\u202E\u2066"],
])("%s is taken out", (_, sequence) => {
  expect(filtered(`a${sequence}b`)).toBe("ab");
  expect(filtered("a", ...sequence, "b")).toBe("ab");
});

test("a title without an end swallows at most its line", () => {
  expect(filtered("\u001B]0;never ended", " and more\nnext")).toBe("\r\nnext");
  expect(filtered(`\u001B]0;${"x".repeat(5_000)}tail`)).toContain("tail");
});

test("whatever comes, only text and colours leave, however it is cut", () => {
  const bits = fc.constantFrom(
    "\u001B",
    "[",
    "]",
    "0;",
    "31m",
    "m",
    "H",
    "\u0007",
    "\\",
    "a",
    "\n",
    "\r",
    "\u009B",
    "P",
    "?25l",
    "(",
    ";",
    "\u001B[1m",
  );
  fc.assert(
    fc.property(fc.array(bits, { maxLength: 60 }), (pieces) => {
      const out = filtered(...pieces);
      expect(out).toBe(filtered(pieces.join("")));
      // eslint-disable-next-line no-control-regex
      expect(out.replaceAll(/\u001B\[[0-9;:]*m/g, "")).not.toMatch(/[\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F-\u009F]/);
    }),
    { numRuns: 500 },
  );
});
