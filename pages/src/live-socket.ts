import type { LiveMessage } from "../../core/project/views.ts";

export type LiveState = "connecting" | "live" | "reconnecting";

/** The part of a browser's WebSocket that is used. */
export interface Socket {
  onopen: (() => void) | null;
  onmessage: ((event: { readonly data: unknown }) => void) | null;
  onclose: (() => void) | null;
  close(): void;
}

export interface LiveDeps {
  readonly open: () => Socket;
  readonly onMessage: (message: LiveMessage) => void;
  /** `live` after a break means: refetch, since what was said meanwhile is lost. */
  readonly onState: (state: LiveState) => void;
  readonly later: (run: () => void, ms: number) => () => void;
  /** 0–1, for spreading reconnects. */
  readonly random: () => number;
}

const firstMs = 500;
const mostMs = 30_000;

/** How long to wait before the n-th try in a row (from 0): doubling from 0.5 s to 30 s, the upper half at random. */
export function reconnectDelayMs(failures: number, random: number): number {
  const most = Math.min(mostMs, firstMs * 2 ** failures);
  return most / 2 + (most / 2) * random;
}

/** Keeps one socket to `/api/live` open until the returned function is called. */
export function keepLive(deps: LiveDeps): () => void {
  let failures = 0;
  let socket: Socket | undefined;
  let cancel: (() => void) | undefined;
  let ended = false;

  function connect(): void {
    const opened = deps.open();
    socket = opened;
    opened.onopen = () => {
      failures = 0;
      deps.onState("live");
    };
    opened.onmessage = ({ data }) => {
      const message = parseLiveMessage(data);
      if (message) deps.onMessage(message);
    };
    opened.onclose = () => {
      if (ended) return;
      deps.onState("reconnecting");
      cancel = deps.later(connect, reconnectDelayMs(failures, deps.random()));
      failures += 1;
    };
  }

  deps.onState("connecting");
  connect();
  return () => {
    ended = true;
    cancel?.();
    socket?.close();
  };
}

function parseLiveMessage(data: unknown): LiveMessage | undefined {
  if (typeof data !== "string" || !data.startsWith("{")) return undefined;
  return JSON.parse(data) as LiveMessage;
}
