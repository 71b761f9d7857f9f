import { expect, test } from "vitest";
import type { LiveMessage } from "../../core/project/views.ts";
import { keepLive, reconnectDelayMs, type Socket } from "./live-socket.ts";

function stage() {
  const sockets: (Socket & { closed: boolean })[] = [];
  const due: { run: () => void; ms: number; cancelled: boolean }[] = [];
  const states: string[] = [];
  const heard: LiveMessage[] = [];
  const end = keepLive({
    open: () => {
      const socket = { onopen: null, onmessage: null, onclose: null, closed: false, close: () => void (socket.closed = true) } as Socket & {
        closed: boolean;
      };
      sockets.push(socket);
      return socket;
    },
    onMessage: (message) => heard.push(message),
    onState: (state) => states.push(state),
    later: (run, ms) => {
      const entry = { run, ms, cancelled: false };
      due.push(entry);
      return () => void (entry.cancelled = true);
    },
    random: () => 1,
  });
  return { sockets, due, states, heard, end };
}

test("waits longer after each failure in a row, and starts over once it was open", () => {
  const { sockets, due, states } = stage();
  for (let failures = 0; failures < 3; failures += 1) {
    sockets.at(-1)?.onclose?.();
    due.at(-1)?.run();
  }
  expect(due.map(({ ms }) => ms)).toEqual([500, 1_000, 2_000]);
  sockets.at(-1)?.onopen?.();
  sockets.at(-1)?.onclose?.();
  expect(due.at(-1)?.ms).toBe(500);
  expect(states).toEqual(["connecting", "reconnecting", "reconnecting", "reconnecting", "live", "reconnecting"]);
});

test("never more than half a minute, never less than half of the step", () => {
  expect(reconnectDelayMs(50, 1)).toBe(30_000);
  expect(reconnectDelayMs(2, 0)).toBe(1_000);
});

test("hands on messages, and nothing that is none", () => {
  const { sockets, heard } = stage();
  for (const data of ['{"type":"agents-changed"}', "pong", new ArrayBuffer(1)]) sockets[0]?.onmessage?.({ data });
  expect(heard).toEqual([{ type: "agents-changed" }]);
});

test("ends for good", () => {
  const { sockets, due, end } = stage();
  sockets[0]?.onclose?.();
  end();
  expect(due[0]?.cancelled).toBe(true);
  expect(sockets[0]?.closed).toBe(true);
  sockets[0]?.onclose?.();
  expect(due).toHaveLength(1);
});
