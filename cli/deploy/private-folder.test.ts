import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { privateFolder } from "./private-folder.ts";

const program = fileURLToPath(new URL("./private-folder.ts", import.meta.url));

// Deployments of other tests sweep the machine's own folder.
const own = mkdtempSync(join(tmpdir(), "mesh-six-private-"));
beforeAll(() => void vi.stubEnv("TMPDIR", own));
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(own, { recursive: true, force: true });
});

/** Another process that makes itself a folder with a secret in it, and waits. */
async function another(): Promise<{ folder: string; end(signal: NodeJS.Signals): Promise<NodeJS.Signals | null> }> {
  const script = `const { privateFolder } = await import(${JSON.stringify(program)}); console.log(privateFolder().path); setInterval(() => {}, 1_000);`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script], { stdio: ["ignore", "pipe", "inherit"] });
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  const folder = line.toString("utf8").trim();
  writeFileSync(join(folder, "secrets.json"), "{}");
  return {
    folder,
    async end(signal) {
      child.kill(signal);
      const [, how] = (await once(child, "close")) as [number | null, NodeJS.Signals | null];
      return how;
    },
  };
}

test("nobody else can look into it, and it is gone when it is removed", () => {
  const folder = privateFolder();
  expect(statSync(folder.path).mode & 0o777).toBe(0o700);
  folder.remove();
  expect(existsSync(folder.path)).toBe(false);
});

test("a process that is told to end takes its folder with it", async () => {
  const { folder, end } = await another();
  expect(await end("SIGTERM")).toBe("SIGTERM");
  expect(existsSync(folder)).toBe(false);
});

test("what a killed process left behind is removed by the next one, and a living one's is not", async () => {
  const [killed, living] = [await another(), await another()];
  await killed.end("SIGKILL");
  expect(existsSync(killed.folder)).toBe(true);
  privateFolder().remove();
  expect([existsSync(killed.folder), existsSync(living.folder)]).toEqual([false, true]);
  await living.end("SIGTERM");
});
