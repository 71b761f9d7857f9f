import fc from "fast-check";
import { expect, test } from "vitest";
import { redactedTail, redactedValue, redactingWriter } from "./redact.ts";

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

test("every text of a report is freed of secrets, and words stay", () => {
  const said = { type: "plan", markdown: "Use sk-test-secret-1 and fast", nested: [{ text: "sk-test-secret-1" }], count: 3, none: null };
  expect(redactedValue(said, ["sk-test-secret-1", "fast"])).toEqual({
    type: "plan",
    markdown: "Use *** and fast",
    nested: [{ text: "***" }],
    count: 3,
    none: null,
  });
});

test.each([1, 3, 7, 1_000])("an output is passed on without secrets, also in pieces of %i bytes", (size) => {
  const secret = "sk-sécret-of-the-tests";
  const whole = Buffer.from(`begin ${secret}\nmiddle – ${secret}${secret} end ${secret.slice(0, -1)}`);
  const passed: Buffer[] = [];
  const writer = redactingWriter((data) => void passed.push(data), [secret]);
  for (let at = 0; at < whole.length; at += size) writer.write(whole.subarray(at, at + size));
  writer.end();
  expect(Buffer.concat(passed).toString()).toBe(`begin ***\nmiddle – ****** end ${secret.slice(0, -1)}`);
});
