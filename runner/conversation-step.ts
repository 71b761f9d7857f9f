import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import type { Command, ReportBody } from "../core/protocol/frames.ts";
import { ok, type Result } from "../core/result.ts";
import type { FailureKind } from "../core/task/state.ts";
import type { AgentEvent, Conversation } from "./drivers/driver.ts";
import { putBaseConfiguration, takeBaseConfiguration } from "./git/agent-configuration.ts";
import type { PushedBranch, WorkFailure } from "./git/repository.ts";
import { prepareWorktree, type Worktree } from "./git/worktree.ts";
import type { AskRecord, AttemptRef } from "./journal.ts";
import type { Step, StepOrder, StepTools } from "./step.ts";
import { ToolGate } from "./tool-gate.ts";
import { WorkWatch } from "./work-watch.ts";

const useEveryMs = 15_000;
const nudgeText =
  "You have been silent for a while. If you are waiting for a command that hangs, end it. Go on with the step, or ask with AskUserQuestion when you cannot.";

type End =
  | { readonly type: "stopped"; readonly reason: string }
  | { readonly type: "parked"; readonly questionId: string }
  | { readonly type: "task-failed"; readonly kind: FailureKind; readonly message: string; readonly until?: number };

/** Begins a step that a coding agent does: plan, implement, rework, or going on after an answer. */
export function beginConversationStep(order: StepOrder, tools: StepTools): Step {
  return new ConversationStep(order, tools);
}

class ConversationStep implements Step {
  readonly ended: Promise<void>;
  readonly #order: StepOrder;
  readonly #tools: StepTools;
  readonly #ref: AttemptRef;
  readonly #process = randomUUID();
  readonly #gate: ToolGate;
  #conversation: Conversation | undefined;
  /** Why the conversation was cut, when we did it. */
  #cut: End | undefined;
  /** Said while no process runs. */
  readonly #early: string[] = [];
  /** A question of before the restart; nothing runs until its answer comes. */
  #openAsk: AskRecord | undefined;
  #goOn: () => void = () => undefined;
  #asking = 0;
  #activeMs = 0;
  #lastTickAt = Date.now();
  readonly #watch: WorkWatch;
  #useToldAt = 0;
  #use: Extract<AgentEvent, { type: "used" }> | undefined;
  #useReported = "";

  constructor(order: StepOrder, tools: StepTools) {
    this.#order = order;
    this.#tools = tools;
    const { taskId, attempt } = order.record.assignment;
    this.#ref = { taskId, attempt };
    this.#gate = new ToolGate({
      ref: this.#ref,
      session: order.session,
      asks: order.record.asks,
      tools,
      onWaiting: (waiting) => (waiting ? this.#pauseClock() : this.#resumeClock()),
    });
    this.#watch = new WorkWatch({
      ...{ place: tools.place, isolation: tools.isolation, connected: tools.connected },
      stallAfterMs: order.session.stallAfterMs,
      tell: (summary) => tools.report({ ...this.#ref, type: "progress", ...(summary === undefined ? {} : { summary }) }),
    });
    if (order.recovered) this.#openAsk = order.record.asks.find(({ answers }) => answers === undefined);
    this.ended = this.#run().catch((error: unknown) => {
      const message = error instanceof Error ? error.message : String(error);
      tools.log("error", "a step broke", { ...this.#ref, reason: message });
      tools.report({ ...this.#ref, type: "task-failed", kind: "infrastructure", message: message.slice(0, 4_000) });
    });
  }

  apply({ body }: Command): boolean {
    switch (body.type) {
      case "answer": {
        if (this.#openAsk?.askId === body.askId) {
          this.#openAsk.answers = body.answers;
          this.#openAsk = undefined;
          this.#goOn();
          return true;
        }
        if (this.#gate.answer(body.askId, body.answers)) return true;
        const taken = this.#conversation?.answer(body.askId, body.answers) ?? false;
        if (taken) this.#resumeClock();
        return taken;
      }
      case "prompt":
        return this.#say(body.text);
      case "nudge":
        return this.#cut === undefined && (this.#watch.contradicts() || this.#say(nudgeText));
      case "park":
        return this.#end("now", { type: "parked", questionId: body.questionId });
      case "stop":
        return this.#end(body.mode, { type: "stopped", reason: body.reason });
    }
  }

  stop(mode: "after-step" | "now", reason: string): void {
    this.#end(mode, { type: "stopped", reason });
  }

  abandon(kind: FailureKind, message: string): void {
    this.#end("now", { type: "task-failed", kind, message });
  }

  #say(text: string): boolean {
    if (this.#cut !== undefined) return false;
    if (this.#conversation !== undefined) return this.#conversation.say(text);
    this.#early.push(text);
    return true;
  }

  #end(mode: "after-step" | "now", end: End): boolean {
    this.#cut ??= end;
    this.#conversation?.stop(mode);
    this.#gate.close("The session was told to stop.");
    this.#goOn();
    return true;
  }

  async #run(): Promise<void> {
    const { session } = this.#order;
    const { isolation, place } = this.#tools;
    if (session.budgetUsd <= 0) return this.#finish({ type: "stopped", reason: "the budget is spent" });
    await isolation.endAll(place);
    if (this.#openAsk !== undefined && this.#cut === undefined) await new Promise<void>((resolve) => (this.#goOn = resolve));
    if (this.#cut !== undefined) return this.#finish(this.#cut);
    const worktree = await this.#watch.during(this.#prepare());
    if (!worktree.ok) return this.#finish({ type: "task-failed", ...worktree.error });
    const startedFrom = await worktree.value.head();
    if (this.#cut !== undefined) return this.#finish(this.#cut);
    const environment = await this.#tools.environment(() => this.#cut !== undefined);
    if (!environment.ok) return this.#finish(this.#cut ?? { type: "task-failed", ...environment.error });
    if (this.#cut !== undefined) return this.#finish(this.#cut);
    const configured = await this.#configure(worktree.value);
    if (!configured.ok) return this.#finish({ type: "task-failed", kind: "infrastructure", message: configured.error.message });
    const ending = await this.#converse(environment.value);
    await takeBaseConfiguration(worktree.value);
    if (session.planOnly && startedFrom !== undefined) await worktree.value.restore(startedFrom);
    if (ending.type === "finished")
      return session.planOnly ? this.#proposePlan(ending.text) : this.#watch.during(this.#deliver(worktree.value, ending.text));
    this.#finish(this.#cut ?? endOf(ending));
  }

  async #prepare(): Promise<Result<Worktree, WorkFailure>> {
    const { repository, place, isolation } = this.#tools;
    const credential = await this.#tools.credential(() => this.#cut !== undefined);
    if (!credential.ok) return credential;
    const fetched = await repository.fetch(this.#order.session, credential.value);
    return fetched.ok ? prepareWorktree(repository, this.#order.session, place, isolation) : fetched;
  }

  /** What instructs the agent is the base's, whatever the run's branch says. */
  async #configure(worktree: Worktree): Promise<Result<undefined, { readonly message: string }>> {
    if (this.#tools.driver.ignoresConfiguration === true) return ok(undefined);
    return putBaseConfiguration(worktree, this.#order.session.baseBranch);
  }

  /** Runs the agent until it has finished, was stopped or failed. */
  async #converse(
    environment: Readonly<Record<string, string>>,
  ): Promise<Extract<AgentEvent, { type: "finished" | "stopped" | "failed" }>> {
    const { driver, place, isolation } = this.#tools;
    const { session } = this.#order;
    const { prompt, resume } = this.#opening();
    const conversation = driver.start({
      place,
      isolation,
      environment,
      prompt,
      resume,
      planOnly: session.planOnly,
      budgetUsd: session.budgetUsd,
      permit: (use) => this.#gate.permit(use),
    });
    this.#conversation = conversation;
    for (const text of this.#early.splice(0)) conversation.say(text);
    this.#lastTickAt = Date.now();
    const ticker = setInterval(() => this.#tick(), Math.min(this.#watch.rhythm.tellEveryMs, Math.max(50, session.activeLimitMs / 4)));
    try {
      for await (const event of conversation.events) {
        if (event.type === "finished" || event.type === "stopped" || event.type === "failed") return event;
        this.#hear(event);
      }
    } finally {
      clearInterval(ticker);
      this.#reportUse();
    }
    return { type: "failed", kind: "infrastructure", message: "the agent ended without a word" };
  }

  /** The first prompt, and which conversation it goes on with. Its first line stays what the mesh wrote. */
  #opening(): { prompt: string; resume: string | undefined } {
    const { session, record, recovered } = this.#order;
    const { driver, place } = this.#tools;
    const answered = record.asks.flatMap(({ questions, answers }) =>
      answers === undefined ? [] : questions.map(({ text }, at) => `- ${text} → ${answers[at] ?? answers[0] ?? ""}`),
    );
    const answers = answered.length === 0 ? "" : `\n\nAnswers to your questions so far:\n${answered.join("\n")}`;
    const earlier = [record.conversationId, session.conversationId ?? undefined].find((id) => id !== undefined && driver.has(place, id));
    if (recovered && record.conversationId !== undefined && earlier === record.conversationId) {
      const [firstLine] = session.prompt.split("\n", 1);
      return {
        prompt: `${firstLine}\n\nThe machine was restarted in the middle of this step. Look at what is done already and go on with it.${answers}`,
        resume: earlier,
      };
    }
    const lost = session.conversationId !== null && earlier === undefined;
    const note = lost ? "\n\n(The earlier conversation is not on this machine; the branch has what was pushed.)" : "";
    return { prompt: `${session.prompt}${note}${answers}`, resume: earlier };
  }

  #hear(event: AgentEvent): void {
    switch (event.type) {
      case "conversation-started": {
        const { conversationId } = event;
        if (this.#conversation !== undefined) this.#watch.began(this.#conversation);
        if (this.#order.record.conversationId !== conversationId) {
          this.#report({ ...this.#ref, type: "session-started", sessionId: this.#order.session.sessionId, conversationId });
        }
        return;
      }
      case "active":
        return this.#watch.active(event.summary);
      case "asked":
        this.#pauseClock();
        return this.#report({ ...this.#ref, type: "ask", askId: event.askId, questions: [...event.questions], context: event.context });
      case "used":
        this.#use = event;
        if (event.usd >= this.#order.session.budgetUsd) this.#end("now", { type: "stopped", reason: "the budget is spent" });
        if (Date.now() - this.#useToldAt >= useEveryMs) this.#reportUse();
        return;
      default:
        return;
    }
  }

  #pauseClock(): void {
    this.#tick();
    this.#asking += 1;
  }

  #resumeClock(): void {
    this.#asking = Math.max(0, this.#asking - 1);
    this.#lastTickAt = Date.now();
  }

  #tick(): void {
    const now = Date.now();
    if (this.#asking === 0) this.#activeMs += now - this.#lastTickAt;
    this.#lastTickAt = now;
    if (this.#activeMs > this.#order.session.activeLimitMs) {
      this.#end("now", {
        type: "task-failed",
        kind: "work",
        message: `the step took longer than its ${Math.round(this.#order.session.activeLimitMs / 60_000)} min of active time`,
      });
    }
    // Who waits for an answer is not silent.
    if (this.#asking === 0 && this.#cut === undefined && this.#conversation !== undefined) this.#watch.tick(this.#conversation);
  }

  #reportUse(): void {
    if (this.#use === undefined) return;
    const { inputTokens, outputTokens, usd } = this.#use;
    const key = `${inputTokens} ${outputTokens} ${usd}`;
    if (key === this.#useReported) return;
    this.#useReported = key;
    this.#useToldAt = Date.now();
    this.#report({ ...this.#ref, type: "usage", process: this.#process, inputTokens, outputTokens, usd });
  }

  #proposePlan(markdown: string): void {
    const plan = markdown.trim();
    if (plan === "") return this.#finish({ type: "task-failed", kind: "work", message: "the agent ended without a plan" });
    this.#report({ ...this.#ref, type: "plan", markdown: plan.slice(0, 200_000) });
    this.#report({ ...this.#ref, type: "task-done" });
  }

  async #deliver(worktree: Worktree, lastWord: string): Promise<void> {
    const gitStatus = await worktree.status();
    const diffStat = await worktree.git(["diff", "--stat", `refs/remotes/origin/${this.#order.session.baseBranch}`]);
    const tail = lastWord.slice(-16_384);
    this.#report({
      ...this.#ref,
      type: "checkpoint",
      gitStatus: gitStatus.slice(0, 16_384),
      diffStat: (diffStat.ok ? diffStat.value : "").slice(0, 16_384),
      tail,
    });
    const pushed = await this.#push();
    if (!pushed.ok) return this.#finish({ type: "task-failed", kind: pushed.error.kind, message: pushed.error.message.slice(0, 4_000) });
    const { sha, commits } = pushed.value;
    if (commits > 0) this.#report({ ...this.#ref, type: "branch-pushed", branch: this.#order.session.branch, sha, commits });
    this.#report({ ...this.#ref, type: "task-done", result: { commits, uncommitted: gitStatus !== "", text: lastWord.slice(0, 8_000) } });
  }

  async #push(): Promise<Result<PushedBranch, WorkFailure>> {
    const { repository, place, isolation } = this.#tools;
    const { session } = this.#order;
    for (let tries = 1; ; tries++) {
      const credential = await this.#tools.credential(() => this.#cut !== undefined);
      const pushed = credential.ok
        ? await repository.push(place, session, {
            credential: credential.value,
            isolation,
            allowWorkflowChanges: session.allowWorkflowChanges,
          })
        : credential;
      if (pushed.ok || pushed.error.kind !== "infrastructure" || tries === 3 || this.#cut !== undefined) return pushed;
      await pause(2_000 * tries);
    }
  }

  #finish(end: End): void {
    this.#report(end.type === "task-failed" ? { ...this.#ref, ...end, message: end.message.slice(0, 4_000) } : { ...this.#ref, ...end });
  }

  #report(body: ReportBody): void {
    this.#tools.report(body);
  }
}

function endOf(event: Extract<AgentEvent, { type: "stopped" | "failed" }>): End {
  if (event.type === "stopped")
    return { type: "stopped", reason: event.because === "budget" ? "the budget is spent" : "the agent was stopped" };
  const { kind, message, until } = event;
  return { type: "task-failed", kind, message, ...(until === undefined ? {} : { until }) };
}
