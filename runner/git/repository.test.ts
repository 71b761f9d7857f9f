import { execFileSync, spawn } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { detectIsolation, agentEnvironment } from "../isolation.ts";
import { placeOf, type RunPlace } from "../run-place.ts";
import { startGitServer, type GitServer } from "../testing/git-server.ts";
import { openRepository, type Remote, type Repository } from "./repository.ts";
import { prepareWorktree, type Worktree } from "./worktree.ts";

const credential = { username: "x-access-token", password: "git-secret-for-tests" };
const folder = mkdtempSync(join(tmpdir(), "repository-"));
chmodSync(folder, 0o711);
const isolation = detectIsolation({ stateFolder: folder, readable: [] });
let server: GitServer;
let repository: Repository;
let issue = 0;

beforeAll(async () => {
  server = await startGitServer(credential, { "README.md": "# Todo\n", ".github/workflows/ci.yml": "on: push\n" });
  const clones = join(folder, "repositories");
  mkdirSync(clones, { mode: 0o700 });
  repository = await openRepository(clones, { owner: "acme", name: "todo" });
});
afterAll(() => server.stop());

interface Work {
  readonly remote: Remote;
  readonly place: RunPlace;
  readonly worktree: Worktree;
  /** Runs a shell command as the agent would. */
  shell(script: string): string;
  push(options?: { allowWorkflowChanges?: boolean; password?: string }): ReturnType<Repository["push"]>;
}

async function begin(branch = `mesh/${++issue}.1`): Promise<Work> {
  const remote = { cloneUrl: server.cloneUrl, baseBranch: "main", branch };
  const place = placeOf(folder, { project: "acme/todo", branch } as Parameters<typeof placeOf>[1]);
  if (place === undefined) throw new Error("no place");
  expect(await repository.fetch(remote, credential)).toEqual({ ok: true, value: undefined });
  const worktree = await prepareWorktree(repository, remote, place, isolation);
  if (!worktree.ok) throw new Error(worktree.error.message);
  return {
    remote,
    place,
    worktree: worktree.value,
    shell(script) {
      const { command, args } = isolation.wrap(place, "sh", ["-ec", script]);
      return execFileSync(command, [...args], {
        cwd: place.tree,
        env: agentEnvironment(place, {}),
        encoding: "utf8",
        stdio: ["ignore", "pipe", "pipe"],
      });
    },
    push: ({ allowWorkflowChanges = false, password = credential.password } = {}) =>
      repository.push(place, remote, { credential: { ...credential, password }, isolation, allowWorkflowChanges }),
  };
}

/** A file of /proc of every process. */
function processes(file = "status"): string[] {
  return readdirSync("/proc").flatMap((name) => {
    try {
      return /^\d+$/.test(name) ? [readFileSync(`/proc/${name}/${file}`, "latin1")] : [];
    } catch {
      return []; // it has ended
    }
  });
}

test("commits of the worktree are pushed to the run's branch, and only once they exist", async () => {
  const { shell, push, remote, worktree } = await begin();
  expect(await push()).toMatchObject({ ok: true, value: { commits: 0 } });
  shell("echo work > a.txt; git add .; git commit -qm 'Do a'; echo more > b.txt; git add .; git commit -qm 'Do b'; echo dirty > c.txt");
  const pushed = await push();
  expect(pushed).toEqual({ ok: true, value: { sha: await worktree.head(), commits: 2 } });
  expect(server.git("rev-parse", remote.branch)).toBe(pushed.ok && pushed.value.sha);
  expect(await worktree.status()).toBe("?? c.txt\n");
});

test("a worktree has no remote and nothing that would let the agent push", async () => {
  const { shell, remote, worktree } = await begin();
  expect(shell("git remote; git config --get-regexp 'credential|url|remote' || true").trim()).toBe("");
  shell("git commit -q --allow-empty -m work");
  const pushed = await worktree.git(["push", remote.cloneUrl, "HEAD:refs/heads/main"]);
  expect(!pushed.ok && pushed.error.message).toMatch(/could not read Username/);
});

test("the credential is nowhere on disk nor in arguments", async () => {
  const { shell, push } = await begin();
  shell("git commit -q --allow-empty -m work");
  const seen: string[] = [];
  const watcher = setInterval(() => {
    seen.push(...processes("cmdline"));
  }, 5);
  await push();
  clearInterval(watcher);
  expect(seen.some((line) => line.includes("push"))).toBe(true);
  expect(seen.filter((line) => line.includes(credential.password))).toEqual([]);
  expect(() => execFileSync("grep", ["-r", "-l", credential.password, folder])).toThrow();
});

test("a wrong credential is told apart, without showing it", async () => {
  const { shell, push } = await begin();
  shell("git commit -q --allow-empty -m work");
  const refused = await push({ password: "not-the-password" });
  expect(refused).toMatchObject({ ok: false, error: { kind: "authentication" } });
  expect(JSON.stringify(refused)).not.toContain("not-the-password");
});

test("changes of workflows are refused unless the project allows them", async () => {
  const { shell, push, remote } = await begin();
  shell("echo 'on: [push, pull_request]' > .github/workflows/ci.yml; git commit -qam 'Change workflow'");
  const refused = await push();
  expect(refused).toMatchObject({ ok: false, error: { kind: "refused" } });
  expect(!refused.ok && refused.error.message).toContain(".github/workflows/ci.yml");
  expect(server.git("branch", "--list", remote.branch)).toBe("");
  expect(await push({ allowWorkflowChanges: true })).toMatchObject({ ok: true, value: { commits: 1 } });
});

test("workflow changes that came with the merged base are not the run's", async () => {
  const { shell, push, remote } = await begin();
  shell("echo x > x.txt; git add .; git commit -qm work");
  server.commit("main", { ".github/workflows/new.yml": "on: push\n" });
  const again = await begin(remote.branch);
  again.shell("git merge -q --no-edit base");
  expect(await push()).toMatchObject({ ok: true, value: { commits: 2 } });
});

test("rewritten history replaces what the run itself pushed, never commits of others", async () => {
  const { shell, push, remote } = await begin();
  shell("echo 1 > one.txt; git add .; git commit -qm one");
  await push();
  shell("echo 2 > one.txt; git commit -q --amend -am two");
  const replaced = await push();
  expect(replaced).toMatchObject({ ok: true, value: { commits: 1 } });
  const theirs = server.commit(remote.branch, { "theirs.txt": "by a person\n" });
  shell("echo 3 > one.txt; git commit -q --amend -am three");
  expect((await push()).ok).toBe(false);
  const again = await begin(remote.branch);
  expect(await push()).toMatchObject({ ok: false, error: { kind: "work" } });
  expect(server.git("rev-parse", remote.branch)).toBe(theirs);
  again.shell(`git reset -q --hard origin/${remote.branch}; echo 4 > four.txt; git add .; git commit -qm four`);
  expect(await push()).toMatchObject({ ok: true });
});

test("a lost worktree is made again from the pushed branch", async () => {
  const first = await begin();
  first.shell("echo kept > kept.txt; git add .; git commit -qm work");
  await first.push();
  execFileSync("rm", ["-rf", first.place.root]);
  const again = await begin(first.remote.branch);
  expect(again.shell("cat kept.txt; git branch --show-current")).toBe(`kept\n${first.remote.branch}\n`);
});

test("an existing worktree keeps its files and learns the new base", async () => {
  const first = await begin();
  first.shell("echo mine > mine.txt");
  const base = server.commit("main", { "news.txt": "new\n" });
  const again = await begin(first.remote.branch);
  expect(again.shell("cat mine.txt; git rev-parse origin/main")).toBe(`mine\n${base}\n`);
});

test("hooks and configuration in the worktree do not run as the runner", async () => {
  const { shell, push, place } = await begin();
  const trap = `sh -c 'id -u >> ${place.tmp}/ran'`;
  shell(`git config uploadpack.packObjectsHook "${trap}"; git config core.fsmonitor "${trap}"; git config core.pager "${trap}"
    for hook in post-checkout pre-push reference-transaction pre-commit; do printf '#!/bin/sh\\nid -u >> ${place.tmp}/ran\\n' > .git/hooks/$hook; chmod +x .git/hooks/$hook; done
    echo a > a.txt; git add .; git commit -qm work`);
  expect(await push()).toMatchObject({ ok: true, value: { commits: 1 } });
  const ran = readFileSync(join(place.tmp, "ran"), "utf8").trim().split("\n");
  if (isolation.kind === "user") expect(new Set(ran)).toEqual(new Set([String(place.uid)]));
});

test("other URLs than https and this machine are refused", async () => {
  for (const cloneUrl of [
    "http://example.test/a.git",
    "ssh://git@example.test/a.git",
    "file:///etc",
    "https://user:pass@example.test/a.git",
    "ext::sh",
  ]) {
    const remote = { cloneUrl, baseBranch: "main", branch: "mesh/1.1" };
    expect(await repository.fetch(remote, credential), cloneUrl).toMatchObject({ ok: false, error: { kind: "configuration" } });
  }
});

test.runIf(isolation.kind === "user")(
  "the agent's user reads neither the runner's environment nor its folders nor another run's",
  async () => {
    const one = await begin();
    const two = await begin();
    const secretive = spawn("sleep", ["60"], { env: { MESH_AGENT_TOKEN: "runner-secret" } });
    try {
      const attempt = (script: string) => one.shell(`(${script}) 2>&1 || true`);
      expect(attempt(`cat /proc/${process.pid}/environ`)).toMatch(/Permission denied/);
      expect(attempt(`cat /proc/${secretive.pid}/environ`)).toMatch(/Permission denied/);
      expect(attempt(`ls ${join(folder, "repositories")}`)).toMatch(/Permission denied|No such file/);
      expect(attempt(`cat ${two.place.tree}/README.md`)).toMatch(/Permission denied|No such file/);
      expect(attempt(`kill -9 ${secretive.pid}`)).toMatch(/not permitted/);
      expect(attempt("id -u; id -G").trim().split("\n")).toEqual([String(one.place.uid), String(one.place.uid)]);
      expect(attempt("env")).not.toMatch(/SECRET|TOKEN|VITEST/);
      expect(statSync(one.place.tree).uid).toBe(one.place.uid);
    } finally {
      secretive.kill("SIGKILL");
    }
  },
);

test.runIf(isolation.kind === "user")("nothing that an agent started is left running", async () => {
  const { place, shell } = await begin();
  shell("setsid sleep 300 >/dev/null 2>&1 & echo started");
  const alive = () => processes().filter((status) => status.includes(`\nUid:\t${place.uid}\t`) && !status.includes("\nState:\tZ")).length;
  expect(alive()).toBe(1);
  await isolation.endAll(place);
  await expect.poll(alive).toBe(0);
});
