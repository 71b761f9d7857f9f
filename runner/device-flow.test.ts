import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { DeviceFlow } from "./device-flow.ts";
import { agentEnvironment, detectIsolation } from "./isolation.ts";
import { uidOf } from "./run-place.ts";

let dir: string;
let flow: DeviceFlow | undefined;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "device-flow-"));
  chmodSync(dir, 0o777);
});
afterEach(() => {
  flow?.close();
  flow = undefined;
  rmSync(dir, { recursive: true, force: true });
});

const never = new AbortController().signal;
const address = "   \\033[94mhttps://auth.openai.com/codex/device\\033[0m\\n";
const shown = { url: "https://auth.openai.com/codex/device", code: "Q7RT-4KXWZ" };

/** A login command that does what the script says; each start leaves a line in `starts`. */
function flowOf(script: string, timeLimitMs = 5_000): DeviceFlow {
  const file = join(dir, "codex");
  writeFileSync(file, `#!/bin/sh\necho x >> ${started()}\n${script}\n`);
  chmodSync(file, 0o755);
  const root = join(dir, "login");
  const place = { root, tree: join(root, "tree"), home: join(root, "home"), tmp: join(root, "tmp"), uid: uidOf(root) };
  flow = new DeviceFlow({
    device: { vendor: "openai", command: [file, "login", "--device-auth"] },
    place,
    isolation: detectIsolation({ stateFolder: join(dir, "state"), readable: [dir] }),
    environment: agentEnvironment(place, {}),
    timeLimitMs,
    pauseMs: (failed) => 10 * failed,
  });
  return flow;
}
const started = () => join(dir, "login", "tmp", "starts");
const starts = () => (existsSync(started()) ? readFileSync(started(), "utf8").length / 2 : 0);
const until = (state: string) => expect.poll(() => flow?.status().state, { timeout: 10_000 }).toBe(state);

test("address and code come as soon as they are printed, the command goes on, and its end is the login", async () => {
  const codex = flowOf(
    `printf 'Welcome\\n1. Open\\n${address}'; sleep 0.1; printf '2. Enter\\n   Q7RT-'; sleep 0.1; printf '4KXWZ\\n'
     until test -e ${join(dir, "entered")}; do sleep 0.05; done; echo secret-token-of-the-login`,
  );
  expect(codex.status().state).toBe("none");
  const begun = await codex.start(never);
  expect(begun).toMatchObject({ ok: true, value: shown });
  if (begun.ok) expect(begun.value.expiresInMs).toBeGreaterThan(14 * 60_000);
  expect(await codex.start(never)).toMatchObject({ ok: true, value: shown });
  expect([codex.status().state, starts()]).toEqual(["waiting", 1]);
  writeFileSync(join(dir, "entered"), "");
  await until("done");
  expect(JSON.stringify([begun, codex.status()])).not.toContain("secret-token");
});

test("one that fails later is said to have failed, and another may be begun", async () => {
  const codex = flowOf(`printf '${address} Q7RT-4KXWZ \\n'; sleep 0.5; exit 1`);
  expect((await codex.start(never)).ok).toBe(true);
  await until("failed");
  expect(codex.status().message).toBe("the login command ended (exit code 1)");
  expect((await codex.start(never)).ok).toBe(true);
  expect(starts()).toBe(2);
});

test("silence and early ends are tried three times, and then told", async () => {
  expect(await flowOf("sleep 300", 200).start(never)).toEqual({
    ok: false,
    error: { kind: "infrastructure", message: "codex login --device-auth showed no address and code within 0.2 s, in 3 tries" },
  });
  expect(starts()).toBe(3);
  expect(await flowOf("echo the password is x; exit 7").start(never)).toEqual({
    ok: false,
    error: { kind: "infrastructure", message: "codex login --device-auth ended (exit code 7) before it showed an address and a code" },
  });
  expect(starts()).toBe(6);
});

test("a second try may succeed", async () => {
  const codex = flowOf(`test $(wc -l < ${started()}) -gt 1 || exit 1; printf '${address} Q7RT-4KXWZ \\n'; sleep 300`);
  expect(await codex.start(never)).toMatchObject({ ok: true, value: shown });
  expect(starts()).toBe(2);
});

test.each([
  ["addresses", `printf '${address} Q7RT-4KXWZ \\n'; sleep 0.05; printf 'https://chatgpt.com/device \\n'; sleep 300`],
  ["codes", `printf '${address} Q7RT-4KXWZ \\n AAAA-BBBB \\n'; sleep 300`],
])("two %s are refused at once, and the command is ended", async (what, script) => {
  expect(await flowOf(script).start(never)).toMatchObject({
    ok: false,
    error: { kind: "refused", message: expect.stringContaining(`two different ${what}`) },
  });
  expect([starts(), flow?.status().state]).toEqual([1, "none"]);
});

test("another vendor's page is none, however long one waits", async () => {
  const codex = flowOf("printf 'https://auth.openai.com.evil.example/codex/device Q7RT-4KXWZ \\n'; sleep 300", 300);
  expect(await codex.start(never)).toMatchObject({ ok: false, error: { kind: "infrastructure" } });
});

test("a command that is not there is named", async () => {
  const codex = flowOf("true");
  rmSync(join(dir, "codex"));
  expect(await codex.start(never)).toMatchObject({ ok: false });
});
