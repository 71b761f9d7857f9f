import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import type { TrialResult, TrialWork } from "../core/protocol/runner-work.ts";
import { ok, refused, type Result } from "../core/result.ts";
import type { Repository, WorkFailure } from "./git/repository.ts";
import { prepareWorktree } from "./git/worktree.ts";
import type { Isolation } from "./isolation.ts";
import type { GitCredential } from "./mesh-api.ts";
import { projectCommands } from "./project-commands.ts";
import { redactedTail } from "./redact.ts";
import { runCommand } from "./run-command.ts";
import type { RunPlace } from "./run-place.ts";

const tailCharacters = 8_000;

export interface TrialTools {
  readonly isolation: Isolation;
  readonly repository: Repository;
  readonly place: RunPlace;
  readonly environment: Readonly<Record<string, string>>;
  /** Values that no output may carry to the mesh. */
  readonly secrets: readonly string[];
  /** One that can only read. */
  readonly credential: (givenUp: () => boolean) => Promise<Result<GitCredential, WorkFailure>>;
}

/**
 * Tries out whether a repository can be worked on here: a fresh clone, its dependencies, its tests, in one time limit. What the repository or
 * its commands refuse is a result; what the machine or the mesh lack is a failure. Nothing of it stays on the disk.
 */
export async function runTrial(work: TrialWork, tools: TrialTools, signal: AbortSignal): Promise<Result<TrialResult, WorkFailure>> {
  await clear(tools);
  try {
    return await tryOut(work, tools, signal);
  } finally {
    await clear(tools);
  }
}

async function tryOut(work: TrialWork, tools: TrialTools, signal: AbortSignal): Promise<Result<TrialResult, WorkFailure>> {
  const { isolation, repository, place, environment } = tools;
  const begun = Date.now();
  const leftMs = () => Math.max(1, begun + work.timeoutMs - Date.now());
  const known = { installCommand: work.installCommand, testCommand: work.testCommand, head: null as string | null };
  const result = (ended: Pick<TrialResult, "ok" | "step" | "exitCode" | "timedOut">, tail: string) =>
    ok({ ...known, ...ended, durationMs: Date.now() - begun, tail: redactedTail(tail, tools.secrets, tailCharacters) });

  const credential = await tools.credential(() => signal.aborted);
  if (!credential.ok) return credential;
  if (credential.value.cloneUrl !== undefined && credential.value.cloneUrl !== work.cloneUrl) {
    // The credential is for that repository, and would be shown to another host.
    return refused({ kind: "configuration", message: "the task names another clone URL than the project has" });
  }
  const remote = { cloneUrl: work.cloneUrl, baseBranch: work.branch, branch: "mesh/trial" };
  const fetched = await repository.fetch(remote, credential.value);
  if (!fetched.ok && fetched.error.kind === "infrastructure") return fetched;
  const clone = { step: "clone", exitCode: null, timedOut: Date.now() - begun > work.timeoutMs } as const;
  if (!fetched.ok) return result({ ...clone, ok: false, timedOut: false }, fetched.error.message);
  const worktree = await prepareWorktree(repository, remote, place, isolation);
  if (!worktree.ok) return worktree;
  known.head = (await worktree.value.head()) ?? null;
  if (clone.timedOut) return result({ ...clone, ok: false }, "cloning took all of the time");
  const listed = await worktree.value.git(["ls-tree", "--name-only", "-z", "HEAD"]);
  const manifest = await worktree.value.git(["show", "HEAD:package.json"]);
  const found = projectCommands(new Set(listed.ok ? listed.value.split("\0") : []), manifest.ok ? manifest.value : undefined);
  known.installCommand ??= found.install;
  known.testCommand ??= found.test;

  let last = result({ ...clone, ok: true }, "");
  const commands = [
    ["install", known.installCommand],
    ["test", known.testCommand],
  ] as const;
  for (const [step, command] of commands) {
    if (command === null) continue;
    const ran = await runCommand(command, { place, isolation, environment, timeoutMs: leftMs(), signal });
    await isolation.endAll(place);
    const passed = ran.exitCode === 0 && !ran.timedOut;
    last = result({ ok: passed, step, exitCode: ran.exitCode, timedOut: ran.timedOut }, ran.tail);
    if (!passed) break;
  }
  return last;
}

async function clear({ isolation, place }: TrialTools): Promise<void> {
  await isolation.endAll(place);
  try {
    rmSync(place.root, { recursive: true, force: true });
  } catch {
    // Go's module cache has folders that nobody may write to.
    spawnSync("chmod", ["-R", "u+w", place.root], { stdio: "ignore" });
    rmSync(place.root, { recursive: true, force: true });
  }
}
