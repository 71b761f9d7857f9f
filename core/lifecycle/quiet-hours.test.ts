import { describe, expect, test } from "vitest";
import { outsideQuietHours } from "./quiet-hours.ts";

const at = (text: string) => Date.parse(text);
const night = { quietFrom: "22:00", quietTo: "07:30", utcOffsetMinutes: 0 };

describe("quiet hours", () => {
  test.each([
    ["2026-11-23T21:59:59.999Z", "2026-11-23T21:59:59.999Z"],
    ["2026-11-23T22:00:00Z", "2026-11-24T07:30:00Z"],
    ["2026-11-23T23:59:59Z", "2026-11-24T07:30:00Z"],
    ["2026-11-24T00:00:00Z", "2026-11-24T07:30:00Z"],
    ["2026-11-24T07:29:59.999Z", "2026-11-24T07:30:00Z"],
    ["2026-11-24T07:30:00Z", "2026-11-24T07:30:00Z"],
    ["2026-12-31T23:00:00Z", "2027-01-01T07:30:00Z"],
  ])("over midnight: %s → %s", (asked, said) => {
    expect(outsideQuietHours(at(asked), night)).toBe(at(said));
  });

  test.each([
    ["2026-11-23T11:59:00Z", "2026-11-23T11:59:00Z"],
    ["2026-11-23T12:00:30Z", "2026-11-23T13:00:00Z"],
    ["2026-11-23T13:00:00Z", "2026-11-23T13:00:00Z"],
  ])("within a day: %s → %s", (asked, said) => {
    expect(outsideQuietHours(at(asked), { quietFrom: "12:00", quietTo: "13:00", utcOffsetMinutes: 0 })).toBe(at(said));
  });

  test("at the people's place", () => {
    const india = { ...night, utcOffsetMinutes: 330 };
    expect(outsideQuietHours(at("2026-11-23T16:29:00Z"), india)).toBe(at("2026-11-23T16:29:00Z"));
    expect(outsideQuietHours(at("2026-11-23T16:30:00Z"), india)).toBe(at("2026-11-24T02:00:00Z"));
    const newYork = { ...night, utcOffsetMinutes: -300 };
    expect(outsideQuietHours(at("2026-11-24T03:00:00Z"), newYork)).toBe(at("2026-11-24T12:30:00Z"));
    expect(outsideQuietHours(1_000, newYork)).toBe(1_000);
    expect(outsideQuietHours(4 * 3_600_000, newYork)).toBe(12.5 * 3_600_000);
  });

  test("without both times, or from a time to the same, nothing is quiet", () => {
    const midnight = at("2026-11-24T00:00:00Z");
    for (const times of [{ quietFrom: null }, { quietTo: null }, { quietTo: "22:00" }])
      expect(outsideQuietHours(midnight, { ...night, ...times })).toBe(midnight);
  });

  test("what comes out is never quiet, and never earlier", () => {
    for (let from = 0; from < 1_440; from += 97)
      for (let to = 0; to < 1_440; to += 89)
        for (let minute = 0; minute < 1_440; minute += 61) {
          const clock = (of: number) => `${String(Math.floor(of / 60)).padStart(2, "0")}:${String(of % 60).padStart(2, "0")}`;
          const quiet = { quietFrom: clock(from), quietTo: clock(to), utcOffsetMinutes: 60 };
          const asked = minute * 60_000 + 17;
          const said = outsideQuietHours(asked, quiet);
          expect(said).toBeGreaterThanOrEqual(asked);
          expect(said - asked).toBeLessThanOrEqual(86_400_000);
          expect(outsideQuietHours(said, quiet)).toBe(said);
        }
  });
});
