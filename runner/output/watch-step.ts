import { setTimeout as pause } from "node:timers/promises";
import type { ReportBody } from "../../core/protocol/frames.ts";
import { terminalSize } from "../../core/sessions/terminal-size.ts";
import type { AgentDriver, AgentEvent, Conversation } from "../drivers/driver.ts";
import { openWorktree } from "../git/worktree.ts";
import type { AttemptRef } from "../journal.ts";
import type { Step, StepOrder, StepTools } from "../step.ts";
import type { OutputSender } from "./output-sender.ts";
import { renderAnswers, renderBeginning, renderEvent, renderQuestions } from "./render-event.ts";
import { SessionOutput } from "./session-output.ts";

/** Which step is shown, and where. */
export interface StepWatch {
  readonly sender: OutputSender;
  readonly ref: AttemptRef;
  readonly order: StepOrder;
}

/** A worktree that takes longer to look at is parked without a checkpoint. */
const parkWithinMs = 10_000;
const commits = /\bgit\b[^\n|;&]*\bcommit\b/;

/**
 * Shows a step to whoever watches the session: what its agent says and does, what is asked and answered, its screen at each of these moments, and its
 * worktree before commits and before it is parked. `begin` is given tools that are watched. The step has ended when its last screen is reported.
 */
export function watchStep({ sender, ref, order }: StepWatch, tools: StepTools, begin: (order: StepOrder, tools: StepTools) => Step): Step {
  const { session, recovered } = order;
  const output = new SessionOutput({ session: session.sessionId, ref, sender, secrets: tools.secrets, report: tools.report });
  let pendingQuestion: string | undefined;
  let failed = false;
  const say = (text: string) => output.write(text, true);
  const checkpoint = async (because: "commit" | "park") => {
    const worktree = openWorktree(tools.place, tools.isolation);
    const diffStat = await worktree.git(["diff", "--stat", `refs/remotes/origin/${session.baseBranch}`]);
    tools.report({
      ...ref,
      type: "checkpoint",
      gitStatus: (await worktree.status()).slice(0, 16_384),
      diffStat: (diffStat.ok ? diffStat.value : "").slice(0, 16_384),
      tail: await output.tail(16_384),
      because,
      ...(pendingQuestion === undefined ? {} : { pendingQuestion: pendingQuestion.slice(0, 20_000) }),
    });
  };
  /** The agent waits for the answer: its worktree stays as it is until it is stopped. */
  const parked = (stop: () => unknown) => void Promise.race([checkpoint("park"), pause(parkWithinMs)]).finally(stop);
  const report = (body: ReportBody) => {
    if (body.type === "ask") {
      say(renderQuestions(body.questions));
      pendingQuestion = body.questions.map(({ text }) => text).join("\n\n");
      void output.snapshot("question");
    }
    if (body.type === "task-failed") failed = true;
    tools.report(body);
  };
  const hear = (event: AgentEvent) => {
    say(renderEvent(event));
    if (event.type === "tool-begun" && commits.test(`${event.title}\n${event.detail ?? ""}`)) void checkpoint("commit");
  };
  say(
    renderBeginning(
      `${session.project} ${session.runId.slice(session.runId.indexOf("#"))} ${session.step}${recovered ? " (after a restart)" : ""}`,
      terminalSize.rows,
    ),
  );
  void output.snapshot("start");
  const step = begin(order, { ...tools, report, driver: watchedDriver(tools.driver, hear), show: (text) => output.write(text) });
  return {
    ended: step.ended.then(() => output.close(failed ? "failure" : "end")),
    apply(command) {
      const { body } = command;
      if (body.type === "park") {
        parked(() => step.apply(command));
        return true;
      }
      const applied = step.apply(command);
      if (applied && body.type === "answer") {
        say(renderAnswers(body.answers));
        pendingQuestion = undefined;
        void output.snapshot("answer");
      }
      return applied;
    },
    stop(mode, reason) {
      if (pendingQuestion === undefined || mode === "now") return step.stop(mode, reason);
      parked(() => step.stop(mode, reason));
    },
    abandon: (kind, message) => step.abandon(kind, message),
  };
}

function watchedDriver(driver: AgentDriver, hear: (event: AgentEvent) => void): AgentDriver {
  return {
    name: driver.name,
    has: (place, conversationId) => driver.has(place, conversationId),
    start(options) {
      const conversation = driver.start(options);
      const watched: Conversation = {
        events: heard(conversation.events, hear),
        get busy() {
          return conversation.busy;
        },
        get pid() {
          return conversation.pid;
        },
        answer: (askId, answers) => conversation.answer(askId, answers),
        say: (text) => conversation.say(text),
        stop: (mode) => conversation.stop(mode),
      };
      return watched;
    },
  };
}

async function* heard(events: AsyncIterable<AgentEvent>, hear: (event: AgentEvent) => void): AsyncGenerator<AgentEvent> {
  for await (const event of events) {
    hear(event);
    yield event;
  }
}
