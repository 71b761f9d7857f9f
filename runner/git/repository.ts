import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { ok, refused, type Result } from "../../core/result.ts";
import type { FailureKind } from "../../core/task/state.ts";
import type { Isolation } from "../isolation.ts";
import type { GitCredential } from "../mesh-api.ts";
import type { RunPlace } from "../run-place.ts";
import { runGit, type GitFailure } from "./run-git.ts";

export interface WorkFailure {
  readonly kind: FailureKind;
  readonly message: string;
}

export interface PushedBranch {
  readonly sha: string;
  /** Commits that the base has not. */
  readonly commits: number;
}

export interface Remote {
  readonly cloneUrl: string;
  readonly baseBranch: string;
  readonly branch: string;
}

/**
 * The runner's own bare clone of a repository, out of the agents' reach. Objects come into it from the remote with a short-lived credential, and from
 * worktrees through a pack that git made as the agent's user; only from here is anything pushed.
 */
export interface Repository {
  /** Brings base branch and run branch up to date with the remote. */
  fetch(remote: Remote, credential: GitCredential): Promise<Result<undefined, WorkFailure>>;
  /** What the remote has, as of the last `fetch`. */
  shaOf(branch: string): Promise<string | undefined>;
  /** Writes a bundle of the named branches for a worktree; `known` are commits it has. */
  bundle(path: string, branches: readonly string[], known: readonly string[]): Promise<Result<undefined, WorkFailure>>;
  /** Takes the worktree's HEAD, checks it and pushes it to the run's branch; `commits: 0` means there was nothing to push. */
  push(place: RunPlace, remote: Remote, options: PushOptions): Promise<Result<PushedBranch, WorkFailure>>;
}

export interface PushOptions {
  readonly credential: GitCredential;
  readonly isolation: Isolation;
  readonly allowWorkflowChanges: boolean;
}

/** The clone of one repository below `folder`. `localRemotes` allows file URLs. */
export async function openRepository(
  folder: string,
  repository: { owner: string; name: string },
  localRemotes = false,
): Promise<Repository> {
  const path = join(folder, repository.owner, `${repository.name}.git`);
  if (!existsSync(join(path, "HEAD"))) {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    const made = await runGit(["init", "--quiet", "--bare", path], { cwd: folder });
    if (!made.ok) throw new Error(`git cannot make ${path}: ${made.error.message}`);
  }
  return new BareClone(path, localRemotes);
}

class BareClone implements Repository {
  readonly #path: string;
  readonly #protocols: string;
  readonly #localRemotes: boolean;
  #last: Promise<unknown> = Promise.resolve();

  constructor(path: string, localRemotes: boolean) {
    this.#path = path;
    this.#localRemotes = localRemotes;
    this.#protocols = localRemotes ? "https:http:file" : "https:http";
  }

  fetch(remote: Remote, credential: GitCredential): Promise<Result<undefined, WorkFailure>> {
    return this.#inTurn(() => this.#fetch(remote, credential));
  }

  push(place: RunPlace, remote: Remote, options: PushOptions): Promise<Result<PushedBranch, WorkFailure>> {
    return this.#inTurn(() => this.#push(place, remote, options));
  }

  async #fetch(remote: Remote, credential: GitCredential): Promise<Result<undefined, WorkFailure>> {
    const problem = this.#problemOf(remote.cloneUrl);
    if (problem !== undefined) return refused({ kind: "configuration", message: problem });
    const listed = await this.#git(["ls-remote", "--heads", remote.cloneUrl, remote.baseBranch, remote.branch], {
      credential,
      protocols: this.#protocols,
    });
    if (!listed.ok) return refused(remoteFailure("fetch", listed.error));
    const heads = new Set(listed.value.split("\n").flatMap((line) => line.split("\t")[1]?.slice("refs/heads/".length) ?? []));
    if (!heads.has(remote.baseBranch))
      return refused({ kind: "configuration", message: `the repository has no branch ${remote.baseBranch}` });
    if (!heads.has(remote.branch)) await this.#git(["update-ref", "-d", remoteRef(remote.branch)]);
    const wanted = [remote.baseBranch, remote.branch].filter((branch) => heads.has(branch));
    const refspecs = wanted.map((branch) => `+refs/heads/${branch}:${remoteRef(branch)}`);
    const fetched = await this.#git(["fetch", "--quiet", "--no-tags", "--no-write-fetch-head", remote.cloneUrl, ...refspecs], {
      credential,
      protocols: this.#protocols,
    });
    return fetched.ok ? ok(undefined) : refused(remoteFailure("fetch", fetched.error));
  }

  async shaOf(branch: string): Promise<string | undefined> {
    const found = await this.#git(["rev-parse", "--verify", "--quiet", `${remoteRef(branch)}^{commit}`]);
    return found.ok ? found.value.trim() : undefined;
  }

  async bundle(path: string, branches: readonly string[], known: readonly string[]): Promise<Result<undefined, WorkFailure>> {
    const made = await this.#git(["bundle", "create", "--quiet", path, ...branches.map(remoteRef), ...known.map((sha) => `^${sha}`)]);
    return made.ok ? ok(undefined) : refused({ kind: "infrastructure", message: `git bundle: ${made.error.message}` });
  }

  async #push(place: RunPlace, remote: Remote, options: PushOptions): Promise<Result<PushedBranch, WorkFailure>> {
    const { credential, isolation } = options;
    const taken = `refs/worktrees/${remote.branch}`;
    // upload-pack reads the agent's repository and its configuration, so it runs as the agent.
    const uploadPack = isolation.wrap(place, "git", ["upload-pack"]);
    const quoted = [uploadPack.command, ...uploadPack.args].map((part) => `'${part.replaceAll("'", `'\\''`)}'`).join(" ");
    const fetched = await this.#git(
      ["fetch", "--quiet", "--no-tags", "--no-write-fetch-head", `--upload-pack=${quoted}`, place.tree, `+HEAD:${taken}`],
      {
        protocols: "file",
        env: { HOME: place.home },
      },
    );
    if (!fetched.ok) {
      const kind = isMalformed(fetched.error) ? "work" : "infrastructure";
      return refused({ kind, message: `the commits could not be taken from the worktree: ${fetched.error.message}` });
    }
    const base = remoteRef(remote.baseBranch);
    const sha = (await this.#read(["rev-parse", taken])).trim();
    const commits = Number(await this.#read(["rev-list", "--count", `${base}..${taken}`]));
    if (commits === 0) return ok({ sha, commits });
    if (!options.allowWorkflowChanges) {
      const changed = await this.#git([
        "diff",
        "--name-only",
        "--no-renames",
        "--no-ext-diff",
        `${base}...${taken}`,
        "--",
        ".github/workflows",
      ]);
      if (!changed.ok) return refused({ kind: "refused", message: `the branch has no history in common with ${remote.baseBranch}` });
      const files = changed.value.trim();
      if (files !== "")
        return refused({
          kind: "refused",
          message: `the branch changes workflows, which this project does not allow: ${files.replaceAll("\n", ", ")}`,
        });
    }
    const there = await this.shaOf(remote.branch);
    if (there === sha) return ok({ sha, commits });
    const pushedBefore = await this.#git(["rev-parse", "--verify", "--quiet", pushedRef(remote.branch)]);
    const ours = there === undefined || (pushedBefore.ok && pushedBefore.value.trim() === there);
    const contained = there !== undefined && (await this.#git(["merge-base", "--is-ancestor", there, sha])).ok;
    if (!ours && !contained)
      return refused({
        kind: "work",
        message: `${remote.branch} has commits from elsewhere (${there}) that the worktree does not contain`,
      });
    const lease = `--force-with-lease=refs/heads/${remote.branch}:${there ?? ""}`;
    const pushed = await this.#git(["push", "--quiet", "--no-verify", lease, remote.cloneUrl, `${sha}:refs/heads/${remote.branch}`], {
      credential,
      protocols: this.#protocols,
    });
    if (!pushed.ok) return refused(remoteFailure("push", pushed.error));
    await this.#git(["update-ref", pushedRef(remote.branch), sha]);
    await this.#git(["update-ref", remoteRef(remote.branch), sha]);
    return ok({ sha, commits });
  }

  /** Two runs of one repository must not move its refs at once. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  #git(args: readonly string[], options: { credential?: GitCredential; protocols?: string; env?: Record<string, string> } = {}) {
    return runGit(args, { cwd: this.#path, ...options });
  }

  /** For questions that git can only fail to answer when the clone is broken. */
  async #read(args: readonly string[]): Promise<string> {
    const answer = await this.#git(args);
    if (!answer.ok) throw new Error(`git ${args[0] ?? ""}: ${answer.error.message}`);
    return answer.value;
  }

  #problemOf(cloneUrl: string): string | undefined {
    const url = URL.canParse(cloneUrl) ? new URL(cloneUrl) : undefined;
    if (url === undefined) return "the clone URL is not a URL";
    if (url.username !== "" || url.password !== "") return "the clone URL carries a credential";
    if (url.protocol === "https:" || (url.protocol === "file:" && this.#localRemotes)) return undefined;
    if (url.protocol === "http:" && ["localhost", "127.0.0.1", "[::1]"].includes(url.hostname)) return undefined;
    return `${url.protocol}// is not used for repositories: it would show the credential`;
  }
}

function remoteRef(branch: string): string {
  return `refs/remotes/origin/${branch}`;
}

function pushedRef(branch: string): string {
  return `refs/pushed/${branch}`;
}

/** Git refuses an object by itself (`transfer.fsckObjects`), and would again: https://git-scm.com/docs/git-fsck#_fsck_messages */
function isMalformed({ message }: GitFailure): boolean {
  return /fsck error|error in (?:object|blob|tree|commit|tag) [0-9a-f]/i.test(message);
}

function remoteFailure(action: "fetch" | "push", failure: GitFailure): WorkFailure {
  const message = `git ${action}: ${failure.message}`;
  if (/Authentication failed|could not read Username|error: 40[13]\b|HTTP 40[13]\b|Permission to .* denied/i.test(failure.message)) {
    return { kind: "authentication", message };
  }
  if (
    action === "push" &&
    /protected branch|pre-receive hook declined|remote rejected|refusing to allow|rule violations|GH0\d\d/i.test(failure.message)
  ) {
    return { kind: "refused", message };
  }
  if (/Repository not found|not found: did you/i.test(failure.message) || isMalformed(failure)) return { kind: "configuration", message };
  return { kind: "infrastructure", message };
}
