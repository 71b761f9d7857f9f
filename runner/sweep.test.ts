import { existsSync, mkdirSync, mkdtempSync, utimesSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { dayMs } from "../core/time.ts";
import { placeOf } from "./run-place.ts";
import { sweep, touch } from "./sweep.ts";

test("only runs that nobody worked on for two weeks are removed, and none that is in use", () => {
  const folder = mkdtempSync(join(tmpdir(), "sweep-"));
  const roots = ["1.1", "2.1", "3.1"].map((run) => {
    const place = placeOf(folder, { project: "acme/todo", branch: `mesh/${run}` } as Parameters<typeof placeOf>[1]);
    if (place === undefined) throw new Error("no place");
    mkdirSync(place.tree, { recursive: true });
    utimesSync(place.root, 0, 0);
    return place;
  });
  const [old, used, touched] = roots;
  if (old === undefined || used === undefined || touched === undefined) throw new Error("no places");
  touch(touched, 20 * dayMs);
  expect(sweep(folder, new Set([used.root]), 30 * dayMs)).toEqual([old.root]);
  expect(roots.map(({ tree }) => existsSync(tree))).toEqual([false, true, true]);
});
