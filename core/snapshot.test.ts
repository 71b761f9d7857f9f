import { expect, test } from "vitest";
import { cardOf, Driver, key, taskOf } from "./project/project-fixture.ts";
import { readOutboxEntry, readRun, readTask } from "./snapshot.ts";

test("what is stored today is read back as it was", () => {
  const drive = new Driver();
  drive.configure();
  const [run] = drive.card(1).runs;
  const [task] = drive.submit(taskOf("a")).tasks;
  const [entry] = drive.project.entries.values();
  expect(readRun(JSON.stringify(run))).toEqual({ ok: true, value: run });
  expect(readTask(JSON.stringify(task))).toEqual({ ok: true, value: task });
  expect(readOutboxEntry(JSON.stringify(entry))).toEqual({ ok: true, value: entry });
  expect([run?.card.title, task?.project, entry?.effect.issue]).toEqual([cardOf(1).title, key, 1]);
});

test.each([
  [readRun, '{"version":2,"issue":1,"run":1}', "unknown-version"],
  [readTask, '{"version":99,"id":"a","attempts":[]}', "unknown-version"],
  [readRun, '{"version":1,"issue":"1"}', "malformed"],
  [readTask, "[]", "malformed"],
])("%o refuses %s", (parse, text, error) => {
  expect(parse(text)).toEqual({ ok: false, error });
});
