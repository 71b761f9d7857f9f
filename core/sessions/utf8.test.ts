import fc from "fast-check";
import { expect, test } from "vitest";
import { piecesOf, utf8Length, withoutBytes } from "./utf8.ts";

const text = fc.string({ unit: "grapheme", maxLength: 60 });

test("counts bytes as an encoder does, lone surrogates included", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), (any) => utf8Length(any) === Buffer.byteLength(any)));
});

test("cuts whole characters from the beginning, and none in two", () => {
  fc.assert(
    fc.property(text, fc.nat(80), (whole, bytes) => {
      const rest = withoutBytes(whole, bytes);
      const bare = Buffer.from(whole).subarray(bytes);
      if (rest === undefined) expect(bytes > Buffer.byteLength(whole) || bare.toString().includes("\uFFFD")).toBe(true);
      else expect(rest).toBe(bare.toString());
    }),
  );
});

test("divides into pieces that are small enough and give the same again", () => {
  fc.assert(
    fc.property(text, fc.integer({ min: 4, max: 20 }), (whole, most) => {
      const pieces = piecesOf(whole, most);
      expect(pieces.join("")).toBe(whole);
      for (const piece of pieces) expect(Buffer.byteLength(piece)).toBeLessThanOrEqual(most);
    }),
  );
});
