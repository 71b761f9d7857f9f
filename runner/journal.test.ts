import { appendFileSync, mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Assignment, Command } from "../core/protocol/frames.ts";
import { openJournal, type Journal } from "./journal.ts";

const ref = { taskId: "P.12.1.1", attempt: 1 };
const assignment: Assignment = { ...ref, capability: "implementation", payload: { some: "work ü" }, priority: 5, timeoutSeconds: null };
const answer: Command = { commandId: "c1", ...ref, body: { type: "answer", questionId: "q1", askId: "a1", answers: ["Blue"] } };
const question = { text: "Which colour?", options: [], multiple: false };

function folder(): string {
  return mkdtempSync(join(tmpdir(), "journal-"));
}

function viewOf(journal: Journal) {
  return {
    id: journal.id,
    ack: journal.lastAck,
    reports: journal.unacknowledged().map(({ seq, body }) => [seq, body.type]),
    live: structuredClone(journal.live()),
  };
}

/** Opens what was written so far as after a crash, from a copy, so that the original goes on. */
function reopened(bytes: Buffer): ReturnType<typeof viewOf> {
  const copy = folder();
  writeFileSync(join(copy, "journal.log"), bytes);
  const journal = openJournal(copy);
  const view = viewOf(journal);
  journal.close();
  return view;
}

function work(journal: Journal): (() => void)[] {
  return [
    () => journal.assigned(assignment),
    () => journal.report({ ...ref, type: "task-accepted" }),
    () => journal.report({ ...ref, type: "session-started", sessionId: "s", conversationId: "conversation" }),
    () => journal.acknowledged(1),
    () => journal.report({ ...ref, type: "ask", askId: "a1", questions: [question], context: "" }),
    () => journal.received(answer),
    () => journal.report({ ...ref, type: "command-received", commandId: "c1", applied: true }),
    () => journal.acknowledged(3),
  ];
}

describe("the journal of a runner", () => {
  test("has after a crash at any byte exactly what was written whole before it", () => {
    const dir = folder();
    const journal = openJournal(dir, () => 7);
    const states: { size: number; view: ReturnType<typeof viewOf> }[] = [];
    const path = join(dir, "journal.log");
    const note = () => states.push({ size: statSync(path).size, view: viewOf(journal) });
    note();
    for (const step of work(journal)) {
      const ack = journal.lastAck;
      step();
      // An acknowledgement goes to the file with what is written next, and counts with it.
      if (journal.lastAck === ack) note();
    }
    journal.close();
    note();
    const whole = readFileSync(path);
    for (let cut = states[0]?.size ?? 0; cut <= whole.length; cut++) {
      const expected = states.findLast(({ size }) => size <= cut)?.view;
      expect(reopened(whole.subarray(0, cut)), `cut at ${cut}`).toEqual(expected);
    }
  });

  test("knows after a restart the conversation, the question and its answer, and goes on numbering", () => {
    const dir = folder();
    const journal = openJournal(dir);
    for (const step of work(journal)) step();
    journal.close();
    const again = openJournal(dir);
    expect(again.id).toBe(journal.id);
    expect(again.attempt(ref)).toMatchObject({ conversationId: "conversation", asks: [{ askId: "a1", answers: ["Blue"] }], pending: [] });
    expect(again.report({ ...ref, type: "progress" }).seq).toBe(5);
    expect(again.unacknowledged().map(({ seq }) => seq)).toEqual([4, 5]);
  });

  test("takes an assignment and a command once, also after a restart", () => {
    const dir = folder();
    let journal = openJournal(dir);
    expect(journal.received(answer)).toBe("unknown");
    expect(journal.assigned(assignment)).toBe(true);
    expect(journal.assigned(assignment)).toBe(false);
    expect(journal.received(answer)).toBe("new");
    journal.close();
    journal = openJournal(dir);
    expect(journal.received(answer)).toBe("repeated");
    expect(journal.attempt(ref)?.pending).toEqual([answer]);
    journal.report({ ...ref, type: "stopped", reason: "told to" });
    expect(journal.live()).toEqual([]);
    journal.close();
    journal = openJournal(dir);
    expect(journal.assigned(assignment)).toBe(false);
    expect(journal.received({ ...answer, commandId: "c2" })).toBe("ended");
    expect(journal.unacknowledged().map(({ body }) => body.type)).toEqual(["stopped"]);
  });

  test("drops what is acknowledged, so that it does not grow with what has been", () => {
    const dir = folder();
    const journal = openJournal(dir);
    const big = "x".repeat(20_000);
    for (let at = 1; at <= 200; at++) {
      const one = { taskId: `P.${at}`, attempt: 1 };
      journal.assigned({ ...assignment, ...one });
      journal.report({ ...one, type: "plan", markdown: big });
      journal.acknowledged(journal.report({ ...one, type: "task-done" }).seq);
    }
    expect(statSync(join(dir, "journal.log")).size).toBeLessThan(1_200_000);
    journal.close();
    const again = openJournal(dir);
    expect([again.lastAck, again.unacknowledged(), again.live()]).toEqual([400, [], []]);
    expect(statSync(join(dir, "journal.log")).size).toBeLessThan(20_000);
  });

  test("of what was synced together a power loss leaves all or nothing, and nothing of what was synced before is lost", async () => {
    const dir = folder();
    const journal = openJournal(dir);
    journal.assigned(assignment);
    journal.report({ ...ref, type: "task-accepted" });
    for (const type of ["progress", "progress"] as const) journal.reportSoon({ ...ref, type });
    await journal.synced();
    journal.close();
    const path = join(dir, "journal.log");
    const whole = readFileSync(path);
    const batch = whole.lastIndexOf(10, whole.length - 2) + 1;
    expect(whole.subarray(batch).toString()).toContain("progress");
    for (let at = batch; at < whole.length; at += 1) {
      // A page that never reached the disk reads as zeros, whatever came after it.
      writeFileSync(path, Buffer.concat([whole.subarray(0, at), Buffer.alloc(1), whole.subarray(at + 1)]));
      const again = openJournal(dir);
      expect([again.id, again.live().length, again.unacknowledged().map(({ body }) => body.type)]).toEqual([
        journal.id,
        1,
        ["task-accepted"],
      ]);
      again.close();
    }
  });

  test("sets a damaged file aside and begins anew under another name", () => {
    const dir = folder();
    const journal = openJournal(dir);
    for (const step of work(journal)) step();
    journal.close();
    const path = join(dir, "journal.log");
    writeFileSync(path, readFileSync(path, "utf8").replace("implementation", "implementatiox"));
    appendFileSync(path, "");
    const again = openJournal(dir);
    expect(again.id).not.toBe(journal.id);
    expect(again.live()).toEqual([]);
    expect(readdirSync(dir).some((name) => name.startsWith("journal.damaged-"))).toBe(true);
  });
});
