import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { quoted } from "./quoted.ts";
import type { RunPlace } from "./run-place.ts";

/** Folders that everybody on a machine may write to; behind the wall they are the run's own. */
export const sharedFolders = ["/tmp", "/var/tmp", "/dev/shm"] as const;
const [, , sharedMemory] = sharedFolders;
/** Of each file system in memory that stands in a shared folder's place. */
const memoryBytes = 1024 ** 3;
/** What is no files on a disk, or guards itself. */
const kernelTypes = new Set(
  "proc sysfs cgroup cgroup2 devtmpfs devpts securityfs debugfs tracefs bpf pstore configfs fusectl binfmt_misc autofs efivarfs".split(" "),
);

interface Mount {
  readonly path: string;
  /** `rw,nosuid,…` */
  readonly options: string;
}

/**
 * The shell script, begun as root in a mount namespace of its own (`unshare --mount`), after which its arguments are run: the shared folders are the
 * run's own, and nothing but its root can be written to. `readable` stays in sight where a shared folder hides it. It ends with the words of `mount`
 * when the machine does not let it.
 */
export function privateMounts(place: RunPlace, readable: readonly string[], mounts: readonly Mount[] = mountsHere()): string {
  const hiding = sharedFolders.filter((folder) => folder !== sharedMemory && existsSync(folder));
  const isHidden = (path: string) => sharedFolders.some((folder) => isBeneath(path, folder));
  const ownRoot = isHidden(place.root) || place.root === "/" ? [] : [`mount --rbind ${quoted(place.root)} ${quoted(place.root)}`];
  const stays = (path: string) => path === place.root || isBeneath(path, place.root) || isHidden(path);
  return [
    "set -e; here=$PWD; mask=$(umask); umask 022",
    inMemory(sharedMemory),
    ...hiding.flatMap((folder) => hide(folder, place, readable)),
    ...ownRoot,
    ...mounts
      .filter(({ path }) => !stays(path) && !sharedFolders.some((folder) => folder === path))
      .map(({ path, options }) => readOnly(quoted(path), options.replace(/\brw\b/, "ro"))),
    // What was the current folder lies under the mounts now.
    'cd -- "$here" 2>/dev/null || cd /',
    'umask "$mask"; exec "$@"',
  ].join("\n");
}

/** On the run's own disk space where that is possible; in memory where the run itself, or a program that it needs, lies beneath. */
function hide(folder: string, place: RunPlace, readable: readonly string[]): string[] {
  const kept = [...readable, place.root].filter((path) => isBeneath(path, folder) && existsSync(path));
  if (kept.length === 0 && isBeneath(place.tmp, place.root)) return [`mount --bind ${quoted(place.tmp)} ${folder}`];
  if (kept.length === 0) return [inMemory(folder)];
  const aside = `${sharedMemory}/aside`;
  return [
    `mkdir ${aside}; mount --rbind ${folder} ${aside}`,
    inMemory(folder),
    ...kept.flatMap((path) => {
      const from = quoted(`${aside}${path.slice(folder.length)}`);
      const to = quoted(path);
      const made = statSync(path).isDirectory() ? `mkdir -p ${to}` : `mkdir -p ${quoted(dirname(path))}; [ -e ${to} ] || : > ${to}`;
      return [`${made}; mount --rbind ${from} ${to}`, ...(path === place.root ? [] : [`mount -o remount,bind,ro ${to}`])];
    }),
    `umount -R ${aside}; rmdir ${aside}`,
  ];
}

function inMemory(folder: string): string {
  return `mount -t tmpfs -o size=${memoryBytes},mode=1777,nosuid,nodev tmpfs ${folder}`;
}

/** A mount that another one hides is nothing that could be written to. */
function readOnly(path: string, options: string): string {
  return `mount -o remount,bind,${options} ${path} 2>/dev/null || ! mountpoint -q ${path} || { echo ${path} cannot be made read-only >&2; exit 1; }`;
}

function isBeneath(path: string, folder: string): boolean {
  return path.startsWith(folder.endsWith("/") ? folder : `${folder}/`);
}

/** Everything mounted here that can be written to. https://man7.org/linux/man-pages/man5/proc_pid_mountinfo.5.html */
export function mountsHere(mountinfo: string = readFileSync("/proc/self/mountinfo", "utf8")): Mount[] {
  const all = mountinfo.split("\n").flatMap((line): (Mount & { readonly type: string })[] => {
    const [mount = "", source = ""] = line.split(" - ");
    const [, , , , path, options] = mount.split(" ");
    if (path === undefined || options === undefined) return [];
    const plain = path.replaceAll(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
    return [{ path: plain, options, type: source.split(" ")[0] ?? "" }];
  });
  // Of several at one place the last is on top.
  const onTop = [...new Map(all.map((mount) => [mount.path, mount])).values()];
  return onTop.filter(({ options, type }) => /\brw\b/.test(options) && !kernelTypes.has(type));
}
