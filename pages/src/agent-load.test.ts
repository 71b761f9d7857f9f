import { expect, test } from "vitest";
import type { AgentId } from "../../core/ids.ts";
import type { TaskView } from "../../core/project/views.ts";
import { loadByAgent } from "./agent-load.ts";

const attempt = (agent: string): TaskView["attempts"][number] => ({
  number: 1,
  agent: agent as AgentId,
  score: 1,
  status: "running",
  dispatchedAt: 1,
  startedAt: 1,
  endedAt: null,
  error: null,
});

test("only the last attempt of a task under way counts", () => {
  const load = loadByAgent([
    { status: "running", attempts: [attempt("one"), attempt("two")] },
    { status: "dispatched", attempts: [attempt("two")] },
    { status: "pending", attempts: [attempt("one")] },
    { status: "completed", attempts: [attempt("two")] },
  ]);
  expect([...load]).toEqual([["two", 2]]);
});
