import { spawn, spawnSync } from "node:child_process";
import { accessSync, chownSync, constants, existsSync, mkdirSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { privateMounts, sharedFolders } from "./private-mounts.ts";
import { limitArguments, machineHere, runLimits, type RunLimits } from "./run-limits.ts";
import type { RunPlace } from "./run-place.ts";

export interface CommandLine {
  readonly command: string;
  readonly args: readonly string[];
}

/**
 * The wall between the runner and everything a repository brings (the agent, its commands, tests, git in its worktree). `user`: each run has an
 * unprivileged user of its own, and a `/tmp` (and what else is shared) of its own. `bubblewrap`: own /proc and process tree, the runner's folders and the user's home hidden. `none`: no wall, so
 * only repositories named as trusted may be worked on.
 */
export interface Isolation {
  readonly kind: "user" | "bubblewrap" | "none";
  /** Why it is `none`; for people. */
  readonly reason: string;
  /** What the wall lacks on this machine, each a sentence for people; empty when it is whole. */
  readonly gaps: readonly string[];
  /** Makes the folders of a run and gives them to its user. */
  prepare(place: RunPlace): void;
  /** The command line that runs `command` behind the wall. */
  wrap(place: RunPlace, command: string, args: readonly string[]): CommandLine;
  /** Ends every process that a run left behind; resolves when that was done. */
  endAll(place: RunPlace): Promise<void>;
}

export interface IsolationSettings {
  /** The runner's own folder, hidden from agents. */
  readonly stateFolder: string;
  /** Programs outside the usual system folders that agents need to read (the agent's executable). */
  readonly readable: readonly string[];
  /** What a run may take of the machine; `runLimits` unless said. */
  readonly limits?: Partial<RunLimits>;
  /** Root is not used as such; for tests. */
  readonly platform?: { readonly root: boolean; readonly linux: boolean };
}

/** The strongest wall this machine offers; tried, not guessed. */
export function detectIsolation(settings: IsolationSettings): Isolation {
  const { root, linux } = settings.platform ?? { root: process.getuid?.() === 0, linux: process.platform === "linux" };
  if (!linux) return noIsolation("separate users and bubblewrap are used on Linux only");
  const limits = limitsHere(root, settings.limits);
  if (root) {
    const tried = spawnSync("setpriv", [...dropPrivileges(probedUid), "true"], { stdio: "ignore" });
    return tried.status === 0
      ? userIsolation(settings, limits)
      : noIsolation("setpriv (package util-linux) cannot change to another user here");
  }
  const bwrap = findOnPath("bwrap");
  if (bwrap === undefined) return noIsolation("bubblewrap is not installed (package bubblewrap), and the runner is not root");
  const tried = spawnSync(bwrap, ["--ro-bind", "/", "/", "--unshare-pid", "--proc", "/proc", "--dev", "/dev", "true"], { stdio: "ignore" });
  return tried.status === 0
    ? bubblewrap(bwrap, settings, limits)
    : noIsolation("bubblewrap cannot make a sandbox here (user namespaces are off?)");
}

const probedUid = 1_700_000_000;

/** What stands before a command so that the limits hold for it and all that it starts; empty where they cannot be set. */
function limitsHere(ownUsers: boolean, wanted: Partial<RunLimits> = {}): readonly string[] {
  const before = ["prlimit", ...limitArguments({ ...runLimits, ...wanted }, machineHere(ownUsers)), "--"];
  return spawnSync("prlimit", [...before.slice(1), "true"], { stdio: "ignore" }).status === 0 ? before : [];
}

const noLimits =
  "nothing limits how many processes and how large files a run makes, and core dumps are on: prlimit (package util-linux) cannot set limits here";

function userIsolation({ readable }: IsolationSettings, limits: readonly string[]): Isolation {
  const begun = (place: RunPlace) => ["--mount", "--ipc", "--", "sh", "-c", privateMounts(place, readable), "sh"];
  const nowhere = { root: "/", tree: "/", home: "/", tmp: "/", uid: probedUid };
  const tried = spawnSync("unshare", [...begun(nowhere), ...limits, "setpriv", ...dropPrivileges(probedUid), "true"], { encoding: "utf8" });
  const isPrivate = tried.status === 0;
  const why = (tried.stderr ?? "").trim().slice(-300) || tried.error?.message || "unshare (package util-linux) failed";
  const shared = `what agents put into ${sharedFolders.join(", ")} other runs see until the step ends: this machine allows no mounts of a run's own (${why})`;
  const as = (place: RunPlace, command: readonly string[]) => ["setpriv", ...dropPrivileges(place.uid), ...command];
  return {
    kind: "user",
    reason: "",
    gaps: [...(isPrivate ? [] : [shared]), ...(limits.length > 0 ? [] : [noLimits])],
    prepare(place) {
      mkdirSync(place.root, { recursive: true, mode: 0o711 });
      for (const folder of [place.tree, place.home, place.tmp]) {
        mkdirSync(folder, { recursive: true, mode: 0o700 });
        chownSync(folder, place.uid, place.uid);
      }
    },
    wrap(place, command, args) {
      const limited = [...limits, ...as(place, [command, ...args])];
      return commandLine(isPrivate ? ["unshare", ...begun(place), ...limited] : limited);
    },
    async endAll(place) {
      // To pid -1 as the run's user: every process of that user and no other.
      await quietly(as(place, ["kill", "-KILL", "--", "-1"]));
      const folders = sharedFolders.filter((folder) => existsSync(folder));
      const left = ["-xdev", "-mindepth", "1", "-user", String(place.uid), "!", "-path", `${place.root}/*`, "-delete"];
      if (!isPrivate) await quietly(as(place, ["find", ...folders, ...left]));
    },
  };
}

function commandLine([command = "", ...args]: readonly string[]): CommandLine {
  return { command, args };
}

/** Resolves when the command has ended, whatever it says. */
function quietly(words: readonly string[]): Promise<void> {
  const { command, args } = commandLine(words);
  const child = spawn(command, [...args], { stdio: "ignore", cwd: "/" });
  return new Promise((resolve) => {
    child.once("exit", () => resolve());
    child.once("error", () => resolve());
  });
}

function dropPrivileges(uid: number): string[] {
  return [
    "--reuid",
    String(uid),
    "--regid",
    String(uid),
    "--clear-groups",
    "--no-new-privs",
    "--bounding-set",
    "-all",
    "--inh-caps",
    "-all",
    "--pdeathsig",
    "KILL",
    "--",
  ];
}

/** The arguments of bwrap for a run; the process tree ends with the first process, so nothing is left behind. */
export function bubblewrapArguments(place: RunPlace, settings: IsolationSettings): string[] {
  const home = homedir();
  const hidden = [home, settings.stateFolder, "/tmp", "/var/tmp", "/run"];
  const readable = settings.readable.filter((path) => hidden.some((folder) => path.startsWith(`${folder}/`)));
  return [
    ...["--die-with-parent", "--new-session", "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--cap-drop", "ALL"],
    ...["--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "--tmpfs", "/tmp", "--tmpfs", "/run", "--tmpfs", "/var/tmp"],
    ...["--ro-bind-try", "/run/systemd/resolve", "/run/systemd/resolve"],
    ...["--tmpfs", home, "--tmpfs", settings.stateFolder],
    ...readable.flatMap((path) => ["--ro-bind-try", path, path]),
    // The run's root is the runner's: a link put there would lead what the runner writes to elsewhere.
    ...["--ro-bind", place.root, place.root],
    ...[place.tree, place.home, place.tmp].flatMap((path) => ["--bind", path, path]),
    ...["--chdir", place.tree, "--"],
  ];
}

function bubblewrap(bwrap: string, settings: IsolationSettings, limits: readonly string[]): Isolation {
  return {
    kind: "bubblewrap",
    reason: "",
    gaps: limits.length > 0 ? [] : [noLimits],
    prepare: makeFolders,
    wrap: (place, command, args) => ({ command: bwrap, args: [...bubblewrapArguments(place, settings), ...limits, command, ...args] }),
    endAll: () => Promise.resolve(),
  };
}

/** No wall at all: what is started has what this process has. `reason` = why. */
export function noIsolation(reason: string): Isolation {
  return {
    kind: "none",
    reason,
    gaps: [],
    prepare: makeFolders,
    wrap: (_place, command, args) => ({ command, args }),
    endAll: () => Promise.resolve(),
  };
}

function makeFolders(place: RunPlace): void {
  for (const folder of [place.root, place.tree, place.home, place.tmp]) mkdirSync(folder, { recursive: true, mode: 0o700 });
}

/** Whether a run's user can execute a file: all folders above it must let it pass. */
export function canExecute(isolation: Isolation, place: RunPlace, path: string): boolean {
  const { command, args } = isolation.wrap(place, "test", ["-x", path]);
  return spawnSync(command, [...args], { stdio: "ignore", cwd: "/" }).status === 0;
}

/** A program of the PATH, with its folder; undefined when there is none. */
export function findOnPath(name: string, path: string = process.env["PATH"] ?? ""): string | undefined {
  for (const folder of path.split(delimiter)) {
    if (folder === "") continue;
    const candidate = join(folder, name);
    try {
      accessSync(candidate, constants.X_OK);
      return candidate;
    } catch {
      continue;
    }
  }
  return undefined;
}

/** Everything that an agent's process and a test command get to know of the environment; nothing of the runner's own passes but PATH and language. */
export function agentEnvironment(place: RunPlace, given: Readonly<Record<string, string>>): Record<string, string> {
  const { PATH, LANG, LC_ALL, TZ, TERM } = process.env;
  return {
    ...defined({ LANG, LC_ALL, TZ, TERM }),
    PATH: [...new Set([dirname(process.execPath), ...(PATH ?? "/usr/bin:/bin").split(delimiter)])].join(delimiter),
    HOME: place.home,
    TMPDIR: place.tmp,
    USER: "agent",
    LOGNAME: "agent",
    SHELL: "/bin/bash",
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_TERMINAL_PROMPT: "0",
    GIT_AUTHOR_NAME: "mesh-six agent",
    GIT_AUTHOR_EMAIL: "agent@mesh-six.invalid",
    GIT_COMMITTER_NAME: "mesh-six agent",
    GIT_COMMITTER_EMAIL: "agent@mesh-six.invalid",
    ...given,
  };
}

function defined(values: Record<string, string | undefined>): Record<string, string> {
  return Object.fromEntries(Object.entries(values).filter((entry): entry is [string, string] => entry[1] !== undefined));
}
