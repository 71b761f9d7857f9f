import { existsSync, mkdirSync, mkdtempSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { dayMs } from "../core/time.ts";
import { placeOf } from "./run-place.ts";
import { sweep, sweepDefaults, touch } from "./sweep.ts";

/** Runs of a machine, each last worked on at a moment, and of a size. */
function runsOf(...made: readonly { readonly touchedAt: number; readonly kilobytes?: number }[]) {
  const folder = mkdtempSync(join(tmpdir(), "sweep-"));
  const places = made.map(({ touchedAt, kilobytes = 1 }, index) => {
    const place = placeOf(folder, { project: "acme/todo", branch: `mesh/${index + 1}.1` } as Parameters<typeof placeOf>[1]);
    if (place === undefined) throw new Error("no place");
    mkdirSync(place.tree, { recursive: true });
    writeFileSync(join(place.tree, "file"), "x".repeat(kilobytes * 1_024));
    utimesSync(place.root, touchedAt / 1_000, touchedAt / 1_000);
    return place;
  });
  return { folder, places, left: () => places.map(({ tree }) => existsSync(tree)) };
}

test("only runs that nobody worked on for so long are removed, and none that is in use", async () => {
  const { folder, places, left } = runsOf({ touchedAt: 0 }, { touchedAt: 0 }, { touchedAt: 0 });
  const [old, used, touched] = places;
  if (old === undefined || used === undefined || touched === undefined) throw new Error("no places");
  touch(touched, 20 * dayMs);
  expect(await sweep(folder, new Set([used.root]), sweepDefaults, 30 * dayMs)).toEqual([old.root]);
  expect(left()).toEqual([false, true, true]);
  expect(await sweep(folder, new Set(), { ...sweepDefaults, keepMs: 5 * dayMs }, 30 * dayMs)).toEqual([used.root, touched.root]);
});

test("over the budget the runs nobody worked on for longest go, except one that is in use, until the rest fits", async () => {
  const { folder, places, left } = runsOf(
    { touchedAt: 2 * dayMs, kilobytes: 400 },
    { touchedAt: 1 * dayMs, kilobytes: 400 },
    { touchedAt: 3 * dayMs, kilobytes: 400 },
    { touchedAt: 4 * dayMs, kilobytes: 400 },
  );
  const used = new Set([places[1]?.root ?? ""]);
  expect(await sweep(folder, used, { ...sweepDefaults, mostBytes: 10_000 * 1_024 }, 5 * dayMs)).toEqual([]);
  expect(await sweep(folder, used, { ...sweepDefaults, mostBytes: 1_000 * 1_024 }, 5 * dayMs)).toEqual([places[0]?.root, places[2]?.root]);
  expect(left()).toEqual([false, true, false, true]);
});

test("where nothing tells sizes it fails: a budget that never counts would never hold", async () => {
  const { folder, left } = runsOf({ touchedAt: 0 });
  vi.stubEnv("PATH", folder);
  await expect(sweep(folder, new Set(), { ...sweepDefaults, mostBytes: 1 }, dayMs)).rejects.toThrow("du");
  vi.unstubAllEnvs();
  expect(left()).toEqual([true]);
});
