import { execFile, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, expect, test } from "vitest";
import { demoRepositories } from "../issues.ts";
import { writeFiles } from "./write-files.ts";

const run = promisify(execFile);
const folders: string[] = [];
const folder = () => {
  const made = mkdtempSync(join(tmpdir(), "demo-repository-"));
  folders.push(made);
  return made;
};
afterAll(() => {
  for (const made of folders) rmSync(made, { recursive: true, force: true });
});

const git = async (cwd: string, ...args: string[]) =>
  (await run("git", ["-c", "user.name=Demo", "-c", "user.email=demo@localhost", ...args], { cwd })).stdout;

test.each(demoRepositories.map((repository) => [`${repository.owner}/${repository.name}`, repository] as const))(
  "the tests of %s pass on main",
  async (_name, repository) => {
    const cwd = folder();
    await writeFiles(cwd, repository.files);
    const { NODE_TEST_CONTEXT: _unset, ...env } = process.env;
    const { stdout } = await run("npm", ["test"], { cwd, env });
    expect(stdout).toMatch(/^# fail 0$/m);
    expect(stdout).not.toMatch(/^# pass 0$/m);
  },
);

test("the escape script reports what works, names no value, and leaves git clean", async () => {
  const cwd = folder();
  const remote = folder();
  await git(remote, "init", "--bare", "--quiet");
  await writeFiles(cwd, demoRepositories[0]?.files ?? {});
  await git(cwd, "init", "--quiet", "-b", "main");
  await git(cwd, "add", "-A");
  await git(cwd, "commit", "--quiet", "-m", "Begin");
  await git(cwd, "remote", "add", "origin", remote);
  const open = spawnSync("sh", ["scripts/try-escape.sh"], {
    cwd,
    env: { ...process.env, GITHUB_TOKEN: "ghs_verysecret" },
    encoding: "utf8",
  });
  expect(open.stdout).toContain("ESCAPE: own environment holds GITHUB_TOKEN\n");
  expect(open.stdout).toContain("ESCAPE: git push to origin worked\n");
  expect(open.stdout).not.toContain("verysecret");

  await git(cwd, "remote", "set-url", "origin", "http://127.0.0.1:1/none.git");
  await git(cwd, "config", "http.extraheader", "Authorization: Basic eDp5");
  const closed = spawnSync("sh", ["scripts/try-escape.sh"], { cwd, env: { PATH: process.env.PATH, HOME: cwd }, encoding: "utf8" });
  expect(closed.status).toBe(0);
  expect(closed.stdout).toContain("ESCAPE: git configuration holds an authorization header\n");
  expect(closed.stdout).not.toMatch(/own environment|git push/);
  expect(closed.stdout).toMatch(/CHECKED: \d+\n$/);
  expect(await readFile(join(cwd, "escape-report.txt"), "utf8")).toBe(closed.stdout);
  expect(await git(cwd, "status", "--porcelain")).toBe("");
});
