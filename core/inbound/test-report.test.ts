import { expect, test } from "vitest";
import { mergeReports, parseJUnit, parsePlaywright } from "./test-report.ts";

const junit = `<?xml version="1.0"?>
<testsuites name="all"><testsuite name="api" tests="4">
  <testcase classname="todo" name="adds &amp; lists" time="0.1"/>
  <testcase classname="todo" name="removes"><failure message="expected 1">AssertionError: expected 1
    at todo.test.js:3</failure></testcase>
  <testcase name="crashes"><error message="boom"/></testcase>
  <testsuite name="inner"><testcase name="later"><skipped/></testcase></testsuite>
</testsuite></testsuites>`;

test("JUnit: single tests are counted through nested suites, failures named", () => {
  expect(parseJUnit(junit)).toEqual({
    format: "junit",
    counts: { passed: 1, failed: 2, skipped: 1 },
    failures: [
      { name: "todo › removes", message: "AssertionError: expected 1\n    at todo.test.js:3" },
      { name: "crashes", message: "boom" },
    ],
  });
  expect(parseJUnit('<testsuite><testcase name="a"/></testsuite>')).toMatchObject({ counts: { passed: 1, failed: 0, skipped: 0 } });
});

test("JUnit: other or broken XML, and entities, are no report", () => {
  for (const text of ["", "{}", "<html></html>", "<testsuite><testcase name='a'>", '<!DOCTYPE a [<!ENTITY x "y">]><testsuite/>'])
    expect(parseJUnit(text), text).toBeUndefined();
});

test("names and messages are cut to what a frame carries", () => {
  const long = parseJUnit(
    `<testsuite>${`<testcase name="${"n".repeat(900)}"><failure>${"m".repeat(9_000)}</failure></testcase>`.repeat(60)}</testsuite>`,
  );
  expect(long?.counts.failed).toBe(60);
  expect(long?.failures).toHaveLength(50);
  expect([long?.failures[0]?.name.length, long?.failures[0]?.message.length]).toEqual([500, 4_000]);
});

test("Playwright: counts from its statistics, failures through nested suites", () => {
  const spec = (title: string, status: string, message?: string) => ({
    title,
    tests: [{ status, results: message === undefined ? [{}] : [{ error: { message } }] }],
  });
  const report = {
    config: {},
    suites: [
      {
        title: "todo.spec.ts",
        specs: [spec("opens", "expected")],
        suites: [{ title: "list", specs: [spec("adds", "unexpected", "no button"), spec("edits", "flaky")] }],
      },
    ],
    stats: { expected: 1, unexpected: 1, flaky: 1, skipped: 2, duration: 5 },
  };
  expect(parsePlaywright(JSON.stringify(report))).toEqual({
    format: "playwright",
    counts: { passed: 2, failed: 1, skipped: 2 },
    failures: [{ name: "todo.spec.ts › list › adds", message: "no button" }],
  });
  expect(parsePlaywright("{}")).toBeUndefined();
  expect(parsePlaywright("no json")).toBeUndefined();
});

test("several reports are one", () => {
  const one = parseJUnit(junit);
  if (one === undefined) throw new Error("no report");
  expect(mergeReports([one, one])).toMatchObject({ counts: { passed: 2, failed: 4, skipped: 2 }, failures: { length: 4 } });
  expect(mergeReports([])).toBeUndefined();
});
