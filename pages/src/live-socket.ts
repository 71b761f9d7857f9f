import type { LiveFrame, LiveMessage } from "../../core/project/views.ts";
import { heartbeatRequest } from "../../core/protocol/heartbeat.ts";

export type LiveState = "connecting" | "live" | "reconnecting";

/** The part of a browser's WebSocket that is used. */
export interface Socket {
  onopen: (() => void) | null;
  onmessage: ((event: { readonly data: unknown }) => void) | null;
  onclose: (() => void) | null;
  send(text: string): void;
  close(): void;
}

export interface LiveDeps {
  /** Opens the socket; `since` = the last number seen, `<feed>.<n>`. */
  readonly open: (since: string | undefined) => Socket;
  readonly onMessages: (messages: readonly LiveMessage[]) => void;
  readonly onState: (state: LiveState) => void;
  /** What was said is missing somewhere: everything must be fetched anew. Never before the first greeting. */
  readonly onGap: () => void;
  readonly later: (run: () => void, ms: number) => () => void;
  /** 0–1, for spreading reconnects. */
  readonly random: () => number;
  /** Nobody looks at the page: it may take its time. */
  readonly hidden: () => boolean;
}

/** Looks after the socket; `wake` when the page is shown again, the network is back, or the machine has slept. */
export interface LiveSocket {
  readonly wake: () => void;
  readonly end: () => void;
}

const firstMs = 250;
const mostShownMs = 2_000;
const mostHiddenMs = 30_000;
/** A try that is not greeted within this time is given up. */
const greetedWithinMs = 2_500;
const heartbeatEveryMs = 10_000;
const answeredWithinMs = 3_000;

/**
 * How long to wait before the n-th try in a row (from 0): doubling from a quarter of a second to 2 s, or to 30 s while nobody looks; the upper half at
 * random.
 */
export function reconnectDelayMs(failures: number, random: number, hidden = false): number {
  const most = Math.min(hidden ? mostHiddenMs : mostShownMs, firstMs * 2 ** failures);
  return most / 2 + (most / 2) * random;
}

/**
 * Keeps one socket to `/api/live` open until it is ended. A socket that says nothing is asked whether it lives: a network that drops packets closes
 * nothing. After a break it asks for what came since; where that is gone, or a number is missing, `onGap` is called.
 */
export function keepLive(deps: LiveDeps): LiveSocket {
  let failures = 0;
  let socket: Socket | undefined;
  let seen: { readonly feed: string; readonly n: number } | undefined;
  let state: LiveState | undefined;
  let cancelTry: (() => void) | undefined;
  let cancelLimit: (() => void) | undefined;
  let cancelHeartbeat: (() => void) | undefined;
  let ended = false;

  function become(next: LiveState): void {
    if (state === next) return;
    state = next;
    deps.onState(next);
  }

  function connect(): void {
    cancelTry?.();
    cancelTry = undefined;
    const opened = deps.open(seen && `${seen.feed}.${seen.n}`);
    socket = opened;
    opened.onmessage = ({ data }) => {
      if (socket === opened) hear(data);
    };
    opened.onclose = () => lost(opened);
    limit(greetedWithinMs, opened);
  }

  /** Whatever comes within this time proves that the socket lives. */
  function limit(ms: number, of: Socket): void {
    cancelLimit?.();
    cancelLimit = deps.later(() => lost(of), ms);
  }

  function lost(was: Socket): void {
    if (ended || socket !== was) return;
    socket = undefined;
    cancelLimit?.();
    cancelHeartbeat?.();
    was.onmessage = null;
    was.onclose = null;
    was.close();
    become("reconnecting");
    cancelTry = deps.later(connect, reconnectDelayMs(failures, deps.random(), deps.hidden()));
    failures += 1;
  }

  function hear(data: unknown): void {
    cancelLimit?.();
    const frame = parseFrame(data);
    if (frame?.type === "hello") return greeted(frame);
    if (frame?.type !== "news") return;
    const missing = !seen || frame.feed !== seen.feed || frame.n !== seen.n + 1;
    seen = { feed: frame.feed, n: frame.n };
    deps.onMessages(frame.messages);
    if (missing) deps.onGap();
  }

  function greeted(frame: Extract<LiveFrame, { type: "hello" }>): void {
    const before = seen;
    seen = { feed: frame.feed, n: frame.n };
    failures = 0;
    become("live");
    if (before && !frame.resumed) deps.onGap();
    beat();
  }

  function beat(): void {
    cancelHeartbeat?.();
    cancelHeartbeat = deps.later(() => {
      ask();
      beat();
    }, heartbeatEveryMs);
  }

  function ask(): void {
    if (!socket) return;
    socket.send(heartbeatRequest);
    limit(answeredWithinMs, socket);
  }

  deps.onState("connecting");
  connect();
  return {
    wake: () => {
      if (ended) return;
      failures = 0;
      if (state === "live") ask();
      else if (!socket) connect();
    },
    end: () => {
      ended = true;
      for (const cancel of [cancelTry, cancelLimit, cancelHeartbeat]) cancel?.();
      socket?.close();
    },
  };
}

function parseFrame(data: unknown): LiveFrame | undefined {
  if (typeof data !== "string" || !data.startsWith("{")) return undefined;
  return JSON.parse(data) as LiveFrame;
}
