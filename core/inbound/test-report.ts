import { XMLParser, XMLValidator } from "fast-xml-parser";
import * as z from "zod";
import type { TestResults } from "../protocol/frames.ts";

/** What a report of a test program says: part of `TestResults`. Counts are of single tests. */
export interface TestReport {
  readonly format: "junit" | "tap" | "playwright";
  readonly counts: NonNullable<TestResults["counts"]>;
  /** At most 50, names and messages cut to the protocol's limits. */
  readonly failures: TestResults["failures"];
}

/** Cuts a failure to what a frame may carry. */
export function failureNamed(name: string, message: string): TestResults["failures"][number] {
  return { name: (name.trim() || "unnamed").slice(0, 500), message: message.trim().slice(0, 4_000) };
}

/** Several reports of one run of tests as one; undefined when there is none. */
export function mergeReports(reports: readonly TestReport[]): TestReport | undefined {
  const [first, ...others] = reports;
  if (first === undefined) return undefined;
  return others.reduce<TestReport>(
    (sum, { counts, failures }) => ({
      format: sum.format,
      counts: {
        passed: sum.counts.passed + counts.passed,
        failed: sum.counts.failed + counts.failed,
        skipped: sum.counts.skipped + counts.skipped,
      },
      failures: [...sum.failures, ...failures].slice(0, 50),
    }),
    first,
  );
}

const listed = ["testsuite", "testcase", "failure", "error", "skipped"];
const xml = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: "@",
  textNodeName: "#text",
  parseTagValue: false,
  parseAttributeValue: false,
  processEntities: true,
  isArray: (name) => listed.includes(name),
});

interface XmlNode {
  readonly [name: string]: unknown;
}

/** Reads JUnit XML (https://github.com/testmoapp/junitxml) as most test programs write it; undefined when the text is not that. */
export function parseJUnit(text: string): TestReport | undefined {
  if (!/<testsuites?[\s>/]/.test(text) || /<!ENTITY/i.test(text) || XMLValidator.validate(text) !== true) return undefined;
  const root = nodeOf(xml.parse(text));
  const suites = [...nodesOf(root["testsuite"]), ...nodesOf(nodeOf(root["testsuites"])["testsuite"])];
  const cases = suites.flatMap(casesOf);
  let [passed, failed, skipped] = [0, 0, 0];
  const failures: TestResults["failures"] = [];
  for (const test of cases) {
    const faults = [...listOf(test["failure"]), ...listOf(test["error"])];
    if (faults.length > 0) {
      failed += 1;
      const name = [attribute(test, "classname"), attribute(test, "name")].filter((part) => part !== "").join(" › ");
      if (failures.length < 50) failures.push(failureNamed(name, faults.map(faultText).join("\n")));
    } else if (listOf(test["skipped"]).length > 0) skipped += 1;
    else passed += 1;
  }
  return { format: "junit", counts: { passed, failed, skipped }, failures };
}

function casesOf(suite: XmlNode): XmlNode[] {
  return [...nodesOf(suite["testcase"]), ...nodesOf(suite["testsuite"]).flatMap(casesOf)];
}

function faultText(fault: unknown): string {
  if (typeof fault === "string") return fault;
  const node = nodeOf(fault);
  const text = typeof node["#text"] === "string" ? node["#text"] : "";
  const message = attribute(node, "message");
  return text.includes(message) ? text : `${message}\n${text}`;
}

function attribute(node: XmlNode, name: string): string {
  const value = node[`@${name}`];
  return typeof value === "string" ? value : "";
}

function nodeOf(value: unknown): XmlNode {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as XmlNode) : {};
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : value === undefined ? [] : [value];
}

function nodesOf(value: unknown): XmlNode[] {
  return listOf(value).map(nodeOf);
}

interface PlaywrightSuite {
  readonly title: string;
  readonly suites?: readonly PlaywrightSuite[] | undefined;
  readonly specs: readonly PlaywrightSpec[];
}
const result = z.object({ error: z.object({ message: z.string().optional() }).optional() });
const spec = z.object({
  title: z.string(),
  tests: z.array(z.object({ status: z.enum(["expected", "unexpected", "flaky", "skipped"]), results: z.array(result).default([]) })),
});
type PlaywrightSpec = z.output<typeof spec>;
const suite: z.ZodType<PlaywrightSuite> = z.object({
  title: z.string(),
  specs: z.array(spec).default([]),
  get suites() {
    return z.array(suite).optional();
  },
});
const playwright = z.object({
  suites: z.array(suite),
  stats: z.object({ expected: z.number(), unexpected: z.number(), flaky: z.number(), skipped: z.number() }),
});

/** Reads the report of Playwright's JSON reporter (https://playwright.dev/docs/test-reporters#json-reporter); a flaky test has passed. */
export function parsePlaywright(text: string): TestReport | undefined {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return undefined;
  }
  const parsed = playwright.safeParse(json);
  if (!parsed.success) return undefined;
  const { stats, suites } = parsed.data;
  const failures = suites.flatMap((one) => failuresOf(one, [])).slice(0, 50);
  return {
    format: "playwright",
    counts: { passed: stats.expected + stats.flaky, failed: stats.unexpected, skipped: stats.skipped },
    failures,
  };
}

function failuresOf(one: PlaywrightSuite, above: readonly string[]): TestResults["failures"] {
  const path = [...above, one.title];
  const own = one.specs.flatMap(({ title, tests }) =>
    tests
      .filter(({ status }) => status === "unexpected")
      .map(({ results }) =>
        failureNamed(
          [...path, title].join(" › "),
          results.map(({ error }) => error?.message ?? "").findLast((message) => message !== "") ?? "",
        ),
      ),
  );
  return [...own, ...(one.suites ?? []).flatMap((inner) => failuresOf(inner, path))];
}
