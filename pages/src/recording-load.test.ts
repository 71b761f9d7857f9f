import { expect, test } from "vitest";
import { readRecording } from "./recording-load.ts";

const lines = `${["{}", '[0,"o","grüße"]', '[1,"o","漢字"]'].join("\n")}\n`;

/** The text in pieces that cut characters; `state` tells whether the rest was given up. */
function bodyOf(text: string, state = { cancelled: false }) {
  const bytes = new TextEncoder().encode(text);
  let at = 0;
  return new ReadableStream<Uint8Array>({
    pull(controller) {
      if (at >= bytes.length) return controller.close();
      controller.enqueue(bytes.subarray(at, (at += 3)));
    },
    cancel: () => void (state.cancelled = true),
  });
}

test("a recording is read whole, with what has come told", async () => {
  const told: number[] = [];
  expect(await readRecording(bodyOf(lines), (bytes) => told.push(bytes))).toEqual({ cast: lines, isCut: false });
  expect(told.at(-1)).toBe(new TextEncoder().encode(lines).length);
  expect(told).toEqual(told.toSorted((a, b) => a - b));
});

test("one that is too long is read up to a whole line, and the rest is not fetched", async () => {
  const state = { cancelled: false };
  const first = lines.split("\n").slice(0, 2).join("\n") + "\n";
  const most = new TextEncoder().encode(first).length + 10;
  expect(await readRecording(bodyOf(lines, state), () => undefined, most)).toEqual({ cast: first, isCut: true });
  expect(state.cancelled).toBe(true);
});

test("one that is just as long as is played is whole", async () => {
  const most = new TextEncoder().encode(lines).length;
  expect(await readRecording(bodyOf(lines), () => undefined, most)).toEqual({ cast: lines, isCut: false });
});
