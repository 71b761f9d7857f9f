import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { noIsolation } from "../isolation.ts";
import { keyVariable, loginCommands, loginWords } from "./acp-login.ts";
import { examineAcp } from "./examine-acp.ts";

const agent = `${process.execPath} ${join(import.meta.dirname, "../../dev/acp-agent/agent.ts")}`;
let root: string;
beforeAll(() => (root = mkdtempSync(join(tmpdir(), "examine-"))));
afterAll(() => rmSync(root, { recursive: true, force: true }));

function examine(command: string, environment: Record<string, string> = {}, signal?: AbortSignal) {
  const place = { root, tree: join(root, "tree"), home: join(root, "home"), tmp: join(root, "tmp"), uid: 0 };
  const given = { PATH: process.env["PATH"] ?? "", HOME: place.home, ...environment };
  return examineAcp(command, {
    place,
    isolation: noIsolation("a test"),
    environment: given,
    patienceMs: 1_500,
    ...(signal ? { signal } : {}),
  });
}

test("an agent that is ready says who it is; one without a login which ways there are", async () => {
  expect(await examine(agent)).toMatchObject({ ok: true, value: { agent: "acp-agent 1.0.0", protocolVersion: 1, needsLogin: false } });
  const out = await examine(`${agent} --login`);
  expect(out).toMatchObject({ ok: true, value: { needsLogin: true, methods: [{ id: "key" }, { id: "here" }] } });
  expect(await examine(`${agent} --login`, { ACP_AGENT_KEY: "k" })).toMatchObject({ ok: true, value: { needsLogin: false } });
});

test.each([
  ["--deaf", "infrastructure", "did not initialize within 2 s"],
  ["--old", "configuration", "version 0 of the protocol"],
])("%s is told", async (flag, kind, words) => {
  expect(await examine(`${agent} ${flag}`)).toMatchObject({ ok: false, error: { kind, message: expect.stringContaining(words) } });
});

test.each([
  ["sh -c 'echo no key >&2; exit 3'", "exit code 3) (no key)"],
  ["no-such-agent", "exit code 127"],
  ["yes", "10000 lines"],
])("%s is no agent", async (command, words) => {
  expect(await examine(command)).toMatchObject({ ok: false, error: { message: expect.stringContaining(words) } });
});

test("who takes too long is cut off", async () => {
  const started = Date.now();
  expect(await examine(`${agent} --deaf`, {}, AbortSignal.timeout(300))).toMatchObject({ ok: false });
  expect(Date.now() - started).toBeLessThan(1_400);
});

test.each([
  [
    [{ id: "gemini-api-key", name: "Use a key", description: "Requires setting the `GEMINI_API_KEY` environment variable" }],
    "GEMINI_API_KEY",
  ],
  [[{ id: "openai", name: "OPENAI_API_KEY" }], "OPENAI_API_KEY"],
  [[{ id: "oauth-personal", name: "Log in with Google" }], undefined],
  [[], undefined],
])("the variable for a key in %j is %s", (methods, variable) => {
  expect(keyVariable(methods)).toBe(variable);
});

test("ways to log in are words for people, and commands where they have one", () => {
  const methods = [
    { id: "a", name: "Account", description: "In\na browser" },
    { type: "terminal" as const, id: "t", name: "Terminal", args: ["--login", "it's me"], env: { MODE: "a b" } },
  ];
  expect(loginWords(methods)).toBe("Account (In a browser); Terminal");
  expect(loginCommands("agent --acp", methods)).toEqual(["MODE='a b' agent --acp --login 'it'\\''s me'"]);
  expect(loginWords([])).toBe("");
});
