import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { AgentId, EffectId, TaskId } from "../ids.ts";
import type { InputBody, ProjectInput } from "../inputs.ts";
import { isActive, takesTurn } from "../lifecycle/is-active.ts";
import type { ReportBody } from "../protocol/frames.ts";
import { isLive } from "../task/attempts.ts";
import { leftNoTrace } from "./lookup.ts";
import { candidateOf, cardOf, everything, key, profileWith, startedAt, taskOf } from "./project-fixture.ts";
import { ReplayedProject } from "./replay.ts";
import { traceOf } from "./transition.ts";

const agents = ["one", "two", everything.agent] as AgentId[];
const sha = "a".repeat(40);

/** A step of a random history: what happens is chosen from what the project then has. */
interface Move {
  readonly what: number;
  readonly which: number;
  readonly how: number;
  readonly afterMs: number;
}

const move: fc.Arbitrary<Move> = fc.record({
  what: fc.nat(99),
  which: fc.nat(1_000),
  how: fc.nat(1_000),
  afterMs: fc.oneof(fc.nat(5_000), fc.nat(200_000), fc.constant(3_600_000)),
});

class History {
  readonly project = new ReplayedProject(key);
  readonly inputs: ProjectInput[] = [];
  readonly events: string[] = [];
  #at = startedAt;
  #seq = new Map<string, number>();

  take(step: Move): void {
    this.#at += step.afterMs;
    const body = this.#bodyOf(step);
    if (body === undefined) return;
    this.apply({ id: `i${this.inputs.length}`, at: this.#at, ...body });
  }

  apply(input: ProjectInput): void {
    const change = this.project.apply(input);
    if (leftNoTrace(change)) return;
    this.inputs.push(input);
    this.events.push(...change.events.map((event) => JSON.stringify({ ...event, trace: traceOf(event, input.id) })));
  }

  state(): unknown {
    const { runs, tasks, entries } = this.project;
    return [[...runs], [...tasks], [...entries]];
  }

  #bodyOf({ what, which, how }: Move): InputBody | undefined {
    const issue = 1 + (which % 4);
    if (what < 12)
      return { type: "tasks-submitted", tasks: [taskOf(`t${which % 30}`, { priority: how % 11, maxAttempts: 1 + (how % 3) })] };
    if (what < 27) return { type: "agents-offered", candidates: [candidateOf("one", { slots: 2 }), candidateOf("two"), everything] };
    if (what < 55) return this.#reportOf(which, how);
    if (what < 65) return { type: "card-observed", card: this.#cardOf(issue, how) };
    if (what < 78) return this.#effectOf(which, how);
    if (what < 86) return { type: "time-passed" };
    if (what < 88)
      return { type: how % 2 ? "contact-lost" : "contact-regained", agent: agents[which % 3] ?? everything.agent, since: this.#at };
    if (what < 91) return { type: "task-cancelled", task: this.#anyTask(which), by: "ann" };
    if (what < 94) {
      const command = (["retry", "cancel", "pause", "resume", "advance"] as const)[how % 5] ?? "retry";
      return { type: "operator-commanded", issue, command, by: "ann", reason: "" };
    }
    return this.#answerOf(which, how);
  }

  #anyTask(which: number): TaskId {
    return [...this.project.tasks.keys()][which % Math.max(this.project.tasks.size, 1)] ?? (`${key}.none` as TaskId);
  }

  #cardOf(issue: number, how: number) {
    const columns = ["Todo", "Todo", "Planning", "In Progress", "Review", "Blocked", "Done"];
    const labels = [["simple"], [], [], ["no-agent"]][how % 4] ?? [];
    return cardOf(issue, { column: columns[how % 7] ?? "Todo", labels, observedAt: this.#at, state: how % 23 === 0 ? "closed" : "open" });
  }

  #reportOf(which: number, how: number): InputBody | undefined {
    const id = this.#anyTask(which);
    const task = this.project.task(id);
    const last = task?.attempts.at(-1);
    if (task === undefined || last === undefined) return undefined;
    const agent = how % 17 === 0 ? (agents[0] ?? last.agent) : last.agent;
    const ref = { taskId: id, attempt: Math.max(1, last.number - (how % 11 === 0 ? 1 : 0)) };
    const model: Record<string, unknown> = {
      approve: how % 2 === 0,
      confidence: 0.9,
      feedback: "more",
      guidance: "so",
      confident: true,
      answer: "yes",
      answers: ["yes"],
      reason: "",
      verdict: "passed",
    };
    const bodies: ReportBody[] = [
      { type: "task-accepted", ...ref },
      { type: "task-accepted", ...ref },
      { type: "task-done", ...ref, result: model as never },
      { type: "task-done", ...ref, result: model as never },
      { type: "task-failed", ...ref, kind: how % 2 ? "infrastructure" : "work", message: "broken" },
      { type: "plan", ...ref, markdown: "# Plan" },
      { type: "branch-pushed", ...ref, branch: "mesh/1.1", sha, commits: 1 },
      { type: "ask", ...ref, askId: `ask-${how}`, questions: [{ text: "Which?", options: [], multiple: false }], context: "" },
      { type: "progress", ...ref },
      { type: "task-declined", ...ref, reason: "full" },
      { type: "usage", ...ref, process: "p", inputTokens: how, outputTokens: how, usd: how / 1_000 },
      { type: "stopped", ...ref, reason: "told to" },
    ];
    const seq = (this.#seq.get(agent) ?? 0) + 1;
    this.#seq.set(agent, seq);
    const body = bodies[how % bodies.length];
    return body && { type: "reports-received", agent, journal: "journal-1", reports: [{ seq, at: this.#at, body }] };
  }

  #effectOf(which: number, how: number): InputBody | undefined {
    const ids = [...this.project.entries.keys()];
    const effect = ids[which % Math.max(ids.length, 1)] ?? (`${key}.e0-0-0` as EffectId);
    if (how % 5 === 0) return { type: "effect-failed", effect, code: "http-500", message: "no", retryable: how % 2 === 0 };
    const kind = this.project.effect(effect)?.effect.kind;
    if (kind === "open-pull-request")
      return { type: "effect-done", effect, result: { kind: "pull-request-open", number: which, url: "https://x/1", headSha: sha } };
    if (kind === "merge-pull-request") return { type: "effect-done", effect, result: { kind: "merged", sha } };
    return { type: "effect-done", effect, result: kind === "move-card" ? { kind: "card-moved" } : { kind: "done" } };
  }

  #answerOf(which: number, how: number): InputBody | undefined {
    const open = [...this.project.runs.values()].flatMap(({ questions }) => questions);
    const question = open[which % Math.max(open.length, 1)];
    if (question === undefined) return undefined;
    const options = question.items[0]?.options ?? [];
    const label = options[how % Math.max(options.length, 1)]?.label ?? "yes";
    return { type: "human-answered", question: question.id, answers: question.items.map(() => label), by: "ann", via: "api" };
  }
}

function begin(): History {
  const history = new History();
  history.apply({ id: "begin", at: startedAt, type: "project-configured", profile: profileWith({ maxActiveRuns: 2 }), meshOverrides: {} });
  return history;
}

const moves = fc.array(move, { minLength: 150, maxLength: 400 });

describe("random histories of tasks and runs", () => {
  test("replaying the journaled inputs from nothing gives the same state and the same events (invariant 7)", () => {
    fc.assert(
      fc.property(moves, (steps) => {
        const history = begin();
        for (const step of steps) history.take(step);
        const replay = new History();
        for (const input of history.inputs) replay.apply(JSON.parse(JSON.stringify(input)) as ProjectInput);
        expect(replay.events).toEqual(history.events);
        expect(JSON.stringify(replay.state())).toBe(JSON.stringify(history.state()));
      }),
      { numRuns: 150 },
    );
  });

  test("reports and effects' results applied twice change the state once (invariant 8)", () => {
    const repeated = new Set([
      "reports-received",
      "effect-done",
      "tasks-submitted",
      "attempt-ended",
      "contact-lost",
      "agents-offered",
      "time-passed",
    ]);
    fc.assert(
      fc.property(moves, (steps) => {
        const history = begin();
        for (const step of steps) {
          const before = history.inputs.length;
          history.take(step);
          const input = history.inputs[before];
          if (input === undefined || !repeated.has(input.type)) continue;
          const state = JSON.stringify(history.state());
          history.apply({ ...input, id: `${input.id}-again` });
          expect(JSON.stringify(history.state())).toBe(state);
        }
      }),
      { numRuns: 100 },
    );
  });

  test("no task has two live attempts, no project too many runs, no ended run an active task (invariants 1, 3 and 10)", () => {
    let [most, endedRuns] = [0, 0];
    const phases = new Set<string>();
    fc.assert(
      fc.property(moves, (steps) => {
        const history = begin();
        for (const step of steps) {
          history.take(step);
          const { project } = history;
          for (const task of project.tasks.values()) {
            expect(task.attempts.filter(({ status }) => isLive(status)).length).toBeLessThanOrEqual(1);
          }
          const byIssue = Map.groupBy([...project.activeRuns()], ({ issue }) => issue);
          for (const runs of byIssue.values()) expect(runs).toHaveLength(1);
          most = Math.max(most, [...project.activeRuns()].filter(takesTurn).length);
        }
        for (const run of history.project.runs.values()) {
          phases.add(run.phase);
          if (isActive(run)) continue;
          endedRuns += 1;
          const open = [...history.project.tasks.values()].filter(
            (task) => task.run === `${run.issue}.${run.run}` && task.endedAt === undefined,
          );
          expect(open.map(({ capability, status }) => [capability, status])).toEqual([]);
        }
      }),
      { numRuns: 150 },
    );
    expect(most).toBeGreaterThan(1);
    expect(endedRuns).toBeGreaterThan(50);
    expect([...phases]).toEqual(expect.arrayContaining(["planning", "implementation", "accepted", "cancelled"]));
  });

  test("an effect leaves the outbox once, and what is said to a session only while its attempt lives", () => {
    fc.assert(
      fc.property(moves, (steps) => {
        const history = begin();
        for (const step of steps) {
          history.take(step);
          for (const { effect } of history.project.entries.values()) {
            if (effect.kind !== "tell-session") continue;
            const last = history.project.task(effect.task)?.attempts.at(-1);
            expect([last?.number, last && isLive(last.status)]).toEqual([effect.attempt, true]);
          }
        }
        const done = history.events
          .filter((event) => event.includes('"type":"effect-done"'))
          .map((event) => (JSON.parse(event) as { data: { effect: string } }).data.effect);
        expect(new Set(done).size).toBe(done.length);
      }),
      { numRuns: 100 },
    );
  });
});
