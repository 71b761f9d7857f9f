import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { asked, inputs, placeOf, places } from "../../tests/support/run-places.ts";
import type { AgentId, ProjectKey, RunRef, TaskId } from "../ids.ts";
import { defaultPolicy } from "../policy.ts";
import type { Task, TaskSpec } from "../task/state.ts";
import { submitTask, transitionTask, type TaskInput } from "../task/transition.ts";

const doc = readFileSync(new URL("../../docs/state-machines.md", import.meta.url), "utf8");

/** The rows of the table whose first heading is `first`. */
function rowsOf(first: string): string[][] {
  const lines = doc.split("\n");
  const from = lines.findIndex((line) => line.startsWith(`| ${first} |`)) + 2;
  const rows: string[][] = [];
  for (const line of lines.slice(from)) {
    if (!line.startsWith("|")) break;
    rows.push(
      line
        .split("|")
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
  }
  return rows;
}

const runRows = rowsOf("Phase/awaiting");

describe("the run's table says what the code does", () => {
  test.each(runRows)("%s: %s → %s", (place, input, next, asks) => {
    const reach = places[place ?? ""];
    const hear = inputs[input ?? ""];
    if (!reach || !hear) throw new Error(`the test knows no "${place}" or no "${input}"`);
    const run = reach();
    expect(placeOf(run)).toBe(place?.split(",")[0]);
    hear(run);
    expect(run.ignored).toBeNull();
    expect({ next: placeOf(run), asks: asked(run) }).toEqual({ next, asks });
  });

  test("every place and every input has a row", () => {
    expect(Object.keys(places).filter((place) => !runRows.some(([each]) => each === place))).toEqual([]);
    expect(Object.keys(inputs).filter((input) => !runRows.some(([, each]) => each === input))).toEqual([]);
  });

  test("no row stands twice", () => {
    const keys = runRows.map(([place, input]) => `${place}: ${input}`);
    expect(keys).toEqual([...new Set(keys)]);
  });
});

const ann = "ann" as AgentId;
const by = { attempt: 1, agent: ann };
const minute = 60_000;
const error = { kind: "infrastructure", message: "no" } as const;
const plain: TaskSpec = {
  id: "mesh.t1" as TaskId,
  capability: "c",
  payload: null,
  priority: 5,
  timeoutSeconds: 120,
  maxAttempts: 3,
  wait: true,
};
const session: TaskSpec = { ...plain, maxAttempts: 1, session: { run: "1.1" as RunRef, step: "plan" } };

function after(spec: TaskSpec, heard: readonly TaskInput[]): Task {
  return heard.reduce<Task>(
    (task, input) => {
      const step = transitionTask(task, input, defaultPolicy);
      return step.type === "moved" ? step.state : task;
    },
    submitTask(spec, "mesh" as ProjectKey, 0, defaultPolicy),
  );
}

const dispatched: TaskInput = { type: "dispatched", at: 1, agent: ann, score: 1 };
const running: TaskInput[] = [dispatched, { type: "accepted", at: 2, ...by }];
const statuses: Record<string, { spec: TaskSpec; heard: TaskInput[] }> = {
  pending: { spec: plain, heard: [] },
  dispatched: { spec: plain, heard: [dispatched] },
  running: { spec: plain, heard: running },
  "running, session": { spec: session, heard: running },
  completed: { spec: plain, heard: [...running, { type: "done", at: 3, ...by, result: 1 }] },
  failed: { spec: session, heard: [...running, { type: "failed", at: 3, ...by, error }] },
};
const taskInputs: Record<string, TaskInput[]> = {
  dispatched: [dispatched],
  accepted: [{ type: "accepted", at: 2, ...by }],
  declined: [{ type: "declined", at: 2, ...by, reason: "full" }],
  done: [{ type: "done", at: 9, ...by, result: 2 }],
  failed: [{ type: "failed", at: 9, ...by, error }],
  "failed, last attempt": [1, 2, 3].flatMap((attempt): TaskInput[] => [
    { type: "failed", at: attempt * minute, attempt, agent: ann, error },
    { type: "dispatched", at: attempt * minute + 40_000, agent: ann, score: 1 },
  ]),
  cancelled: [{ type: "cancelled", at: 9, by: "ada" }],
  "time passed, before its time": [{ type: "time-passed", at: 9 }],
  "time passed, expired": [{ type: "time-passed", at: 121 * minute }],
  "time passed, over the deadline": [{ type: "time-passed", at: 3 * minute }],
  "contact lost": [{ type: "contact-lost", at: 9, agent: ann, since: 9 }],
  "contact lost for takeoverAfter": [
    { type: "contact-lost", at: 9, agent: ann, since: 9 },
    { type: "time-passed", at: 15 * minute + 9 },
  ],
  "contact lost and regained": [
    { type: "contact-lost", at: 9, agent: ann, since: 9 },
    { type: "contact-regained", at: 10, agent: ann },
    { type: "time-passed", at: 16 * minute },
  ],
};

describe("the task's table says what the code does", () => {
  test.each(rowsOf("Status"))("%s: %s → %s", (status, input, next) => {
    const from = statuses[status ?? ""];
    const heard = taskInputs[input ?? ""];
    if (!from || !heard) throw new Error(`the test knows no "${status}" or no "${input}"`);
    expect(after(from.spec, from.heard).status).toBe(status?.split(",")[0]);
    expect(after(from.spec, [...from.heard, ...heard]).status).toBe(next);
  });
});
