import { beforeEach, expect, test } from "vitest";
import type { FeedMessage } from "../../core/sessions/views.ts";
import { followSession, type FeedSocket } from "./session-stream.ts";

interface Opened extends FeedSocket {
  readonly from: number;
  readonly sent: string[];
  closed: boolean;
}

let sockets: Opened[];
let told: string[];
let shown: (() => void)[];
let waiting: (() => void) | undefined;
let stop: () => void;

const last = (): Opened => {
  const socket = sockets.at(-1);
  if (socket === undefined) throw new Error("no socket was opened");
  return socket;
};
const say = (message: FeedMessage) => last().onmessage?.({ data: JSON.stringify(message) });
const hello = (from: number, end = from) => say({ type: "hello", from, end, cols: 100, rows: 30 });
const output = (offset: number, data: string) => say({ type: "output", offset, data });

beforeEach(() => {
  [sockets, told, shown, waiting] = [[], [], [], undefined];
  stop = followSession({
    open: (from) => {
      const sent: string[] = [];
      const socket: Opened = {
        from,
        sent,
        closed: false,
        onopen: null,
        onmessage: null,
        onclose: null,
        send: (text) => void sent.push(text),
        close: () => (socket.closed = true),
      };
      sockets.push(socket);
      return socket;
    },
    onSize: (cols, rows) => void told.push(`${cols}×${rows}`),
    onOutput: (data, done) => {
      told.push(data);
      shown.push(done);
    },
    onMissing: (bytes) => void told.push(`${bytes} missing`),
    onState: (state) => void told.push(state),
    onEnded: () => void told.push("ended"),
    later: (run) => {
      waiting = run;
      return () => (waiting = undefined);
    },
    random: () => 0,
  });
});

test("after a break it goes on from the byte where it was, and takes none twice", () => {
  hello(0, 6);
  output(0, "één");
  last().onclose?.();
  waiting?.();
  expect(last().from).toBe(5);
  hello(3);
  output(3, "n und");
  output(0, "één");
  // "één" has five bytes: of "n und" from byte 3 on, "n " are known.
  expect(told).toEqual(["connecting", "live", "100×30", "één", "reconnecting", "live", "100×30", "und"]);
});

test("what is missing is told, at the beginning and in the middle", () => {
  hello(1_000);
  output(1_000, "a");
  output(1_004, "b");
  expect(told).toEqual(["connecting", "live", "100×30", "1000 missing", "a", "3 missing", "b"]);
});

test("the mesh hears how far the screen is, not how far the socket is", () => {
  hello(0);
  const piece = "x".repeat(200_000);
  output(0, piece);
  output(200_000, piece);
  expect(last().sent).toEqual([]);
  for (const done of shown) done();
  expect(last().sent).toEqual(['{"type":"seen","offset":400000}']);
});

test("an ended stream is not connected again, and nothing is told once it was stopped", () => {
  hello(0);
  say({ type: "ended" });
  last().onclose?.();
  expect(waiting).toBeUndefined();
  expect(told.at(-1)).toBe("ended");
  stop();
  output(0, "late");
  expect(told).not.toContain("late");
});

test("stopped while it waits to connect, it does not", () => {
  last().onclose?.();
  expect(waiting).toBeDefined();
  stop();
  expect(waiting).toBeUndefined();
  expect(sockets).toHaveLength(1);
});
