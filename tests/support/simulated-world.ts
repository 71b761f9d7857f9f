import type { AgentId, QuestionId } from "../../core/ids.ts";
import { dayOf } from "../../core/lifecycle/day-budget.ts";
import type { InputBody, MeshState, OperatorCommand, ProjectInput } from "../../core/inputs.ts";
import { isActive, isOpen } from "../../core/lifecycle/is-active.ts";
import type { PolicyOverrides } from "../../core/policy.ts";
import type { Candidate } from "../../core/pool/state.ts";
import { outboxReady } from "../../core/project/outbox.ts";
import { liveAttempt } from "../../core/task/attempts.ts";
import type { Task } from "../../core/task/state.ts";
import { InMemoryProject } from "./in-memory-project.ts";
import { profile } from "./scripted-run.ts";
import { SimulatedGitHub } from "./simulated-github.ts";
import { SimulatedRunner } from "./simulated-runner.ts";

export const happenings = [
  "effect",
  "effect-lost",
  "effect-failed",
  "model",
  "model-bad",
  "dispatch",
  "runner",
  "runner-bad",
  "reports",
  "reports-twice",
  "look",
  "arrive",
  "time",
  "time-long",
  "answer",
  "answer-odd",
  "move-card",
  "edit",
  "comment",
  "checks",
  "merge",
  "review",
  "close-pull",
  "push",
  "issue-gone",
  "operator",
  "mesh",
  "restart",
  "contact",
  "repeat",
  "revoke",
  "everybody",
] as const;
export type Happening = (typeof happenings)[number];

const columns = ["Todo", "Planning", "In Progress", "QA", "Review", "Done", "Blocked", "Later", null];
const commands: OperatorCommand[] = ["retry", "cancel", "pause", "resume", "advance"];
const laptop = "laptop" as AgentId;
const builtIn = "built-in.models" as AgentId;
const offer = (name: string) => ({ name, weight: 1, preferred: false, healthy: true, history: [] });
const candidates: Candidate[] = [
  {
    agent: laptop,
    kind: "remote",
    status: "online",
    slots: 2,
    busyElsewhere: 0,
    capabilities: ["planning", "implementation", "qa"].map(offer),
  },
  {
    agent: builtIn,
    kind: "built-in",
    status: "online",
    slots: 100,
    busyElsewhere: 0,
    capabilities: ["tech-consultation", "plan-review", "test-evaluation", "answer-question", "learn"].map(offer),
  },
];

/** A project in a world that loses, repeats and reorders; every choice comes from the numbers it is given. */
export class SimulatedWorld {
  readonly project = new InMemoryProject();
  readonly runner = new SimulatedRunner(laptop);
  readonly github: SimulatedGitHub;
  readonly issues: readonly number[];
  at = 1_000;
  #inputs = 0;
  #commits = 0;
  #underway: InputBody[] = [];
  #meshStates: MeshState[] = [];

  constructor(policy: PolicyOverrides = {}, issues: readonly number[] = [12, 13]) {
    this.issues = issues;
    this.github = new SimulatedGitHub(issues);
    this.apply({ type: "project-configured", profile, meshOverrides: policy });
  }

  apply(body: InputBody): void {
    this.project.apply({ ...body, id: `in-${++this.#inputs}`, at: ++this.at } as ProjectInput);
  }

  happen(what: Happening, n: number): void {
    switch (what) {
      case "effect":
      case "effect-lost":
      case "effect-failed":
        return this.effect(what, n);
      case "model":
      case "model-bad":
        return this.model(n, what === "model-bad");
      case "dispatch":
        return this.dispatch();
      case "runner":
      case "runner-bad":
        return this.work(n, what === "runner-bad");
      case "reports":
      case "reports-twice":
        return this.deliver(n, what === "reports-twice");
      case "look":
        return this.look(n);
      case "arrive":
        return this.arrive(n);
      case "time":
        return this.pass([1_000, 10_000, 60_000, 300_000][n % 4] ?? 0);
      case "time-long":
        return this.pass([600_000, 3_600_000, 90_000_000][n % 3] ?? 0);
      case "answer":
      case "answer-odd":
        return this.answer(n, what === "answer-odd");
      case "operator":
        return this.apply({
          type: "operator-commanded",
          issue: this.#issue(n),
          command: commands[(n >> 1) % 5] ?? "retry",
          by: "op",
          reason: "",
        });
      case "mesh":
        return this.#tellMesh(n);
      case "restart":
        if (n % 4 === 0) this.runner.loseDisk();
        return this.project.restart();
      case "contact":
        return this.apply(
          n % 2 === 0 ? { type: "contact-lost", agent: laptop, since: this.at } : { type: "contact-regained", agent: laptop },
        );
      case "repeat": {
        const again = this.project.inputs[n % Math.max(1, this.project.inputs.length)];
        if (again) this.project.apply(again);
        return;
      }
      case "everybody":
        return this.#calmRound();
      case "revoke":
        return this.runner.revoke((task, attempt) => this.#isLive(task, attempt));
      default:
        return this.#people(what, n);
    }
  }

  #mesh(stopped: MeshState["stopped"]): void {
    const state = { n: this.#meshStates.length + 1, stopped };
    this.#meshStates.push(state);
    this.apply({ type: "mesh-state-changed", state });
  }

  /** The whole mesh is stopped or started; an older word may come late. */
  #tellMesh(n: number): void {
    if (n % 8 === 5) return this.#spendMeshDay(n);
    const known = this.#meshStates[(n >> 2) % Math.max(1, this.#meshStates.length)];
    if (n % 4 === 0 && known) return this.apply({ type: "mesh-state-changed", state: known });
    this.#mesh(n % 2 === 1 ? { by: "op", at: this.at, reason: "" } : null);
  }

  /** All projects have spent what they may today, or a little more; a repeat and an older word may come late, and the cap changes. */
  #spendMeshDay(n: number): void {
    if (n % 3 === 0) this.#capDay(n % 16 === 5 ? 100 : 103);
    this.apply({ type: "mesh-day-spent", spend: { day: dayOf(this.at), usd: 100 + (n % 7) }, announce: n % 2 === 1 });
  }

  #capDay(meshPerDayUsd: number | null): void {
    const { configuration } = this.project;
    if (configuration === null) return;
    const { profile: entry, meshOverrides } = configuration;
    const overrides = { ...meshOverrides, budget: { ...meshOverrides.budget, meshPerDayUsd } };
    this.apply({ type: "project-configured", profile: entry, meshOverrides: overrides });
  }

  #issue(n: number): number {
    return this.issues[n % this.issues.length] ?? 12;
  }

  #isLive(id: string, attempt: number): boolean {
    const task = this.project.tasks.find((one) => one.id === id);
    return task !== undefined && liveAttempt(task)?.number === attempt;
  }

  #people(what: Happening, n: number): void {
    const issue = this.#issue(n);
    const m = n >> 1;
    const pull = this.github.openPulls(issue)[0];
    switch (what) {
      case "move-card":
        return this.github.change(issue, { column: columns[m % columns.length] ?? null });
      case "edit":
        return this.github.change(issue, { title: `Title ${m % 5}` });
      case "comment":
        return this.apply({
          type: "comment-observed",
          issue,
          commentId: `c${m % 20}`,
          author: "bob",
          authorCanWrite: m % 3 > 0,
          ours: m % 7 === 0,
          body: m % 5 === 0 ? "/answer Blue" : "Mind the tests",
        });
      case "checks":
        if (pull) pull.checks = m % 4 === 0 ? "red" : "green";
        return;
      case "merge":
        if (pull) this.github.merge(pull);
        return;
      case "review":
        if (pull) pull.reviews = [...pull.reviews, `rv${this.at}`];
        return;
      case "close-pull":
        if (pull) pull.state = "closed";
        return;
      case "push":
        if (pull) this.github.push(pull.branch, this.#sha());
        return;
      case "issue-gone":
        if (m % 3 === 0) return this.github.change(issue, { state: this.github.card(issue).state === "open" ? "closed" : "open" });
        if (m % 3 === 1) return this.github.change(issue, { labels: m % 2 === 0 ? ["no-agent"] : ["simple"] });
        return this.apply({ type: "card-gone", issue, observedAt: this.at });
      default:
    }
  }

  #sha(): string {
    return (++this.#commits).toString(16).padStart(40, "0");
  }

  /** One effect that may be carried out now; `effect-lost` does it and loses the result, so that it is done again. */
  effect(how: "effect" | "effect-lost" | "effect-failed", n: number): void {
    const ready = outboxReady(this.project.outbox(), this.at);
    const entry = ready[n % Math.max(1, ready.length)];
    if (!entry) return;
    const { effect } = entry;
    if (effect.kind === "tell-session") {
      if (how !== "effect-failed")
        this.runner.hear({ commandId: effect.id, taskId: effect.task, attempt: effect.attempt, body: effect.command }, this.at);
      return;
    }
    // Closing an old pull request is not given up here: that an issue has one open pull request rests on it.
    if (how === "effect-failed")
      return this.apply({
        type: "effect-failed",
        effect: effect.id,
        code: "github",
        message: "no",
        retryable: effect.kind === "close-pull-request" || n % 3 > 0,
      });
    if (effect.kind === "observe-pull-request")
      for (const pull of this.github.pulls)
        if (pull.number === effect.number) this.apply({ type: "pull-request-observed", pull: this.github.observe(pull, this.at) });
    if (effect.kind === "observe-branch") this.#lookAtBranch(effect.branch);
    const result = this.github.perform(effect, n % 8);
    if (how === "effect") this.apply({ type: "effect-done", effect: effect.id, result });
  }

  dispatch(): void {
    if (this.project.waitingCapabilities().size > 0) this.apply({ type: "agents-offered", candidates });
    for (const task of this.project.tasksOf(laptop)) {
      const live = liveAttempt(task);
      if (live) this.runner.assign(task, live);
    }
  }

  model(n: number, bad: boolean): void {
    const tasks = this.project.tasksOf(builtIn);
    const task = tasks[n % Math.max(1, tasks.length)];
    const attempt = task && liveAttempt(task);
    if (!task || !attempt) return;
    const outcome =
      bad && n % 3 === 0
        ? { failed: { kind: "infrastructure" as const, message: "down" } }
        : { done: bad && n % 3 === 1 ? "gibberish" : verdict(task, bad ? n : 0) };
    this.apply({ type: "attempt-ended", task: task.id, attempt: attempt.number, agent: builtIn, usd: bad ? (n % 5) / 4 : 0.01, outcome });
  }

  /** The next thing one of the runner's sessions does; `bad` breaks off, asks, spends and says odd things. */
  work(n: number, bad: boolean): void {
    const { runner, at } = this;
    const work = runner.work[n % Math.max(1, runner.work.length)];
    if (!work) return;
    const m = n >> 1;
    if (!work.accepted) {
      if (bad && m % 4 === 0) return runner.end(work, { type: "task-declined", reason: "full" }, at);
      work.accepted = true;
      return runner.say(work, { type: "task-accepted" }, at);
    }
    if (bad) return this.#misbehave(work, m);
    if (work.asking !== null) return;
    if (work.stop) return runner.end(work, { type: "stopped", reason: "told to" }, at);
    const { step, branch, planOnly, sessionId } = work.assignment;
    if (m % 3 === 0) return runner.say(work, { type: "session-started", sessionId, conversationId: `conv-${sessionId}` }, at);
    if (step === "test")
      runner.say(
        work,
        {
          type: "test-results",
          results: { command: "t", exitCode: m % 5 === 4 ? 1 : 0, timedOut: false, format: "none", failures: [], tail: "" },
        },
        at,
      );
    else if (planOnly) runner.say(work, { type: "plan", markdown: `# Plan ${at}` }, at);
    else this.#push(work, branch);
    runner.end(work, { type: "task-done" }, at);
  }

  #push(work: SimulatedRunner["work"][number], branch: string): void {
    const pushed = this.#sha();
    // Credentials of an old run or attempt are refused.
    if (!this.#isLive(work.taskId, work.attempt)) return;
    this.github.push(branch, pushed);
    this.runner.say(work, { type: "branch-pushed", branch, sha: pushed, commits: this.github.branches.get(branch)?.commits ?? 1 }, this.at);
  }

  #misbehave(work: SimulatedRunner["work"][number], m: number): void {
    const { runner, at } = this;
    const kinds = ["infrastructure", "authentication", "configuration", "quota", "refused", "work"] as const;
    switch (m % 9) {
      case 0:
      case 1:
        return work.asking === null ? runner.ask(work, at, 1 + (m % 2)) : undefined;
      case 2:
        return runner.say(work, { type: "usage", process: `p${m % 2}`, inputTokens: m, outputTokens: m, usd: (m % 40) / 10 }, at);
      case 3:
        return runner.end(work, { type: "task-failed", kind: kinds[(m >> 3) % 6] ?? "work", message: "broke" }, at);
      case 4:
        return runner.end(work, { type: "task-done" }, at);
      case 5:
        return work.assignment.step === "test" || work.assignment.planOnly ? undefined : this.#push(work, work.assignment.branch);
      case 6:
        return runner.say(
          work,
          {
            type: "test-results",
            results: {
              command: "t",
              exitCode: 1,
              timedOut: false,
              format: "tap",
              counts: { passed: 0, failed: m % 2, skipped: 0 },
              failures: [],
              tail: "",
            },
          },
          at,
        );
      case 7:
        return runner.end(work, { type: "stopped", reason: "by itself" }, at);
      default:
        return runner.say(work, { type: "progress" }, at);
    }
  }

  /** Reports reach the orchestrator in order; `twice` sends again what was acknowledged. */
  deliver(n: number, twice: boolean): void {
    const { runner } = this;
    const due = runner.reports.filter((report) => twice || report.seq > runner.acked);
    const sent = due.slice(0, 1 + (n % 8));
    if (sent.length === 0) return;
    this.apply({ type: "reports-received", agent: laptop, journal: runner.journal, reports: sent });
    if (n % 3 > 0) runner.acknowledge(sent.at(-1)?.seq ?? 0);
  }

  /** Begins a reading of GitHub; it arrives later, repeatedly or never. */
  look(n: number): void {
    const issue = this.#issue(n);
    const pulls = this.github.pulls.filter((pull) => pull.issue === issue);
    const pull = pulls[(n >> 2) % Math.max(1, pulls.length)];
    if ((n >> 1) % 2 === 0 || !pull)
      this.#underway.push({ type: "card-observed", card: { ...this.github.card(issue), observedAt: this.at } });
    else this.#underway.push({ type: "pull-request-observed", pull: this.github.observe(pull, this.at) });
    this.#underway = this.#underway.slice(-6);
  }

  arrive(n: number): void {
    const index = n % Math.max(1, this.#underway.length);
    const body = this.#underway[index];
    if (!body) return;
    if (n % 3 > 0) this.#underway.splice(index, 1);
    this.apply(body);
  }

  pass(ms: number): void {
    this.at += ms;
    this.apply({ type: "time-passed" });
  }

  answer(n: number, odd: boolean): void {
    const questions = this.project.runs.flatMap((run) => run.questions).filter((question) => odd || isOpen(question));
    const question = questions[n % Math.max(1, questions.length)];
    if (!question) return;
    const m = n >> 1;
    const answers = question.items.map((item) =>
      odd && m % 3 === 0 ? "maybe" : (item.options[m % Math.max(1, item.options.length)]?.label ?? "yes"),
    );
    this.apply({ type: "human-answered", question: question.id as QuestionId, answers, by: "ann", via: "dashboard" });
  }

  #lookAtBranch(branch: string): void {
    const head = this.github.branches.get(branch);
    if (head) this.apply({ type: "branch-observed", branch, ...head });
  }

  /** The chaos is over: nothing is lost, everybody does their part. Answers how many rounds it took until every run had ended, or -1. */
  calm(mostRounds: number): number {
    this.github.healthy = true;
    for (const pull of this.github.pulls) pull.reviews = [];
    this.apply({ type: "contact-regained", agent: laptop });
    for (let round = 0; round < mostRounds; round++) {
      if (this.project.activeRuns().length === 0) return round;
      this.#calmRound();
    }
    return -1;
  }

  #calmRound(): void {
    if (this.project.configuration?.meshState?.stopped) this.#mesh(null);
    if (this.project.configuration?.meshSpent) this.#capDay(null);
    this.runner.revoke((task, attempt) => this.#isLive(task, attempt));
    this.dispatch();
    for (let n = this.project.tasksOf(builtIn).length; n > 0; n--) this.model(0, false);
    for (const work of [...this.runner.work]) {
      if (!work.accepted) this.runner.say(work, { type: "task-accepted" }, this.at);
      work.accepted = true;
      if (work.asking === null) this.#finish(work);
    }
    for (let left = 40; this.runner.reports.some((report) => report.seq > this.runner.acked) && left > 0; left--) this.deliver(7, false);
    for (let left = 40; outboxReady(this.project.outbox(), this.at).length > 0 && left > 0; left--) this.effect("effect", left * 8);
    for (let left = 40; this.runner.reports.some((report) => report.seq > this.runner.acked) && left > 0; left--) this.deliver(7, false);
    for (const run of this.project.activeRuns()) {
      if (run.holds.some((hold) => hold.kind === "paused"))
        this.apply({ type: "operator-commanded", issue: run.issue, command: "resume", by: "op", reason: "" });
      for (const question of run.questions) if (isOpen(question) && question.status === "with-human") this.#answerWell(question);
    }
    for (const pull of this.github.pulls) {
      if (pull.state === "open" && pull.checks !== "none") pull.checks = "green";
      const run = this.project.run(pull.issue);
      if (run && isActive(run) && run.wait.for === "merge" && run.wait.effect === null && run.branch === pull.branch)
        this.github.merge(pull);
      this.apply({ type: "pull-request-observed", pull: this.github.observe(pull, this.at) });
    }
    for (const issue of this.issues) this.apply({ type: "card-observed", card: { ...this.github.card(issue), observedAt: this.at } });
    this.pass(400_000);
  }

  #answerWell(question: { id: QuestionId; items: readonly { options: readonly { label: string }[] }[] }): void {
    this.apply({
      type: "human-answered",
      question: question.id,
      answers: question.items.map((item) => item.options[0]?.label ?? "yes"),
      by: "ann",
      via: "dashboard",
    });
  }

  #finish(work: SimulatedRunner["work"][number]): void {
    const { runner, at } = this;
    const { step, planOnly, branch } = work.assignment;
    if (work.stop) return runner.end(work, { type: "stopped", reason: "told to" }, at);
    if (step === "test")
      runner.say(
        work,
        { type: "test-results", results: { command: "t", exitCode: 0, timedOut: false, format: "none", failures: [], tail: "" } },
        at,
      );
    else if (planOnly) runner.say(work, { type: "plan", markdown: "# Plan" }, at);
    else this.#push(work, branch);
    runner.end(work, { type: "task-done" }, at);
  }
}

/** What a model would say of it; `n` 0 is the best answer. */
function verdict(task: Task, n: number): unknown {
  switch (task.capability) {
    case "tech-consultation":
      return { guidance: "Mind the time zones." };
    case "plan-review":
      return { approve: n % 4 !== 1, confidence: n % 4 === 2 ? 0.5 : 0.95, feedback: "hm" };
    case "test-evaluation":
      return { passed: n % 4 !== 1, confidence: n % 4 === 2 ? 0.5 : 0.95, reason: "", failures: [] };
    case "learn":
      return { general: n % 2 === 0, text: "Colours are blue.", scope: n % 4 === 0 ? "mesh" : "repository" };
    default:
      return { confident: n % 2 === 0, answers: ["Blue", "Red"], confidence: 0.9, reason: "" };
  }
}
