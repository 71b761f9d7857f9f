import { ok, type Result } from "../../core/result.ts";
import type { GitFailure } from "./run-git.ts";
import type { Worktree } from "./worktree.ts";

/** What coding agents take instructions, settings, commands, servers and hooks from by themselves, in any folder of a repository. */
const files =
  "CLAUDE.md CLAUDE.local.md AGENTS.md AGENTS.override.md AGENT.md GEMINI.md QWEN.md CONVENTIONS.md .mcp.json mcp.json opencode.json opencode.jsonc .cursorrules .windsurfrules .clinerules .goosehints .aider.conf.yml .crush.json crush.json";
const folders =
  ".claude .gemini .codex .opencode .cursor .windsurf .clinerules .roo .qwen .kiro .junie .continue .amp .agents .augment .goose .crush";
const specs = [
  ...files.split(" ").map((name) => `:(glob)**/${name}`),
  ...folders.split(" ").flatMap((name) => [`:(glob)**/${name}`, `:(glob)**/${name}/**`]),
  ":(glob).github/copilot-instructions.md",
  ":(glob).github/instructions/**",
  ":(glob).vscode/mcp.json",
  // Packages bring theirs, and agents do not look there.
  ":(exclude,glob)**/node_modules/**",
];
const mark = "# mesh-six: the base's configuration of agents";

/**
 * Puts the base branch's configuration of agents into the worktree, so that no commit of the run (nor a file that one of its steps has left) instructs
 * the next agent. Git does not see it: neither status, diff nor a commit has the change (`git update-index --skip-worktree`). Files that are the base's
 * already stay as they are, and can be changed.
 */
export async function putBaseConfiguration(worktree: Worktree, baseBranch: string): Promise<Result<undefined, GitFailure>> {
  const base = `refs/remotes/origin/${baseBranch}`;
  const cleaned = await worktree.git(["clean", "--quiet", "-ffdx", "--", ...specs]);
  if (!cleaned.ok) return cleaned;
  const changed = await names(worktree, ["diff", "--no-ext-diff", "--no-renames", "--name-only", "-z", base, "--", ...specs]);
  if (!changed.ok) return changed;
  if (changed.value.length === 0) return ok(undefined);
  const inBase = await names(worktree, ["ls-tree", "-r", "--name-only", "-z", base, "--", ...changed.value]);
  if (!inBase.ok) return inBase;
  const tracked = await names(worktree, ["--literal-pathspecs", "ls-files", "-z", "--", ...changed.value]);
  if (!tracked.ok) return tracked;
  const strange = changed.value.filter((path) => !inBase.value.includes(path));
  const onlyInBase = inBase.value.filter((path) => !tracked.value.includes(path));
  return inTurn([
    () => whereAny(strange, (paths) => worktree.run("rm", ["-rf", "--", ...paths])),
    () =>
      whereAny(inBase.value, (paths) => worktree.git(["--literal-pathspecs", "restore", `--source=${base}`, "--worktree", "--", ...paths])),
    () => whereAny(tracked.value, (paths) => worktree.git(["update-index", "--skip-worktree", "--", ...paths])),
    () =>
      whereAny(onlyInBase.map(excluded), (lines) =>
        worktree.run("sh", ["-c", `mkdir -p .git/info && printf '%s\\n' "$@" >> .git/info/exclude`, "sh", mark, ...lines]),
      ),
  ]);
}

/** Takes it away again: the worktree has what is committed. Nothing is done where nothing was put. */
export async function takeBaseConfiguration(worktree: Worktree): Promise<Result<undefined, GitFailure>> {
  const listed = await names(worktree, ["ls-files", "-v", "-z", "--", ...specs]);
  if (!listed.ok) return listed;
  const hidden = listed.value.filter((line) => /^[Ss] /.test(line)).map((line) => line.slice(2));
  const isMarked = (await worktree.run("grep", ["-qsxF", mark, ".git/info/exclude"])).ok;
  return inTurn([
    () => whereAny(hidden, (paths) => worktree.git(["update-index", "--no-skip-worktree", "--", ...paths])),
    () => whereAny(hidden, (paths) => worktree.git(["--literal-pathspecs", "restore", "--worktree", "--", ...paths])),
    () => whereAny(isMarked ? specs : [], (paths) => worktree.git(["clean", "--quiet", "-ffdX", "--", ...paths])),
    () => whereAny(isMarked ? [mark] : [], ([line = ""]) => worktree.run("sed", ["-i", `/^${line}$/,$d`, ".git/info/exclude"])),
  ]);
}

async function names(worktree: Worktree, args: readonly string[]): Promise<Result<string[], GitFailure>> {
  const listed = await worktree.git(args);
  return listed.ok ? ok(listed.value.split("\0").filter((name) => name !== "")) : listed;
}

type Done = Promise<Result<unknown, GitFailure>>;

async function inTurn(steps: readonly (() => Done)[]): Promise<Result<undefined, GitFailure>> {
  for (const step of steps) {
    const done = await step();
    if (!done.ok) return done;
  }
  return ok(undefined);
}

async function whereAny(words: readonly string[], act: (words: readonly string[]) => Done): Done {
  return words.length === 0 ? ok(undefined) : act(words);
}

/** One path as a line of an exclude file. */
function excluded(path: string): string {
  return `/${path.replaceAll(/[\\*?[\]!# ]/g, String.raw`\$&`)}`;
}
