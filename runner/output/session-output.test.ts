import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync, appendFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";
import { castHeader, castLines, createV2Lines } from "../../core/sessions/recording.ts";
import { terminalSize } from "../../core/sessions/terminal-size.ts";
import { OutputSpool } from "./output-spool.ts";
import { createTerminal, screenOf } from "./session-screen.ts";
import { createLine, outputOn, tenMinuteSession } from "./test-line.ts";

const session = "P_1.s7-1";
let folder: string;

beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "output-"))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test("through cuts and lost acknowledgements every byte arrives once and in order", async () => {
  const mesh = createLine(folder);
  const sender = mesh.open();
  const { output } = outputOn(sender);
  let written = "";
  for (let minute = 0; minute < 12; minute += 1) {
    if (minute === 3) mesh.isUp = false; // five minutes without a network
    if (minute === 8) {
      mesh.isUp = true;
      sender.connected();
    }
    mesh.acknowledges = minute !== 9;
    const text = `minute ${minute} äöü€😀 ${"x".repeat(40_000)}\r\n`;
    written += text;
    output.write(text, true);
    await output.tail(1);
  }
  await output.close("end");
  sender.connected();
  await sender.settled(2_000);
  expect(mesh.kept).toBe(written);
  expect(mesh.gaps).toBe(0);
});

test("a runner that was killed goes on where the mesh is, and leaves no spool behind", async () => {
  const mesh = createLine(folder);
  const first = outputOn(mesh.open());
  first.output.write("before the cut\r\n", true);
  await first.output.tail(1);
  mesh.isUp = false;
  first.output.write("after the cut\r\n", true);
  await first.output.tail(1);
  // Killed: another process finds what is on the disk, with a character that was half written.
  const spool = readdirSync(folder)[0] ?? "";
  const segment = readdirSync(join(folder, spool)).find((name) => /^\d+$/.test(name)) ?? "";
  appendFileSync(join(folder, spool, segment), Buffer.from([0xe2, 0x82]));
  mesh.isUp = true;
  const sender = mesh.open();
  sender.connected();
  const second = outputOn(sender);
  second.output.write("after the restart\r\n", true);
  await second.output.close("end");
  await sender.settled(2_000);
  expect(mesh.kept).toBe("before the cut\r\nafter the cut\r\nafter the restart\r\n");
  expect(readdirSync(folder)).toEqual([]);
});

test("another runner goes on at the end of what the mesh has, and a refused one lets go", async () => {
  const mesh = createLine(folder);
  const one = outputOn(mesh.open());
  one.output.write("by the first\r\n", true);
  await one.output.close("failure");
  await mesh.sender?.settled(2_000);
  rmSync(folder, { recursive: true });
  const two = outputOn(mesh.open());
  two.output.write("by the second\r\n", true);
  await two.output.tail(1);
  await new Promise(setImmediate);
  expect(mesh.kept).toBe("by the first\r\nby the second\r\n");
  mesh.sender?.heard({ type: "output-refused", sessionId: session, reason: "foreign-session" });
  two.output.write("nobody wants it\r\n", true);
  await two.output.close("end");
  expect(readdirSync(folder)).toEqual([]);
});

test("what the mesh does not take in time is dropped beyond a bound, and the stream says how much", async () => {
  const mesh = createLine(folder);
  const sender = mesh.open();
  const { output } = outputOn(sender, { mostBytes: 64 * 1_048_576 });
  output.write("start\r\n", true);
  await output.tail(1);
  mesh.isUp = false;
  const block = `${"y".repeat(1_023)}\n`.repeat(1_024);
  for (let mib = 0; mib < 40; mib += 1) output.write(block, true);
  await output.tail(1);
  expect(statSync(folder).isDirectory()).toBe(true);
  mesh.isUp = true;
  sender.connected();
  await sender.settled(10_000);
  output.write("end\r\n", true);
  await output.close("end");
  await sender.settled(10_000);
  expect(mesh.length).toBeLessThan(33 * 1_048_576);
  expect(mesh.kept.slice(-200)).toMatch(/\d{6,} bytes are missing here[^]*end\r\n$/);
});

test("a log of any size ends with a clear mark, and costs nothing after it", async () => {
  const mesh = createLine(folder);
  const sender = mesh.open();
  const { output, screens } = outputOn(sender, { mostBytes: 1_048_576 });
  const block = "z".repeat(65_535) + "\n";
  const begun = performance.now();
  // 2 GiB
  for (let piece = 0; piece < 32_768; piece += 1) output.write(block);
  expect(performance.now() - begun).toBeLessThan(10_000);
  await output.close("end");
  await sender.settled(2_000);
  expect(mesh.length).toBeLessThan(1_048_576 + 200);
  expect(mesh.kept).toContain("this step has written 1 MiB; what it writes from here on is not shown");
  expect(screens().at(-1)?.screen).toContain("what it writes from here on is not shown");
});

test("a secret is nowhere in the stream, on the screen or on the disk, however a program cuts it up", async () => {
  const secret = "correct-horse-battery-staple";
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 3, maxLength: 12 }), async (sizes) => {
      const mesh = createLine(folder);
      mesh.isUp = false;
      const { output, screens } = outputOn(mesh.open(), { secrets: [secret] });
      const text = `SECRET=${secret} \u001B]0;${secret}\u0007 ${secret.slice(0, 9)}\u001B[2K${secret.slice(9)}\n`;
      for (let at = 0, turn = 0; at < text.length; turn += 1) {
        const size = sizes[turn % sizes.length] ?? 1;
        output.write(text.slice(at, at + size));
        at += size;
      }
      await output.close("failure");
      const spool = OutputSpool.open(folder, session);
      expect(spool.read(spool.acknowledged, 10_000)).toContain("SECRET=*** ");
      expect(spool.read(spool.acknowledged, 10_000)).not.toContain("horse");
      expect(JSON.stringify(screens())).not.toContain("horse");
      spool.remove();
    }),
    { numRuns: 25 },
  );
});

test("the recording of a ten-minute session ends with the screen of its last snapshot, and is a v2 recording, too", async () => {
  const { mesh, ends } = await tenMinuteSession(folder);
  expect(ends).toHaveLength(3);
  for (const { screen, pieces } of ends) {
    const head = castHeader(3, { ...terminalSize, startedAt: 1_000, title: "t" });
    expect(await screenAfter(head + castLines(mesh.pieces.slice(0, pieces), 1_000))).toBe(screen);
  }
  const events = castLines(mesh.pieces, 1_000).trimEnd().split("\n");
  const inV2 = events.map(createV2Lines());
  const last = JSON.parse(inV2.at(-1) ?? "") as [number, string, string];
  expect(last[0]).toBe(600);
  expect(inV2.map((text) => (JSON.parse(text) as [number, string, string])[2]).join("")).toBe(mesh.kept);
  const { RECORDING_FOLDER } = process.env;
  if (RECORDING_FOLDER !== undefined) {
    const head = { ...terminalSize, startedAt: 1_000, title: "t" };
    writeFileSync(join(RECORDING_FOLDER, "v3.cast"), castHeader(3, head) + events.join("\n"));
    writeFileSync(join(RECORDING_FOLDER, "v2.cast"), `${castHeader(2, head)}${inV2.join("\n")}\n`);
  }
});

/** The screen of a viewer that has played a whole recording. */
async function screenAfter(recording: string): Promise<string> {
  const [header = "", ...events] = recording.trimEnd().split("\n");
  expect(JSON.parse(header)).toMatchObject({ term: terminalSize });
  const terminal = createTerminal();
  for (const event of events) terminal.write((JSON.parse(event) as [number, string, string])[2]);
  await new Promise<void>((resolve) => terminal.write("", resolve));
  return screenOf(terminal);
}
