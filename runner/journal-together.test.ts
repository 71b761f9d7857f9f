import { cpSync, mkdtempSync } from "node:fs";
import type * as Fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, expect, test, vi } from "vitest";
import type { Assignment, ReportBody } from "../core/protocol/frames.ts";
import { openJournal, type Journal } from "./journal.ts";

const disk = vi.hoisted(() => ({ fsyncs: 0 }));
vi.mock("node:fs", async (original) => {
  const real = await original<typeof Fs>();
  const fsyncSync = (file: number): void => {
    disk.fsyncs += 1;
    real.fsyncSync(file);
  };
  return { ...real, fsyncSync };
});

const ref = { taskId: "P.12.1.1", attempt: 1 };
const assignment: Assignment = { ...ref, capability: "implementation", payload: {}, priority: 5, timeoutSeconds: null };
const used = (tool: string): ReportBody => ({ ...ref, type: "tool-decision", tool, summary: tool, decision: "allowed", rule: "work" });
const kinds = (journal: Journal) => journal.unacknowledged().map(({ seq, body }) => [seq, "tool" in body ? body.tool : body.type]);

let dir: string;
let journal: Journal;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "journal-"));
  journal = openJournal(dir);
  journal.assigned(assignment);
  disk.fsyncs = 0;
});

/** What a crash leaves now, opened from a copy, so that the original goes on. */
function afterCrash(): Journal {
  const copy = mkdtempSync(join(tmpdir(), "journal-"));
  cpSync(dir, copy, { recursive: true });
  const before = disk.fsyncs;
  const again = openJournal(copy);
  disk.fsyncs = before;
  return again;
}

test("what is reported within a few milliseconds shares one fsync, is not to be sent before it, and keeps its order", async () => {
  for (const tool of ["Read", "Grep", "Edit"]) journal.reportSoon(used(tool));
  expect([disk.fsyncs, kinds(journal)]).toEqual([0, []]);
  await journal.synced();
  const said = [
    [1, "Read"],
    [2, "Grep"],
    [3, "Edit"],
  ];
  expect([disk.fsyncs, kinds(journal), kinds(afterCrash())]).toEqual([1, said, said]);
});

test("what has to be on disk at once takes along what waits, in the order it was said", async () => {
  journal.reportSoon(used("Read"));
  const synced = journal.synced();
  expect(journal.report({ ...ref, type: "plan", markdown: "1." }).seq).toBe(2);
  await synced;
  await journal.synced();
  expect([disk.fsyncs, kinds(afterCrash())]).toEqual([
    1,
    [
      [1, "Read"],
      [2, "plan"],
    ],
  ]);
});

test("an assignment is on disk when it was taken, whatever waits", () => {
  journal.reportSoon(used("Read"));
  journal.assigned({ ...assignment, attempt: 2 });
  expect([disk.fsyncs, afterCrash().live().length, kinds(afterCrash())]).toEqual([1, 2, [[1, "Read"]]]);
});

test("an acknowledgement costs no fsync of its own: a crash sends once more what it told of, an end does not", () => {
  journal.report(used("Read"));
  journal.report(used("Edit"));
  journal.acknowledged(2);
  expect([disk.fsyncs, kinds(journal), journal.lastAck]).toEqual([2, [], 2]);
  expect([afterCrash().lastAck, kinds(afterCrash())]).toEqual([
    0,
    [
      [1, "Read"],
      [2, "Edit"],
    ],
  ]);
  journal.report(used("Bash"));
  expect([disk.fsyncs, afterCrash().lastAck, kinds(afterCrash())]).toEqual([3, 2, [[3, "Bash"]]]);
  journal.acknowledged(3);
  journal.close();
  expect([afterCrash().lastAck, kinds(afterCrash())]).toEqual([3, []]);
});

test("what waits when the runner ends is on disk", () => {
  journal.reportSoon(used("Read"));
  journal.close();
  expect(kinds(afterCrash())).toEqual([[1, "Read"]]);
});
