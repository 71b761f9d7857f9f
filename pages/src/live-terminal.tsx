import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import type { SessionView } from "../../core/sessions/views.ts";
import { renderBytes } from "./bytes-text.ts";
import type { LiveState } from "./live-socket.ts";
import { followSession, type FeedSocket } from "./session-stream.ts";
import { useScreen } from "./use-screen.ts";

const words: Readonly<Record<LiveState, string>> = {
  connecting: "connecting…",
  live: "live",
  reconnecting: "The connection is being made again; it goes on where it was.",
};

/** What a session writes, as it writes it. What was written before and is no longer at hand is in the replay, to which `toReplay` leads. */
export function LiveTerminal({ session, toReplay }: { readonly session: SessionView; readonly toReplay: () => void }): JSX.Element {
  const state = useSignal<LiveState>("connecting");
  const missing = useSignal(0);
  const ended = useSignal(false);
  const { place, loading } = useScreen(
    session,
    (screen) =>
      followSession({
        open: (from) => {
          const origin = location.origin.replace(/^http/, "ws");
          return new WebSocket(`${origin}/api/sessions/${encodeURIComponent(session.id)}/live?from=${from}`) as FeedSocket;
        },
        onSize: (cols, rows) => screen.resize(cols, rows),
        onOutput: (data, shown) => screen.write(data, shown),
        onMissing(bytes) {
          missing.value += bytes;
          screen.write(`\u001b[0m\r\n\u001b[7m ${renderBytes(bytes)} before this are in the replay \u001b[0m\r\n`);
        },
        onState: (next) => (state.value = next),
        onEnded: () => (ended.value = true),
        later: (run, ms) => {
          const id = setTimeout(run, ms);
          return () => clearTimeout(id);
        },
        random: Math.random,
      }),
    session.id,
  );
  return (
    <>
      {missing.value > 0 && (
        <p role="status" class="notice">
          {renderBytes(missing.value)} written earlier are not shown here: they are in the replay.{" "}
          <button onClick={toReplay}>Play from the beginning</button>
        </p>
      )}
      <div class="terminal-place" role="region" aria-label="Live terminal" ref={place} />
      <p class="quiet" role="status">
        {loading.value === "failed"
          ? "The terminal could not be loaded. Load the page again."
          : loading.value === "loading"
            ? "Loading the terminal…"
            : ended.value
              ? "The session has ended."
              : words[state.value]}
      </p>
    </>
  );
}
