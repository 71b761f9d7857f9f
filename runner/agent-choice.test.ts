import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { driverOf, parseAgent, programOf, readableOf } from "./agent-choice.ts";
import { detectIsolation } from "./isolation.ts";
import { uidOf } from "./run-place.ts";

test.each([
  ["claude", { kind: "claude" }],
  ["acp:gemini --acp", { kind: "acp", command: "gemini --acp" }],
  ["command: ./agent.sh 'a b' ", { kind: "command", command: "./agent.sh 'a b'" }],
])("--agent %s", (text, choice) => {
  expect(parseAgent(text)).toEqual({ ok: true, value: choice });
});

test.each([
  ["codex", "known: claude, acp:<command>, command:<command>"],
  ["acp:", "a command has to follow"],
  ["command:  ", "a command has to follow"],
  ["Claude", "is not known"],
])("--agent %s is refused: %s", (text, words) => {
  expect(parseAgent(text)).toEqual({ ok: false, error: expect.stringContaining(words) });
});

test.each([
  ["gemini --acp", "gemini"],
  ["FOO=1 BAR=2 gemini", "gemini"],
  ["/opt/agent/run x", "/opt/agent/run"],
  ["$HOME/agent", undefined],
  ["cd /x && agent", "cd"],
  ["(agent)", undefined],
])("the program of %s", (command, program) => {
  expect(programOf(command)).toBe(program);
});

test("a command that is missing, or out of the agents' reach, is said before anything begins", () => {
  const dir = mkdtempSync(join(tmpdir(), "choice-"));
  const isolation = detectIsolation({ stateFolder: dir, readable: [] });
  const place = { root: "/", tree: "/", home: "/", tmp: "/", uid: uidOf(dir) };
  try {
    expect(driverOf({ kind: "acp", command: "no-such-agent --acp" }, isolation, place)).toEqual({
      ok: false,
      error: '--agent "acp:no-such-agent --acp": no-such-agent was not found on this machine; install it, or give its whole path',
    });
    expect(driverOf({ kind: "command", command: "sh -c true" }, isolation, place)).toMatchObject({ ok: true, value: { name: "command" } });
    expect(driverOf({ kind: "acp", command: "$AGENT" }, isolation, place)).toMatchObject({ ok: true, value: { name: "acp" } });
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
});

test("what the wall has to let agents read: the program, and the packages that it lies among", () => {
  const adapter = join(import.meta.dirname, "..", "node_modules", "@agentclientprotocol", "claude-agent-acp", "dist", "index.js");
  expect(readableOf({ kind: "acp", command: `node ${adapter}` })).toContain(join(import.meta.dirname, "..", "node_modules"));
  expect(readableOf({ kind: "claude" })).toEqual([]);
});
