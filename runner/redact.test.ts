import fc from "fast-check";
import { expect, test } from "vitest";
import { SecretSearch } from "../tests/support/secret-search.ts";
import { StreamRedactor } from "./output/stream-redactor.ts";
import { redactedTail, redactedValue, redactingWriter } from "./redact.ts";
import { writingsOf } from "./secret-writings.ts";

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

const hidden = "sk-ünlike/any+other key=1&2\\x?0123456789abcdef";
const writings = {
  ...Object.fromEntries(writingsOf(hidden).map(({ form, text }) => [form, text])),
  ...Object.fromEntries(
    [0, 1, 2].map((offset) => [
      `base64 among others, ${offset}`,
      Buffer.from(`${"x".repeat(50 + offset)}KEY=${hidden};${"y".repeat(40)}`).toString("base64"),
    ]),
  ),
  "base64 in lines": Buffer.from(`${"x".repeat(50)}${hidden}${"y".repeat(40)}`)
    .toString("base64")
    .replaceAll(/.{76}/g, "$&\n"),
  "hex in lines": Buffer.from(`${"x".repeat(20)}${hidden}${"y".repeat(40)}`)
    .toString("hex")
    .replaceAll(/.{60}/g, "$&\r\n"),
};

test.each(Object.entries(writings))("no key passes in another writing: %s", (_form, text) => {
  const search = (where: string, shown: string) => {
    const found = new SecretSearch([{ name: "key", value: hidden }]);
    found.look(where, shown.replaceAll(/[\r\n]/g, ""));
    return found.leaks;
  };
  expect(search("the text itself", text)).not.toEqual([]);
  const said = `before ${text} after`;
  expect(search("a report", JSON.stringify(redactedValue([{ said }], [hidden])))).toEqual([]);
  expect(search("a tail", redactedTail(said, [hidden], 10_000))).toEqual([]);
  for (const size of [1, 2, 5, 64, 10_000]) {
    const [bytes, passed]: [Buffer, Buffer[]] = [Buffer.from(said), []];
    const writer = redactingWriter((data) => void passed.push(data), [hidden]);
    const redactor = new StreamRedactor(() => [hidden]);
    let streamed = "";
    for (let at = 0; at < bytes.length; at += size) writer.write(bytes.subarray(at, at + size));
    for (let at = 0; at < said.length; at += size) streamed += redactor.write(said.slice(at, at + size));
    writer.end();
    streamed += redactor.end();
    const logged = Buffer.concat(passed).toString();
    expect([search(`a log in pieces of ${size}`, logged), search(`a stream in pieces of ${size}`, streamed)]).toEqual([[], []]);
    expect([logged, streamed].every((shown) => shown.startsWith("before ") && shown.endsWith(" after"))).toBe(true);
  }
});

test("what it costs does not grow with the number of writings alone: 32 MiB with ten keys in seconds", () => {
  const secrets = Array.from({ length: 10 }, (_, at) => `sk-ant-${String(at).repeat(100)}`);
  const line = Buffer.from("yes, this line is 64 bytes long, and it is written again and ...\n".repeat(1_000));
  let bytes = 0;
  const writer = redactingWriter((data) => (bytes += data.length), secrets);
  const begun = performance.now();
  for (let at = 0; at < 32 * 1_048_576; at += line.length) writer.write(line);
  writer.end();
  expect(bytes).toBeGreaterThan(32 * 1_048_576 - 1);
  expect(performance.now() - begun).toBeLessThan(20_000);
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
