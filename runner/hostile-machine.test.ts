import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { agentEnvironment, detectIsolation, type Isolation } from "./isolation.ts";
import { mountsHere, privateMounts, sharedFolders } from "./private-mounts.ts";
import { runCommand, type CommandRun } from "./run-command.ts";
import { limitArguments, runLimits, type RunLimits } from "./run-limits.ts";
import { uidOf, type RunPlace } from "./run-place.ts";

/** What a run may do to the machine that it runs on, and to the other runs there. Real processes, the real wall. */
const isRoot = process.getuid?.() === 0;
let folders: string[];

beforeAll(() => {
  // A runner's folder, and one beneath a shared folder as when that of the runner is somebody's private one.
  folders = ["/var/lib", "/var/tmp", tmpdir()].filter(() => isRoot).map((parent) => mkdtempSync(join(parent, "machine-")));
  for (const folder of folders) spawn("chmod", ["755", folder]);
});
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

function placeAt(folder: string, name: string): RunPlace {
  const root = join(folder, name);
  return { root, tree: join(root, "tree"), home: join(root, "home"), tmp: join(root, "tmp"), uid: uidOf(root) };
}

interface Run {
  readonly place: RunPlace;
  readonly isolation: Isolation;
  sh(command: string): Promise<CommandRun>;
}

function run(folder: string, name: string, limits: Partial<RunLimits> = {}): Run {
  const place = placeAt(folder, name);
  const isolation = detectIsolation({ stateFolder: join(folder, "state"), readable: [], limits });
  isolation.prepare(place);
  const options = { place, isolation, environment: agentEnvironment(place, {}), timeoutMs: 30_000, signal: new AbortController().signal };
  return {
    place,
    isolation,
    async sh(command) {
      const ran = await runCommand(command, options);
      await isolation.endAll(place);
      return ran;
    },
  };
}

/** Everything outside the place that belongs to its user. */
const strays = ({ place }: Run) =>
  sharedFolders.flatMap((folder) =>
    readdirSync(folder)
      .map((name) => join(folder, name))
      .filter((path) => path !== place.root && statSync(path, { throwIfNoEntry: false })?.uid === place.uid),
  );

describe.runIf(isRoot)("folders that everybody may write to", () => {
  test.each([0, 1, 2])("a run writes to its own, and nothing is there for others or afterwards (%i)", async (at) => {
    const folder = folders[at] ?? "";
    const [one, other] = [run(folder, "one"), run(folder, "other")];
    expect(one.isolation.gaps).toEqual([]);
    const name = `hostile-${one.place.uid}`;
    const written = await one.sh(
      `for folder in ${sharedFolders.join(" ")} "$TMPDIR"; do echo mine > $folder/${name} && cat $folder/${name}; done`,
    );
    expect([written.exitCode, written.tail]).toEqual([0, "mine\n".repeat(4)]);
    for (const shared of sharedFolders) expect(existsSync(join(shared, name)), shared).toBe(false);
    const seen = await other.sh(
      `cat ${sharedFolders.map((shared) => join(shared, name)).join(" ")} ${one.place.tmp}/${name} 2>/dev/null
       for file in ${one.place.root}/x ${one.place.tree}/x ${one.place.tmp}/x ${one.place.home}/x; do (echo x > $file) 2>/dev/null && echo WRITTEN; done; echo looked`,
    );
    expect(seen.tail).toBe("looked\n");
    expect([...strays(one), ...strays(other)]).toEqual([]);
  });

  test("what else everybody may write to is read-only, and memory is not shared", async () => {
    const { sh, place } = run(folders[0] ?? "", "shared");
    const { tail } = await sh(
      `find / -xdev -perm -0002 -type d -not -path "/proc/*" 2>/dev/null | while read -r folder; do
         case $folder in ${sharedFolders.map((shared) => `${shared}*`).join("|")}) continue;; esac
         (: > "$folder/hostile-${place.uid}") 2>/dev/null && echo "WRITTEN $folder"; done
       (: > /run/lock/hostile-${place.uid}) 2>/dev/null && echo "WRITTEN /run/lock"
       readlink /proc/self/ns/ipc`,
    );
    expect(tail).toMatch(/^ipc:\[\d+\]\n$/);
    const outside = await new Promise<string>((resolve) => {
      spawn("readlink", ["/proc/self/ns/ipc"]).stdout.once("data", (data: Buffer) => resolve(data.toString()));
    });
    expect(tail).not.toBe(outside);
  });

  test("git and everything else of the worktree works as before, in the folder where it was begun", async () => {
    const { sh, place } = run(folders[1] ?? "", "works");
    const { tail, exitCode } = await sh(
      `pwd; umask; git init -q . && echo a > a && git add . && git commit -qm a && git status --porcelain && mktemp -p /tmp | sed 's/[^/]*$//'`,
    );
    expect([exitCode, tail]).toEqual([0, `${place.tree}\n00${process.umask().toString(8).padStart(2, "0")}\n/tmp/\n`]);
  });

  test("where no mounts are possible it is said, and what was put there is gone when the step ends", async () => {
    const path = process.env["PATH"];
    process.env["PATH"] = await pathWithout("unshare", folders[0] ?? "");
    try {
      const { isolation, sh, place } = run(folders[0] ?? "", "unmounted");
      expect(isolation.gaps).toEqual([
        expect.stringMatching(/^what agents put into \/tmp, \/var\/tmp, \/dev\/shm other runs see until the step ends/),
      ]);
      const name = `hostile-${place.uid}`;
      const { tail } = await sh(
        `for folder in ${sharedFolders.join(" ")}; do mkdir $folder/${name}; echo mine > $folder/${name}/file && echo put; done`,
      );
      expect(tail).toBe("put\n".repeat(3));
      for (const shared of sharedFolders) expect(existsSync(join(shared, name)), shared).toBe(false);
    } finally {
      process.env["PATH"] = path;
    }
  });
});

/** A folder with all programs of the system's but one. */
async function pathWithout(program: string, folder: string): Promise<string> {
  const bin = mkdtempSync(join(folder, "bin-"));
  await new Promise((resolve) =>
    spawn("sh", [
      "-c",
      `chmod 755 ${bin}; for dir in /usr/sbin /sbin /bin /usr/bin; do ln -sf $dir/* ${bin}/; done; rm ${bin}/${program}`,
    ]).once("exit", resolve),
  );
  return bin;
}

describe.runIf(isRoot)("what a run takes", () => {
  test("a fork bomb fails with a clear word, and leaves nothing", async () => {
    const { sh, place } = run(folders[0] ?? "", "bomb", { processes: 60 });
    const { exitCode, timedOut, tail } = await sh(
      "bomb() { bomb | bomb & }; bomb; i=0; while [ $i -lt 100 ]; do sleep 5 & i=$((i+1)); done; echo went on",
    );
    expect(exitCode).not.toBe(0);
    expect(timedOut).toBe(false);
    expect(tail).toMatch(/[Cc]annot fork|Resource temporarily unavailable/);
    const left = await new Promise<string>((resolve) => {
      let said = "";
      const ps = spawn("ps", ["-o", "stat=", "-u", String(place.uid)]);
      ps.stdout.on("data", (data: Buffer) => (said += data.toString()));
      ps.once("close", () => resolve(said.replaceAll(/^Z.*$/gm, "").trim()));
    });
    expect(left).toBe("");
    // Others, and the run itself, go on.
    expect((await run(folders[0] ?? "", "beside", { processes: 60 }).sh("echo fine")).tail).toBe("fine\n");
    expect((await sh("echo fine")).tail).toBe("fine\n");
  });

  test("files have a largest size, processes a number of open files, and nothing dumps core", async () => {
    const { sh, place } = run(folders[0] ?? "", "large", { fileBytes: 1_048_576, openFiles: 64 });
    const { tail } = await sh(
      `(head -c 5000000 /dev/zero > large) 2>&1 | sed 's/^/large: /'; ulimit -n; ulimit -c
       python3 -c 'import os; [os.open("/dev/null", 0) for _ in range(100)]' 2>&1 | tail -1; sleep 9 & kill -SEGV $!; wait $!; ls`,
    );
    expect(tail.split("\n").filter((line) => line === "64" || line === "0")).toEqual(["64", "0"]);
    expect(statSync(join(place.tree, "large")).size).toBeLessThanOrEqual(1_048_576);
    expect(readdirSync(place.tree)).toEqual(["large"]);
  });
});

test("limits are never above what is in force, and processes are counted only where a run's are told from others'", () => {
  const inForce =
    "Limit                     Soft Limit           Hard Limit           Units     \nMax processes             96364                1000                 processes \nMax open files            1024                 unlimited            files     \n";
  const machine = { inForce, kernel: "6.1.0-18-amd64", ownUsers: false };
  expect(limitArguments(runLimits, machine)).toEqual(["--nproc=1000", "--nofile=16384", `--fsize=${8 * 1024 ** 3}`, "--core=0"]);
  expect(limitArguments(runLimits, { ...machine, kernel: "5.10.0" })).not.toContain("--nproc=1000");
  expect(limitArguments(runLimits, { ...machine, kernel: "5.10.0", ownUsers: true })).toContain("--nproc=1000");
});

test("what is mounted read-write is made read-only, except the kernel's own and the run's", () => {
  const mounts = mountsHere(
    [
      "22 27 0:21 / /proc rw,relatime - proc proc rw",
      "27 1 254:0 / / rw,relatime - ext4 /dev/vda rw",
      String.raw`28 27 0:25 / /mnt/a\040b rw,nosuid,nodev - xfs /dev/vdb rw`,
      "29 27 0:26 / /opt rw - ext4 /dev/vdc rw",
      "30 29 0:26 / /opt ro - ext4 /dev/vdd rw",
      "31 27 0:27 / /var/lib/runs/one/tree/disk rw - ext4 /dev/vde rw",
    ].join("\n"),
  );
  expect(mounts.map(({ path }) => path)).toEqual(["/", "/mnt/a b", "/var/lib/runs/one/tree/disk"]);
  const script = privateMounts(placeAt("/var/lib/runs", "one"), [], mounts);
  expect(script).toContain("mount -o remount,bind,ro,relatime '/' ");
  expect(script).toContain("mount -o remount,bind,ro,nosuid,nodev '/mnt/a b' ");
  expect(script).not.toContain("disk");
  expect(script).toContain("mount --bind '/var/lib/runs/one/tmp' /tmp");
});
