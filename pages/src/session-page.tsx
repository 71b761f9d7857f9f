import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import type { SessionView } from "../../core/sessions/views.ts";
import { renderBytes } from "./bytes-text.ts";
import { changes } from "./changes.ts";
import { Fact } from "./fact.tsx";
import { LiveTerminal } from "./live-terminal.tsx";
import { OutsideName } from "./outside-name.tsx";
import { renderUsd } from "./project-list.ts";
import { runAddress } from "./run-address.ts";
import { SessionCheckpoints } from "./session-checkpoints.tsx";
import { SessionQuestions } from "./session-questions.tsx";
import { SessionReplay } from "./session-replay.tsx";
import { SessionSnapshots } from "./session-snapshots.tsx";
import { SessionState } from "./session-state.tsx";
import { Standing } from "./standing.tsx";
import { Up } from "./up.tsx";
import { useAnswer } from "./use-answer.ts";
import { Ago, now, renderSpan } from "./when.tsx";

/** One session: its terminal live or from the beginning, what it asked, its screens, its worktree, its cost. */
export function SessionPage({ id }: { readonly id: string }): JSX.Element {
  const path = `/sessions/${encodeURIComponent(id)}`;
  const answer = useAnswer<SessionView>(path, changes.runs.value);
  const session = answer.value.value;
  return (
    <>
      <Up to="#/sessions">All sessions</Up>
      <Standing answer={answer} what="the session" unknown="This session is not known." />
      {session && (
        <article class="onboarding" aria-label={`Session of ${session.name}#${session.issue}`}>
          <header class="run-head">
            <SessionState state={session.state} />
            <h2>
              <a href={runAddress(session)}>
                {session.name}#{session.issue}
              </a>
            </h2>
            {session.run > 1 && <span class="quiet">run {session.run}</span>}
          </header>
          <Facts session={session} />
          <Watch session={session} />
          <p class="line">
            <a href={`/api${path}/transcript`} download>
              Transcript
            </a>
            <a href={`/api${path}/recording.cast`} download>
              Recording
            </a>
            <a href={`/api${path}/recording.cast?version=2`} download>
              Recording for players before 2025
            </a>
          </p>
          <SessionQuestions session={session} />
          <SessionSnapshots session={session} />
          <SessionCheckpoints session={session} />
        </article>
      )}
    </>
  );
}

function Facts({ session }: { readonly session: SessionView }): JSX.Element {
  const { agent, driver, conversationId, step, usd, inputTokens, outputTokens, outputBytes, startedAt, endedAt } = session;
  return (
    <dl class="facts">
      {step !== null && (
        <Fact name="Step">
          <OutsideName text={step} most={80} />
        </Fact>
      )}
      <Fact name="Agent">
        {agent === null ? (
          "none"
        ) : (
          <a href={`#/agents/${encodeURIComponent(agent)}`}>
            <OutsideName text={agent} most={80} />
          </a>
        )}
        {driver !== null && (
          <>
            {" ("}
            <OutsideName text={driver} most={80} />)
          </>
        )}
      </Fact>
      <Fact name="Cost">{renderUsd(usd)}</Fact>
      <Fact name="Tokens">
        {inputTokens.toLocaleString()} in, {outputTokens.toLocaleString()} out
      </Fact>
      <Fact name="Began">
        <Ago at={startedAt} />
      </Fact>
      <Fact name={endedAt === null ? "For" : "Took"}>{renderSpan((endedAt ?? Math.max(now.value, startedAt)) - startedAt)}</Fact>
      {outputBytes !== null && <Fact name="Written">{renderBytes(outputBytes)}</Fact>}
      {conversationId !== null && (
        <Fact name="Conversation">
          <code>
            <OutsideName text={conversationId} />
          </code>
        </Fact>
      )}
    </dl>
  );
}

/** The terminal, live unless the session has ended, or played from the beginning. What was chosen stays when the session ends. */
function Watch({ session }: { readonly session: SessionView }): JSX.Element {
  const shown = useSignal<"live" | "replay">(session.endedAt === null ? "live" : "replay");
  return (
    <section class="stack" aria-labelledby="watch">
      <div class="line">
        <h2 id="watch">Terminal</h2>
        <button class="plain" aria-pressed={shown.value === "live"} onClick={() => (shown.value = "live")}>
          {session.endedAt === null ? "Live" : "As it ended"}
        </button>
        <button class="plain" aria-pressed={shown.value === "replay"} onClick={() => (shown.value = "replay")}>
          Replay
        </button>
      </div>
      {shown.value === "live" ? (
        <LiveTerminal key={session.id} session={session} toReplay={() => (shown.value = "replay")} />
      ) : (
        <SessionReplay key={session.id} session={session} />
      )}
    </section>
  );
}
