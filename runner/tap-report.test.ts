import { spawnSync } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parseTap } from "./tap-report.ts";

test("TAP among other output: passes, failures, skips and todos", () => {
  const output = `npm says hello
TAP version 13
ok 1 - adds
not ok 2 - removes
  ---
  message: expected 1
  ...
ok 3 - later # SKIP not now
not ok 4 - one day # TODO
1..4
`;
  expect(parseTap(output)).toEqual({
    format: "tap",
    counts: { passed: 2, failed: 1, skipped: 1 },
    failures: [{ name: "removes", message: "expected 1" }],
  });
});

test("what Node's test runner prints with the tap reporter", () => {
  const file = join(mkdtempSync(join(tmpdir(), "tap-")), "a.test.mjs");
  writeFileSync(
    file,
    `import test from "node:test"; import assert from "node:assert"; test("good", () => {}); test("bad", () => assert.equal(1, 2)); test("suite", async (t) => { await t.test("inner", () => {}); });`,
  );
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const output = spawnSync(process.execPath, ["--test", "--test-reporter=tap", file], { encoding: "utf8", env }).stdout;
  const report = parseTap(output);
  expect(report?.counts).toEqual({ passed: 2, failed: 1, skipped: 0 });
  expect(report?.failures[0]?.name).toBe("bad");
});

test("output without TAP is no report", () => {
  expect(parseTap("all good\nok then\n")).toBeUndefined();
  expect(parseTap("1..0\n")).toBeUndefined();
});
