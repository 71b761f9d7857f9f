import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { demoRepositories } from "../demo/issues.ts";
import { writeFiles } from "../demo/repositories/write-files.ts";
import { type App, startApp } from "./start-app.ts";

const folder = mkdtempSync(join(tmpdir(), "app-"));
const gitDir = join(folder, "origin.git");
const cwd = join(folder, "work");
const git = (...args: string[]) =>
  execFileSync("git", ["-c", "user.name=Demo", "-c", "user.email=demo@localhost", ...args], { cwd, encoding: "utf8" }).trim();
function pushed(path: string, text: string): string {
  writeFileSync(join(cwd, path), text);
  git("add", "-A");
  git("commit", "--quiet", "-m", `Change ${path}`);
  git("push", "--quiet", gitDir, "HEAD:main");
  return git("rev-parse", "HEAD");
}
const json = async (url: string) => {
  const response = await fetch(url);
  return [response.status, await response.json()];
};
const lives = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

let app: App;
beforeAll(async () => {
  await writeFiles(cwd, demoRepositories[0]?.files ?? {});
  execFileSync("git", ["init", "--bare", "--quiet", gitDir]);
  git("init", "--quiet", "-b", "main");
  app = await startApp({ gitDir, pollMs: 20 });
});
afterAll(async () => {
  await app.close();
  rmSync(folder, { recursive: true, force: true });
});

test("a branch's life: nothing yet, a release, a newer one, one that does not start, and the end", async () => {
  expect(await json(app.healthUrl)).toEqual([503, { status: "not deployed" }]);

  const first = pushed("CHANGES.md", "one");
  await app.released(first);
  expect(await json(app.healthUrl)).toEqual([200, { status: "ok", commit: first }]);
  expect(await json(app.readyUrl)).toEqual([200, { status: "ready" }]);
  const firstPid = app.pid ?? 0;

  const second = pushed("CHANGES.md", "two");
  await app.released(second);
  expect(await json(app.healthUrl)).toEqual([200, { status: "ok", commit: second }]);
  expect([lives(firstPid), lives(app.pid ?? 0)]).toEqual([false, true]);

  const created = await fetch(`${app.url}/todos?x=1`, { method: "POST", body: JSON.stringify({ title: "milk" }) });
  expect([created.status, ((await created.json()) as { title: string }).title]).toEqual([201, "milk"]);

  const broken = pushed("src/todos.js", "this is not JavaScript");
  await expect(app.released(broken)).rejects.toThrow("SyntaxError");
  expect(await json(app.healthUrl)).toEqual([200, { status: "ok", commit: second }]);
  expect((await json(`${app.url}/__state`))[1]).toMatchObject({ commit: second, failures: [{ commit: broken }] });

  app.setDown(true);
  expect((await fetch(app.healthUrl)).status).toBe(503);
  app.setDown(false);
  await fetch(`${app.url}/__faults`, { method: "POST", body: JSON.stringify({ status: 500, path: "/healthz", times: 1 }) });
  expect((await fetch(app.healthUrl)).status).toBe(500);
  expect((await fetch(app.healthUrl)).status).toBe(200);

  const lastPid = app.pid ?? 0;
  await app.close();
  expect(lives(lastPid)).toBe(false);
  await expect(fetch(app.healthUrl)).rejects.toThrow("fetch failed");
});

test("a repository that is none is refused at the start", async () => {
  await expect(startApp({ gitDir: join(folder, "nowhere.git") })).rejects.toThrow("not a git repository");
});
