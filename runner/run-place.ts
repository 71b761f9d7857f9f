import { createHash } from "node:crypto";
import { join } from "node:path";
import { parseBranch } from "../core/ids.ts";
import type { SessionAssignment } from "../core/protocol/frames.ts";

/** The folders of one run on this machine. Everything below `root` belongs to the agent's user; nothing in it is trusted. */
export interface RunPlace {
  readonly root: string;
  /** The worktree. */
  readonly tree: string;
  /** HOME of the agent and of test commands; holds the conversations. */
  readonly home: string;
  readonly tmp: string;
  /** The unprivileged user of this run, when runs have users of their own. */
  readonly uid: number;
}

/** `owner/name` of an assignment; undefined when its parts are not what this runner would build a path of. */
export function repositoryOf(assignment: SessionAssignment): { owner: string; name: string } | undefined {
  return repositoryNamed(assignment.project);
}

/** The parts of `owner/name`; undefined when they are not what this runner would build a path of. */
export function repositoryNamed(project: string): { owner: string; name: string } | undefined {
  const match = /^([a-z0-9][a-z0-9-]{0,38})\/([a-z0-9._-]{1,100})$/.exec(project.toLowerCase());
  const [, owner, name] = match ?? [];
  return owner === undefined || name === undefined || /^\.+$/.test(name) ? undefined : { owner, name };
}

/** Where a run lives; undefined when project or branch have not the form of ours. */
export function placeOf(folder: string, assignment: SessionAssignment): RunPlace | undefined {
  const repository = repositoryOf(assignment);
  const run = parseBranch(assignment.branch);
  if (repository === undefined || run === undefined) return undefined;
  const root = join(folder, "worktrees", `${repository.owner}--${repository.name}`, `${run.issue}.${run.run}`);
  return { root, tree: join(root, "tree"), home: join(root, "home"), tmp: join(root, "tmp"), uid: uidOf(root) };
}

/** A user id for one folder: outside the ranges that distributions and containers give out, the same each time. */
export function uidOf(root: string): number {
  return 1_700_000_000 + (createHash("sha256").update(root).digest().readUInt32BE(0) % 100_000_000);
}
