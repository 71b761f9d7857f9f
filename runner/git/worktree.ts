import { chownSync, chmodSync, existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { ok, refused, type Result } from "../../core/result.ts";
import { agentEnvironment, type Isolation } from "../isolation.ts";
import type { RunPlace } from "../run-place.ts";
import { takeBaseConfiguration } from "./agent-configuration.ts";
import type { Remote, Repository, WorkFailure } from "./repository.ts";
import { collect, type GitFailure } from "./run-git.ts";

/**
 * A run's worktree: a repository of its own, without remotes, made and read only as the agent's user, since its configuration and hooks are the
 * agent's to write. It knows the newest base as `base` and `origin/<base>` and, once pushed, the run's branch as `origin/<branch>`.
 */
export interface Worktree {
  readonly place: RunPlace;
  git(args: readonly string[]): Promise<Result<string, GitFailure>>;
  /** Any other program, in it and as its user. */
  run(command: string, args: readonly string[]): Promise<Result<string, GitFailure>>;
  head(): Promise<string | undefined>;
  /** `git status --porcelain`; empty when nothing is uncommitted. */
  status(): Promise<string>;
  /** Throws away everything since `sha`, ignored files excepted. */
  restore(sha: string): Promise<void>;
}

export function openWorktree(place: RunPlace, isolation: Isolation): Worktree {
  const run = (program: string, args: readonly string[]) => {
    const { command, args: wrapped } = isolation.wrap(place, program, args);
    return collect(command, wrapped, { cwd: place.tree, env: agentEnvironment(place, {}), timeoutMs: 600_000 });
  };
  const git = (args: readonly string[]) => run("git", args);
  return {
    place,
    git,
    run,
    async head() {
      const found = await git(["rev-parse", "--verify", "--quiet", "HEAD^{commit}"]);
      return found.ok ? found.value.trim() : undefined;
    },
    async status() {
      const found = await git(["status", "--porcelain"]);
      return found.ok ? found.value : "";
    },
    async restore(sha) {
      await git(["reset", "--quiet", "--hard", sha]);
      await git(["clean", "--quiet", "-fd"]);
    },
  };
}

/**
 * Makes the worktree when there is none (from the run's branch when the remote has it, else from the base) and gives it the newest base and branch.
 * An existing one keeps its files and commits.
 */
export async function prepareWorktree(
  repository: Repository,
  remote: Remote,
  place: RunPlace,
  isolation: Isolation,
): Promise<Result<Worktree, WorkFailure>> {
  isolation.prepare(place);
  const worktree = openWorktree(place, isolation);
  const exists = existsSync(join(place.tree, ".git")) && (await worktree.head()) !== undefined;
  if (exists) {
    const taken = await takeBaseConfiguration(worktree);
    if (!taken.ok) return failed(taken.error);
  } else {
    rmSync(place.tree, { recursive: true, force: true });
    isolation.prepare(place);
    const made = await worktree.git(["init", "--quiet", `--initial-branch=${remote.branch}`, "."]);
    if (!made.ok) return failed(made.error);
  }
  const branches: string[] = [];
  const known: string[] = [];
  for (const branch of [remote.baseBranch, remote.branch]) {
    const sha = await repository.shaOf(branch);
    if (sha === undefined) continue;
    const has = await worktree.git(["rev-parse", "--verify", "--quiet", `refs/remotes/origin/${branch}`]);
    if (!has.ok || has.value.trim() !== sha) branches.push(branch);
    if (has.ok) known.push(has.value.trim());
  }
  if (branches.length > 0) {
    const bundle = join(place.root, "from-remote.bundle");
    // A clone that no longer has the known commits, or whose base went back, needs the whole.
    let made = known.length > 0 ? await repository.bundle(bundle, branches, known) : undefined;
    if (made?.ok !== true) made = await repository.bundle(bundle, branches, []);
    if (!made.ok) return made;
    if (isolation.kind === "user") chownSync(bundle, place.uid, place.uid);
    else chmodSync(bundle, 0o600);
    const refspecs = branches.map((branch) => `+refs/remotes/origin/${branch}:refs/remotes/origin/${branch}`);
    const fetched = await worktree.git(["fetch", "--quiet", "--no-tags", "--no-write-fetch-head", bundle, ...refspecs]);
    rmSync(bundle, { force: true });
    if (!fetched.ok) return failed(fetched.error);
  }
  // A short name for the newest base, whatever it is called.
  await worktree.git(["update-ref", "refs/heads/base", `refs/remotes/origin/${remote.baseBranch}`]);
  if (!exists) {
    const from = (await repository.shaOf(remote.branch)) === undefined ? remote.baseBranch : remote.branch;
    const checkedOut = await worktree.git(["reset", "--quiet", "--hard", `refs/remotes/origin/${from}`]);
    if (!checkedOut.ok) return failed(checkedOut.error);
  }
  return ok(worktree);
}

function failed(error: GitFailure): Result<never, WorkFailure> {
  return refused({ kind: "infrastructure", message: `the worktree could not be made: ${error.message}` });
}
