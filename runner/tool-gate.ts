import { createHash } from "node:crypto";
import type { QuestionItem, SessionAssignment } from "../core/protocol/frames.ts";
import { decideTool, summaryOfUse } from "../core/tools/decide-tool.ts";
import { noToolRules } from "../core/tools/tool-rules.ts";
import type { ToolDecision, ToolUse } from "../core/tools/tool-use.ts";
import type { Permission } from "./drivers/driver.ts";
import type { AskRecord, AttemptRef } from "./journal.ts";
import { redactedValue } from "./redact.ts";
import type { StepTools } from "./step.ts";
import { ToolGrants } from "./tool-grants.ts";
import { toolScene } from "./tool-scene.ts";

const choices = { once: "Allow once", always: "Allow for this session", deny: "Deny" } as const;
const advice: Readonly<Record<string, string>> = {
  outside: "Stay within the worktree; for temporary files there is $TMPDIR.",
  credentials: "Files that hold credentials, and the environment, are not to be read; programs find in the environment what they need.",
  publish: "Publishing is up to people.",
};

export interface ToolGateOptions {
  readonly ref: AttemptRef;
  readonly session: SessionAssignment;
  /** Questions of this attempt, asked before a restart as well. */
  readonly asks: readonly AskRecord[];
  readonly tools: Pick<StepTools, "place" | "report" | "reported" | "secrets" | "grantsFolder">;
  /** A question begins or ends to hold up the agent. */
  readonly onWaiting: (waiting: boolean) => void;
}

/** Stands before each use of a tool: the policy decides, or people do. Every decision is reported. */
export class ToolGate {
  readonly #options: ToolGateOptions;
  readonly #grants: ToolGrants;
  readonly #scene: ReturnType<typeof toolScene>;
  readonly #open = new Map<string, (answer: string | null) => void>();
  #closed: string | null = null;

  constructor(options: ToolGateOptions) {
    this.#options = options;
    this.#grants = new ToolGrants(options.tools.grantsFolder, options.session.sessionId);
    this.#scene = toolScene(options.tools.place);
  }

  async permit(use: ToolUse): Promise<Permission> {
    if (this.#closed !== null) return { allowed: false, because: this.#closed };
    const decision = decideTool(use, this.#options.session.tools ?? noToolRules, this.#scene(), this.#grants.always);
    const summary = redactedValue(summaryOfUse(use), this.#options.tools.secrets());
    if (decision.answer === "allow") return this.#allow(use, summary, decision.rule);
    if (decision.answer === "deny") {
      this.#report(use, summary, "denied", decision.rule);
      const said = advice[decision.rule] ?? "Find another way, or ask the people in charge.";
      return { allowed: false, because: `The policy on tools refuses this (${decision.rule}: ${decision.about}). ${said}` };
    }
    this.#report(use, summary, "asked", decision.rule);
    return this.#ask(use, summary, decision);
  }

  /** False when that question is none of the gate's that is open. */
  answer(askId: string, answers: readonly string[]): boolean {
    const take = this.#open.get(askId);
    take?.(answers[0] ?? "");
    return take !== undefined;
  }

  /** Nothing is permitted any more; what waits for an answer is refused. */
  close(because: string): void {
    this.#closed ??= because;
    for (const take of this.#open.values()) take(null);
  }

  async #ask(use: ToolUse, summary: string, decision: ToolDecision): Promise<Permission> {
    const whole = JSON.stringify(use);
    // The same asking after a restart or a resumption is the same question, whose answer may be known.
    const hash = createHash("sha256").update(`${this.#options.session.sessionId}\n${whole}`).digest("hex").slice(0, 24);
    const askId = `tool-${hash}-${this.#grants.usedOnce(whole)}`;
    const known = this.#options.asks.find((ask) => ask.askId === askId)?.answers?.[0];
    const answer = known ?? (await this.#answerOf(askId, use, decision));
    if (answer === null) return { allowed: false, because: this.#closed ?? "The session ended before the answer came." };
    const said = answer.trim().toLowerCase();
    const isAlways = said === choices.always.toLowerCase();
    if (isAlways) this.#grants.allowAlways(decision.asks);
    if (said === choices.once.toLowerCase()) this.#grants.allowOnce(whole);
    else if (!isAlways) {
      this.#report(use, summary, "denied", "a person's or the architect's word");
      const why = said === choices.deny.toLowerCase() || said === "" ? "" : ` They said: ${answer}`;
      return { allowed: false, because: `The people in charge refuse this.${why}` };
    }
    return this.#allow(use, summary, isAlways ? choices.always : choices.once);
  }

  /** The tool is used when it is on disk that it was allowed. */
  async #allow(use: ToolUse, summary: string, rule: string): Promise<Permission> {
    this.#report(use, summary, "allowed", rule);
    await this.#options.tools.reported();
    return this.#closed === null ? { allowed: true } : { allowed: false, because: this.#closed };
  }

  #answerOf(askId: string, use: ToolUse, decision: ToolDecision): Promise<string | null> {
    const { ref, tools, onWaiting } = this.#options;
    return new Promise((resolve) => {
      const isFirst = !this.#open.has(askId);
      const before = this.#open.get(askId);
      this.#open.set(askId, (answer) => {
        before?.(answer);
        if (isFirst) {
          this.#open.delete(askId);
          onWaiting(false);
        }
        resolve(answer);
      });
      if (!isFirst) return;
      onWaiting(true);
      const question = redactedValue(questionOf(use, decision), tools.secrets());
      tools.report({
        ...ref,
        type: "ask",
        askId,
        questions: [question],
        context: `The policy on tools asks first: ${decision.asks.join("; ")}`.slice(0, 8_000),
      });
    });
  }

  #report(use: ToolUse, summary: string, decision: "allowed" | "asked" | "denied", rule: string): void {
    const { ref, session, tools } = this.#options;
    if (session.tools === undefined) return; // a mesh that knows nothing of such reports
    tools.report({ ...ref, type: "tool-decision", tool: use.tool.slice(0, 200), summary, decision, rule: rule.slice(0, 500) });
  }
}

function questionOf(use: ToolUse, decision: ToolDecision): QuestionItem {
  const what = use.kind === "run" ? use.command : summaryOfUse(use);
  return {
    text: `May the agent do this? (${decision.rule})\n\n${what.slice(0, 4_000)}`,
    header: "Tool",
    multiple: false,
    options: [
      { label: choices.once },
      { label: choices.always, description: decision.asks.join("; ").slice(0, 1_000) },
      { label: choices.deny },
    ],
  };
}
