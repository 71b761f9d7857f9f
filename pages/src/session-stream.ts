import { utf8Length, withoutBytes } from "../../core/sessions/utf8.ts";
import type { FeedMessage, ViewerMessage } from "../../core/sessions/views.ts";
import { reconnectDelayMs, type LiveState, type Socket } from "./live-socket.ts";

/** The part of a browser's WebSocket that is used. */
export interface FeedSocket extends Socket {
  send(text: string): void;
}

export interface StreamDeps {
  /** Opens the session's live socket at a byte. */
  readonly open: (from: number) => FeedSocket;
  /** The terminal's size, before anything else. */
  readonly onSize: (cols: number, rows: number) => void;
  /** What follows what was told before; `shown` is to be called once it is on the screen. */
  readonly onOutput: (data: string, shown: () => void) => void;
  /** So many bytes are missing before what comes next; they are in the recording. */
  readonly onMissing: (bytes: number) => void;
  readonly onState: (state: LiveState) => void;
  readonly onEnded: () => void;
  readonly later: (run: () => void, ms: number) => () => void;
  /** 0–1, for spreading reconnects. */
  readonly random: () => number;
}

/** How far the screen is told to the mesh after so many bytes; it waits for that every 4 MiB. */
const toldEveryBytes = 262_144;

/**
 * Follows a session's terminal stream until the returned function is called: after a break it goes on from where it was, takes no byte
 * twice, and says when bytes are missing.
 */
export function followSession(deps: StreamDeps): () => void {
  let [failures, next, shown, told] = [0, 0, 0, 0];
  let [ended, over] = [false, false];
  let socket: FeedSocket | undefined;
  let cancel: (() => void) | undefined;

  function connect(): void {
    const opened = deps.open(next);
    socket = opened;
    let live = false;
    opened.onmessage = ({ data }) => {
      const message = parseFeedMessage(data);
      if (message === undefined || over) return;
      if (!live) deps.onState("live");
      live = true;
      failures = 0;
      hear(message);
    };
    opened.onclose = () => {
      socket = undefined;
      if (over || ended) return;
      deps.onState("reconnecting");
      cancel = deps.later(connect, reconnectDelayMs(failures, deps.random()));
      failures += 1;
    };
  }

  function hear(message: FeedMessage): void {
    switch (message.type) {
      case "hello":
        deps.onSize(message.cols, message.rows);
        goTo(message.from);
        return;
      case "output":
        take(message.offset, message.data);
        return;
      case "ended":
        ended = true;
        deps.onEnded();
    }
  }

  /** What comes next begins at `offset`: what lies between was lost to this viewer. */
  function goTo(offset: number): void {
    if (offset <= next) return;
    deps.onMissing(offset - next);
    next = offset;
  }

  function take(offset: number, data: string): void {
    goTo(offset);
    const fresh = withoutBytes(data, next - offset);
    const end = offset + utf8Length(data);
    if (end <= next) return;
    // A piece that cuts a character would be our own mistake; the whole of it is better than nothing.
    next = end;
    deps.onOutput(fresh ?? data, () => {
      shown = Math.max(shown, end);
      if (shown - told < toldEveryBytes) return;
      told = shown;
      socket?.send(JSON.stringify({ type: "seen", offset: shown } satisfies ViewerMessage));
    });
  }

  deps.onState("connecting");
  connect();
  return () => {
    over = true;
    cancel?.();
    socket?.close();
  };
}

function parseFeedMessage(data: unknown): FeedMessage | undefined {
  return typeof data === "string" && data.startsWith("{") ? (JSON.parse(data) as FeedMessage) : undefined;
}
