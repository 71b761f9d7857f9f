import { spawn } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

export interface Commit {
  sha: string;
  tree: string;
  parents: string[];
  message: string;
  author: { name: string; email: string; date: string };
}

export interface ChangedFile {
  filename: string;
  status: "added" | "modified" | "removed";
  additions: number;
  deletions: number;
}

export const NO_COMMIT = "0".repeat(40);

/** Refuses the refs and paths named in the environment by the server that started git; see `git-http.ts`. */
const UPDATE_HOOK = `#!/bin/sh
refuse() { echo "$1" >&2; exit 1; }
set -f
for pattern in $FENCED_REFS; do
  case "$1" in $pattern) refuse "error: GH006: Protected branch update failed for $1." ;; esac
done
if [ -n "$WORKFLOWS_REFUSED" ] && [ "$3" != "${NO_COMMIT}" ]; then
  touched=$(git rev-list --max-count=1 "$3" --not --all -- .github/workflows)
  [ -z "$touched" ] || refuse "refusing to allow the token to create or update a workflow without \\\`workflows\\\` permission"
fi
exit 0
`;

/** The environment git runs in: nothing of the machine's or the user's configuration. */
export function gitEnvironment(): Record<string, string> {
  return {
    PATH: process.env.PATH ?? "",
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_TERMINAL_PROMPT: "0",
    LC_ALL: "C.UTF-8",
  };
}

interface Finished {
  code: number;
  stdout: string;
  stderr: string;
}

function run(dir: string, args: string[], options: { input?: string; env?: Record<string, string> } = {}): Promise<Finished> {
  return new Promise((resolve, reject) => {
    const child = spawn("git", args, { cwd: dir, env: { ...gitEnvironment(), ...options.env } });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => out.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => err.push(chunk));
    child.on("error", reject);
    child.on("close", (code) =>
      resolve({ code: code ?? 1, stdout: Buffer.concat(out).toString("utf8"), stderr: Buffer.concat(err).toString("utf8") }),
    );
    child.stdin.on("error", () => undefined); // git may end before it has read everything; its exit code says why
    child.stdin.end(options.input ?? "");
  });
}

/** Runs git in a repository and gives its output, trimmed. @throws Error with git's own words when it fails. */
export async function git(dir: string, args: string[], options: { input?: string; env?: Record<string, string> } = {}): Promise<string> {
  const { code, stdout, stderr } = await run(dir, args, options);
  if (code !== 0) throw new Error(`git ${args[0]} failed (${code}): ${stderr.trim() || stdout.trim()}`);
  return stdout.trim();
}

export async function createBareRepository(dir: string, defaultBranch: string): Promise<void> {
  await mkdir(dir, { recursive: true });
  await git(dir, ["init", "--quiet", "--bare", `--initial-branch=${defaultBranch}`, "."]);
  await git(dir, ["config", "http.receivepack", "true"]);
  await git(dir, ["config", "gc.auto", "0"]);
  await writeFile(join(dir, "hooks", "update"), UPDATE_HOOK, { mode: 0o755 });
}

/** One commit on a branch with these files added or replaced; the branch is made when it is not there yet. */
export async function commitFiles(
  dir: string,
  change: { branch: string; from?: string; files: Record<string, string>; message: string; author: string },
): Promise<string> {
  const ref = `refs/heads/${change.branch}`;
  const parent = (await resolveRef(dir, ref)) ?? (change.from ? await resolveRef(dir, change.from) : undefined);
  const who = `${change.author} <${change.author}@users.noreply.github.com> ${Math.floor(Date.now() / 1000)} +0000`;
  const lines = [`commit ${ref}`, `author ${who}`, `committer ${who}`, data(change.message)];
  if (parent) lines.push(`from ${parent}`);
  for (const [path, content] of Object.entries(change.files)) lines.push(`M 100644 inline ${path}`, data(content));
  await git(dir, ["fast-import", "--quiet", "--date-format=raw"], { input: `${lines.join("\n")}\n` });
  return git(dir, ["rev-parse", ref]);
}

function data(text: string): string {
  return `data ${Buffer.byteLength(text)}\n${text}`;
}

/** The commit a branch, tag, full ref or sha names. */
export async function resolveRef(dir: string, ref: string): Promise<string | undefined> {
  if (ref.startsWith("-")) return undefined;
  const { code, stdout } = await run(dir, ["rev-parse", "--verify", "--quiet", `${ref}^{commit}`]);
  return code === 0 ? stdout.trim() : undefined;
}

/** Branches and tags, full name → sha. */
export async function listRefs(dir: string): Promise<Map<string, string>> {
  const lines = await git(dir, ["for-each-ref", "--format=%(refname) %(objectname)", "refs/heads", "refs/tags"]);
  return new Map(
    lines
      .split("\n")
      .filter(Boolean)
      .map((line) => line.split(" ", 2) as [string, string]),
  );
}

export async function updateRef(dir: string, ref: string, sha: string, expected?: string): Promise<void> {
  await git(dir, ["update-ref", ref, sha, ...(expected === undefined ? [] : [expected])]);
}

export async function deleteRef(dir: string, ref: string): Promise<void> {
  await git(dir, ["update-ref", "-d", ref]);
}

export async function isAncestor(dir: string, ancestor: string, descendant: string): Promise<boolean> {
  return (await run(dir, ["merge-base", "--is-ancestor", ancestor, descendant])).code === 0;
}

export async function mergeBase(dir: string, a: string, b: string): Promise<string | undefined> {
  const { code, stdout } = await run(dir, ["merge-base", a, b]);
  return code === 0 ? stdout.trim() : undefined;
}

/** Commits reachable from `to` and not from `from`, oldest first. */
export async function listCommits(dir: string, from: string | undefined, to: string, limit = 250): Promise<Commit[]> {
  const range = from && from !== NO_COMMIT ? [to, `^${from}`] : [to];
  const format = "%H%x1f%T%x1f%P%x1f%an%x1f%ae%x1f%aI%x1f%B%x1e";
  const output = await git(dir, ["log", "--topo-order", `--max-count=${limit}`, `--format=${format}`, ...range, "--"]);
  return output
    .split("\x1e")
    .map((record) => record.trimStart())
    .filter(Boolean)
    .map(parseCommit)
    .reverse();
}

function parseCommit(record: string): Commit {
  const [sha = "", tree = "", parents = "", name = "", email = "", date = "", message = ""] = record.split("\x1f");
  return { sha, tree, parents: parents.split(" ").filter(Boolean), message: message.trimEnd(), author: { name, email, date } };
}

/** What changed between two commits. */
export async function listChangedFiles(dir: string, from: string, to: string): Promise<ChangedFile[]> {
  const numbers = await git(dir, ["diff", "--no-renames", "--numstat", from, to, "--"]);
  const statuses = new Map(
    (await git(dir, ["diff", "--no-renames", "--name-status", from, to, "--"])).split("\n").map((line) => {
      const [letter, path = ""] = line.split("\t", 2);
      return [path, letter === "A" ? "added" : letter === "D" ? "removed" : "modified"] as const;
    }),
  );
  return numbers
    .split("\n")
    .filter(Boolean)
    .map((line) => {
      const [additions = "0", deletions = "0", filename = ""] = line.split("\t", 3);
      return {
        filename,
        status: statuses.get(filename) ?? "modified",
        additions: Number(additions) || 0,
        deletions: Number(deletions) || 0,
      };
    });
}

export async function patchOf(dir: string, from: string, to: string, path: string): Promise<string> {
  const diff = await git(dir, ["diff", "--no-renames", from, to, "--", path]);
  return diff.slice(Math.max(0, diff.indexOf("@@")));
}

/** The tree that merging `head` into `base` gives, or undefined when they conflict. */
export async function mergedTree(dir: string, base: string, head: string): Promise<string | undefined> {
  const { code, stdout, stderr } = await run(dir, ["merge-tree", "--write-tree", base, head]);
  if (code === 0) return stdout.trim();
  if (code === 1) return undefined;
  throw new Error(`git merge-tree failed (${code}): ${stderr.trim()}`);
}

export async function commitTree(
  dir: string,
  commit: { tree: string; parents: string[]; message: string; author: string },
): Promise<string> {
  const name = commit.author;
  const email = `${commit.author}@users.noreply.github.com`;
  const env = { GIT_AUTHOR_NAME: name, GIT_AUTHOR_EMAIL: email, GIT_COMMITTER_NAME: "GitHub", GIT_COMMITTER_EMAIL: "noreply@github.com" };
  return git(dir, ["commit-tree", commit.tree, ...commit.parents.flatMap((parent) => ["-p", parent]), "-F", "-"], {
    input: commit.message,
    env,
  });
}

/** A file's or folder's entry at a commit: `git ls-tree` of the path itself, or of what is in it. */
export async function readContents(
  dir: string,
  commit: string,
  path: string,
): Promise<
  | { type: "file"; sha: string; content: Buffer }
  | { type: "dir"; entries: { name: string; type: "file" | "dir"; sha: string; size: number }[] }
  | undefined
> {
  const { code, stdout } = await run(dir, ["rev-parse", "--verify", "--quiet", `${commit}:${path}`]);
  if (code !== 0) return undefined;
  const sha = stdout.trim();
  if ((await git(dir, ["cat-file", "-t", sha])) === "blob") {
    return { type: "file", sha, content: await readBlob(dir, sha) };
  }
  const entries = (await git(dir, ["ls-tree", "--long", sha]))
    .split("\n")
    .filter(Boolean)
    .map((line) => {
      const [meta = "", name = ""] = line.split("\t", 2);
      const [, type, entrySha = "", size = "0"] = meta.split(/\s+/);
      return { name, type: type === "tree" ? ("dir" as const) : ("file" as const), sha: entrySha, size: Number(size) || 0 };
    });
  return { type: "dir", entries };
}

function readBlob(dir: string, sha: string): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const child = spawn("git", ["cat-file", "blob", sha], { cwd: dir, env: gitEnvironment() });
    const out: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => out.push(chunk));
    child.on("error", reject);
    child.on("close", (code) => (code === 0 ? resolve(Buffer.concat(out)) : reject(new Error(`git cat-file failed (${code})`))));
  });
}
