import { expect, test } from "vitest";
import type { LiveFrame, LiveMessage } from "../../core/project/views.ts";
import { heartbeatRequest, heartbeatResponse } from "../../core/protocol/heartbeat.ts";
import { keepLive, reconnectDelayMs, type Socket } from "./live-socket.ts";

interface PlayedSocket extends Socket {
  closed: boolean;
  readonly since: string | undefined;
  readonly sent: string[];
}

function stage(hidden = false) {
  const sockets: PlayedSocket[] = [];
  let due: { run: () => void; ms: number }[] = [];
  const states: string[] = [];
  const heard: LiveMessage[] = [];
  let gaps = 0;
  const live = keepLive({
    open: (since) => {
      const sent: string[] = [];
      const socket: PlayedSocket = {
        onopen: null,
        onmessage: null,
        onclose: null,
        closed: false,
        since,
        sent,
        send: (text) => void sent.push(text),
        close: () => void (socket.closed = true),
      };
      sockets.push(socket);
      return socket;
    },
    onMessages: (messages) => heard.push(...messages),
    onState: (state) => states.push(state),
    onGap: () => (gaps += 1),
    later: (run, ms) => {
      const entry = { run, ms };
      due.push(entry);
      return () => (due = due.filter((each) => each !== entry));
    },
    random: () => 1,
    hidden: () => hidden,
  });
  const last = () => sockets.at(-1) as PlayedSocket;
  return {
    sockets,
    states,
    heard,
    live,
    last,
    gaps: () => gaps,
    due: () => due.map(({ ms }) => ms),
    /** Lets the timer of this length run out. */
    pass: (ms: number) => {
      const entry = due.find((each) => each.ms === ms);
      if (!entry) throw new Error(`no timer of ${ms} ms among ${due.map((each) => each.ms).join(", ")}`);
      due = due.filter((each) => each !== entry);
      entry.run();
    },
    say: (frame: LiveFrame | string) => last().onmessage?.({ data: typeof frame === "string" ? frame : JSON.stringify(frame) }),
  };
}

const hello = (n: number, resumed = false, feed = "a"): LiveFrame => ({ type: "hello", feed, n, resumed });
const agents: LiveMessage = { type: "agents-changed" };
const news = (n: number, feed = "a"): LiveFrame => ({ type: "news", feed, n, messages: [agents] });

test("waits longer after each failure in a row, and starts over once it was greeted", () => {
  const { last, due, pass, say, states } = stage();
  for (const ms of [250, 500, 1_000]) {
    last().onclose?.();
    expect(due()).toEqual([ms]);
    pass(ms);
  }
  say(hello(0));
  last().onclose?.();
  expect(due()).toEqual([250]);
  expect(states).toEqual(["connecting", "reconnecting", "live", "reconnecting"]);
});

test("two seconds at the most while somebody looks, half a minute otherwise, never less than half of the step", () => {
  expect([reconnectDelayMs(50, 1), reconnectDelayMs(50, 1, true), reconnectDelayMs(2, 0)]).toEqual([2_000, 30_000, 500]);
});

test("a try that is not greeted in time is given up for another", () => {
  const { sockets, pass } = stage();
  pass(2_500);
  expect(sockets[0]?.closed).toBe(true);
  pass(250);
  expect(sockets).toHaveLength(2);
});

test("hands on messages, and nothing that is none", () => {
  const { say, heard, gaps } = stage();
  for (const frame of [hello(4), news(5), "pong", heartbeatResponse, news(6)]) say(frame);
  expect(heard).toEqual([agents, agents]);
  expect(gaps()).toBe(0);
});

test("comes back with the last number seen; what was missed is no gap when it is sent after", () => {
  const { say, last, pass, gaps, heard } = stage();
  say(hello(4));
  say(news(5));
  last().onclose?.();
  pass(250);
  expect(last().since).toBe("a.5");
  for (const frame of [hello(5, true), news(6), news(7)]) say(frame);
  expect([gaps(), heard.length]).toEqual([0, 3]);
});

test.each([
  ["a greeting that does not resume", [hello(9, false)], 1],
  ["a feed that began anew", [hello(0, false, "b"), news(1, "b")], 1],
  ["a missing number", [hello(5, true), news(7), news(8)], 1],
])("%s is a gap", (_name, frames, count) => {
  const { say, last, pass, gaps } = stage();
  say(hello(4));
  say(news(5));
  last().onclose?.();
  pass(250);
  for (const frame of frames) say(frame);
  expect(gaps()).toBe(count);
});

test("a first greeting is no gap", () => {
  const { say, gaps } = stage();
  say(hello(7));
  expect(gaps()).toBe(0);
});

test("a socket that says nothing is asked, and given up when it does not answer", () => {
  const { say, last, pass, due, sockets, states } = stage();
  say(hello(0));
  pass(10_000);
  expect(last().sent).toEqual([heartbeatRequest]);
  say(heartbeatResponse);
  expect(due()).toEqual([10_000]);
  pass(10_000);
  pass(3_000);
  expect(sockets[0]?.closed).toBe(true);
  expect(states.at(-1)).toBe("reconnecting");
});

test("woken: asks a socket that should live, tries at once where there is none, and leaves a try alone that is under way", () => {
  const { say, last, live, sockets, due } = stage(true);
  live.wake();
  expect(sockets).toHaveLength(1);
  say(hello(0));
  live.wake();
  expect(last().sent).toEqual([heartbeatRequest]);
  last().onclose?.();
  live.wake();
  expect(sockets).toHaveLength(2);
  expect(due()).toEqual([2_500]);
});

test("ends for good", () => {
  const { say, last, live, sockets, due } = stage();
  say(hello(0));
  live.end();
  expect([last().closed, due()]).toEqual([true, []]);
  last().onclose?.();
  live.wake();
  expect([sockets.length, due()]).toEqual([1, []]);
});
