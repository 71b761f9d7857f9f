import type { RunView } from "../project/views.ts";
import type { Moment } from "../time.ts";
import { terminalSize } from "./terminal-size.ts";
import type { SessionState, SessionView } from "./views.ts";

/** A run's session as it is seen at a moment; undefined before an agent had it. How much it has written is not known to the run. */
export function sessionOfRun(run: RunView, seenAt: Moment): SessionView | undefined {
  const { session, project, name, issue, inputTokens, outputTokens, usd, endedAt } = run;
  if (session === null) return undefined;
  return {
    id: session.id,
    project,
    name,
    issue,
    run: run.run,
    agent: session.agent,
    driver: session.driver ?? null,
    conversationId: session.conversationId,
    state: sessionState(run),
    step: session.step ?? null,
    startedAt: session.startedAt ?? run.startedAt,
    lastSeenAt: seenAt,
    endedAt,
    inputTokens,
    outputTokens,
    usd,
    outputBytes: null,
    ...terminalSize,
  };
}

function sessionState({ endedAt, questions }: RunView): SessionState {
  if (endedAt !== null) return "ended";
  const open = questions.filter(({ purpose, status }) => purpose === "session" && (status === "with-architect" || status === "with-human"));
  if (open.length === 0) return "working";
  return open.some(({ parked }) => parked) ? "parked" : "asking";
}
