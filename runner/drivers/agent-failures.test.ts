import { describe, expect, test } from "vitest";
import { failureOfWords, untilInWords } from "./agent-failures.ts";

const at = Date.parse("2026-11-27T01:30:00Z");
const inMs = (said: string) => {
  const { until } = untilInWords(said, at);
  return until === undefined ? undefined : until - at;
};

describe("when a limit is over, in providers' own words", () => {
  test.each([
    ["Claude AI usage limit reached|1795749600", 1795749600_000 - at],
    ["You've hit your 5-hour limit · resets 2:44am (UTC)", 74 * 60_000],
    ["You've hit your 5-hour limit · resets 1am (UTC)", 23.5 * 3_600_000],
    ["You've hit your weekly limit · resets 12pm (UTC)", 10.5 * 3_600_000],
    ["Rate limit reached for gpt-5 in organization org-x on tokens per min. Please try again in 6m12s.", 372_000],
    ["Rate limit reached. Please try again in 1.336s. Visit https://platform.openai.com", 1_336],
    ["Please try again in 20ms", 20],
    ["try again in 1 hour, 5 minutes", 65 * 60_000],
    ['429 RESOURCE_EXHAUSTED {"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"37s"}', 37_000],
    ["retry-after: 30s", 30_000],
    ["quota exceeded, resets at 2026-11-27T03:30:00+01:00", 3_600_000],
    ['{"resetsAt":1795749600}', 1795749600_000 - at],
  ])("%s", (said, ms) => {
    expect(inMs(said)).toBe(ms);
  });

  test.each([
    "You've hit your limit · resets 3am (Europe/Berlin)",
    "resets at 2:44",
    "limit reached|1600000000",
    "limit reached|9999999999",
    "quota exceeded, resets at 2025-11-27T03:30:00Z",
    "resets 25:99pm (UTC)",
    "try again in a while",
    "try again in 30 days",
    "model gpt-5 has 20s context",
  ])("nothing is believed of: %s", (said) => {
    expect(inMs(said)).toBeUndefined();
  });

  test("however long the words are, they are read soon", () => {
    const begun = performance.now();
    for (const piece of ["try again in 1s ", "1s, ", "retry ", "|1", "2026-", "limit "]) untilInWords(piece.repeat(100_000), at);
    expect(performance.now() - begun).toBeLessThan(2_000);
  });
});

test.each([
  ["429 Too Many Requests", "quota"],
  ["You've hit your 5-hour limit · resets 2:44am (UTC)", "quota"],
  ["insufficient_quota: check your plan", "quota"],
  ["401 Unauthorized", "authentication"],
  ["Invalid API key · Please run /login", "authentication"],
  ["Please log in first", "authentication"],
  ["unknown model gpt-99", "configuration"],
  ["ECONNRESET", "infrastructure"],
  ["", "infrastructure"],
])("%o is %s", (said, kind) => {
  expect(failureOfWords(said, at)).toMatchObject({ kind, message: said });
});
