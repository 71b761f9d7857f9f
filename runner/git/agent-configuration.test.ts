import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { agentEnvironment, detectIsolation } from "../isolation.ts";
import { placeOf } from "../run-place.ts";
import { startGitServer, type GitServer } from "../testing/git-server.ts";
import { putBaseConfiguration, takeBaseConfiguration } from "./agent-configuration.ts";
import { openRepository, type Repository } from "./repository.ts";
import { prepareWorktree } from "./worktree.ts";

const credential = { username: "x-access-token", password: "git-secret-for-tests" };
const folder = mkdtempSync(join(tmpdir(), "configuration-"));
const isolation = detectIsolation({ stateFolder: folder, readable: [] });
let server: GitServer;
let repository: Repository;

beforeAll(async () => {
  chmodSync(folder, 0o711);
  server = await startGitServer(credential, {
    "README.md": "# Todo\n",
    "AGENTS.md": "base\n",
    "GEMINI.md": "base\n",
    "lib/AGENTS.md": "base\n",
    "a b[c].txt": "x\n",
    ".claude/settings.json": "{}\n",
    ".mcp.json": "{}\n",
    ".gitignore": "node_modules\n*.local.json\n",
  });
  mkdirSync(join(folder, "repositories"), { mode: 0o700 });
  repository = await openRepository(join(folder, "repositories"), { owner: "acme", name: "todo" });
});
afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function begin(branch: string) {
  const remote = { cloneUrl: server.cloneUrl, baseBranch: "main", branch };
  const place = placeOf(folder, { project: "acme/todo", branch } as Parameters<typeof placeOf>[1]);
  if (place === undefined) throw new Error("no place");
  await repository.fetch(remote, credential);
  const worktree = await prepareWorktree(repository, remote, place, isolation);
  if (!worktree.ok) throw new Error(worktree.error.message);
  const shell = (script: string) => {
    const { command, args } = isolation.wrap(place, "sh", ["-ec", script]);
    return execFileSync(command, [...args], { cwd: place.tree, env: agentEnvironment(place, {}), encoding: "utf8" });
  };
  return { place, remote, worktree: worktree.value, shell };
}

/** A branch that takes over its next agent: changed, new and deleted files, committed, left behind and ignored. */
const takeover = `echo hostile > AGENTS.md; echo hostile > lib/AGENTS.md; echo '{"hooks":1}' > .claude/settings.json; mkdir -p .codex .opencode deep/.cursor
  echo hostile > .codex/config.toml; ln -s ../README.md .opencode/agent.md; echo hostile > deep/.cursor/rules; git rm -q GEMINI.md .mcp.json; echo work > work.txt
  git add -A; git commit -qm work
  echo left > CLAUDE.md; echo left > .claude/settings.local.json; echo more >> AGENTS.md; mkdir -p node_modules/p; echo theirs > node_modules/p/AGENTS.md`;

test("while an agent works its configuration is the base's, and no commit, diff or status has the change", async () => {
  const { worktree, shell, place, remote } = await begin("mesh/1.1");
  shell(takeover);
  const committed = shell("git rev-parse HEAD^{tree}");
  expect(await putBaseConfiguration(worktree, "main")).toEqual({ ok: true, value: undefined });
  expect(shell("cat AGENTS.md lib/AGENTS.md GEMINI.md .claude/settings.json .mcp.json")).toBe("base\nbase\nbase\n{}\n{}\n");
  expect(
    shell(
      "ls -A . .claude lib; test ! -e .codex/config.toml; test ! -L .opencode/agent.md; test ! -e deep/.cursor/rules; cat node_modules/p/AGENTS.md",
    ),
  ).not.toMatch(/CLAUDE\.md|local\.json/);
  expect([await worktree.status(), shell("git diff HEAD; git diff --cached")]).toEqual(["", ""]);

  shell("echo more > more.txt; git add -A; git commit -qam more; git rm -q --cached more.txt; git commit -qm less");
  expect(shell("git rev-parse HEAD^{tree}")).toBe(committed);
  // The runner ends in the middle of it: the next preparation takes it away.
  const again = await prepareWorktree(repository, remote, place, isolation);
  expect(again.ok).toBe(true);
  expect(shell("cat AGENTS.md .codex/config.toml; git status --porcelain; ls GEMINI.md .mcp.json 2>&1 | grep -c 'No such file'")).toBe(
    "hostile\nhostile\n?? more.txt\n2\n",
  );
});

test("a second time it is put again, and taken away without a trace", async () => {
  const { worktree, shell } = await begin("mesh/1.1");
  expect(await putBaseConfiguration(worktree, "main")).toMatchObject({ ok: true });
  expect(shell("cat AGENTS.md GEMINI.md")).toBe("base\nbase\n");
  expect(await takeBaseConfiguration(worktree)).toMatchObject({ ok: true });
  expect(
    shell("cat AGENTS.md; git status --porcelain; git ls-files -v | grep -c '^S' || true; grep -c mesh-six .git/info/exclude || true"),
  ).toBe("hostile\n?? more.txt\n0\n0\n");
});

test("what is the base's already can be changed and committed", async () => {
  const { worktree, shell } = await begin("mesh/2.1");
  expect(await putBaseConfiguration(worktree, "main")).toMatchObject({ ok: true });
  shell("echo better > AGENTS.md; git add -A; git commit -qm 'Say it better'");
  expect(shell("git show HEAD:AGENTS.md")).toBe("better\n");
});
