import fc from "fast-check";
import { expect, test } from "vitest";
import { redactedTail } from "./redact.ts";

test("no secret is left in what comes out, wherever it stands and wherever the output was cut", () => {
  const secret = fc.stringMatching(/^[A-Z0-9]{6,40}$/);
  const around = fc.string({ maxLength: 60 }).map((text) => text.toLowerCase().replaceAll(/[0-9]/g, "-"));
  fc.assert(
    fc.property(secret, around, around, fc.nat(200), fc.nat(120), (key, before, after, cutAt, most) => {
      const kept = `${before}${key}${after}${key}`.slice(cutAt);
      const shown = redactedTail(kept, [key], most + 1);
      expect(shown.length).toBeLessThanOrEqual(most + 1);
      for (let at = 0; at + 6 <= key.length; at += 1) expect(shown).not.toContain(key.slice(at));
    }),
  );
});

test("what is shorter than six characters is no secret to look for", () => {
  expect(redactedTail("ok 1 local", ["local", "1"], 100)).toBe("ok 1 local");
});
