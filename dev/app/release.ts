import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";

const run = promisify(execFile);
const START_TIMEOUT_MS = 15_000;
const END_TIMEOUT_MS = 3000;

/** The commit a branch of a bare repository points to; undefined when there is no such branch yet. */
export async function headOf(gitDir: string, branch: string): Promise<string | undefined> {
  const asked = await run("git", ["--git-dir", gitDir, "rev-parse", "--verify", "--quiet", `refs/heads/${branch}`]).catch(
    (error: { code?: number }) => {
      if (error.code === 1) return undefined; // git's way of saying there is none
      throw error;
    },
  );
  return asked?.stdout.trim();
}

/** Writes the files of a commit into a directory, leaving the repository as it is. */
async function checkOut(gitDir: string, commit: string, directory: string): Promise<void> {
  const git = (...args: string[]) =>
    run("git", ["--git-dir", gitDir, "--work-tree", directory, ...args], {
      cwd: directory,
      env: { ...process.env, GIT_INDEX_FILE: join(directory, ".release-index") },
    });
  await git("read-tree", commit);
  await git("checkout-index", "--all", "--force");
}

/** One running version of the service. */
export interface Release {
  commit: string;
  pid: number;
  /** Where it listens; changes with every release. */
  url: string;
  /** Resolves when the process is gone. */
  exited: Promise<void>;
  /** Ends the process and removes its files. */
  end(): Promise<void>;
}

async function listeningPort(child: ChildProcess): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  let complaint = "";
  child.stderr?.on("data", (data: Buffer) => (complaint = `${complaint}${data.toString()}`.slice(-2000)));
  child.once("error", reject);
  child.once("exit", (code) => reject(new Error(`the service ended with code ${code} before it listened: ${complaint.trim()}`)));
  const timer = setTimeout(() => reject(new Error("the service did not listen in time")), START_TIMEOUT_MS);
  if (child.stdout) {
    createInterface({ input: child.stdout }).on("line", (line) => {
      const port = /\blistening on (\d+)/.exec(line)?.[1];
      if (port) resolve(Number(port));
    });
  }
  return promise.finally(() => clearTimeout(timer));
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, "exit");
  const timer = setTimeout(() => child.kill("SIGKILL"), END_TIMEOUT_MS);
  child.kill("SIGTERM");
  await exit;
  clearTimeout(timer);
}

/**
 * Starts `node <entry>` of a commit with `PORT=0` and `COMMIT`; the service says `listening on <port>` when it is ready. The process
 * gets no other part of this one's environment than PATH and HOME. Rejects with the service's own words when it does not start.
 */
export async function startRelease(gitDir: string, commit: string, entry: string): Promise<Release> {
  const directory = await mkdtemp(join(tmpdir(), "release-"));
  let child: ChildProcess | undefined;
  const end = async () => {
    if (child) await ended(child);
    await rm(directory, { recursive: true, force: true });
  };
  try {
    await checkOut(gitDir, commit, directory);
    child = spawn(process.execPath, [entry], {
      cwd: directory,
      env: { PATH: process.env.PATH, HOME: process.env.HOME, PORT: "0", COMMIT: commit },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const started = child;
    const port = await listeningPort(started);
    const exited = new Promise<void>((resolve) => started.once("exit", () => resolve()));
    return { commit, pid: started.pid ?? 0, url: `http://127.0.0.1:${port}`, exited, end };
  } catch (error) {
    await end();
    throw error;
  }
}
