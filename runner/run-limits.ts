import { readFileSync } from "node:fs";
import { release } from "node:os";

/** What all processes of one run may take of the machine. */
export interface RunLimits {
  /** Processes and threads of the run at a time. */
  readonly processes: number;
  /** Open files of one process. */
  readonly openFiles: number;
  /** Bytes of one file that is written. */
  readonly fileBytes: number;
}

export const runLimits: RunLimits = { processes: 2_048, openFiles: 16_384, fileBytes: 8 * 1024 ** 3 };

/** The machine, as far as limits depend on it. */
export interface LimitedMachine {
  /** The text of `/proc/self/limits`. */
  readonly inForce: string;
  readonly kernel: string;
  /** Each run has a user of its own. */
  readonly ownUsers: boolean;
}

/**
 * The arguments of `prlimit` (util-linux) for a run, none above what is in force already. No core dumps: they would hold what was in memory, keys
 * included. Processes are counted by user; where runs share one, only a user namespace counts its own, and that since Linux 5.14:
 * https://man7.org/linux/man-pages/man7/user_namespaces.7.html
 */
export function limitArguments(limits: RunLimits, machine: LimitedMachine): string[] {
  const inForce = (name: string) => {
    const found = new RegExp(`^${name} +\\S+ +(\\d+)`, "m").exec(machine.inForce)?.[1];
    return found === undefined ? Number.POSITIVE_INFINITY : Number(found);
  };
  const [major = 0, minor = 0] = machine.kernel.split(".").map(Number);
  const countsOwn = machine.ownUsers || major > 5 || (major === 5 && minor >= 14);
  return [
    ...(countsOwn ? [`--nproc=${Math.min(limits.processes, inForce("Max processes"))}`] : []),
    `--nofile=${Math.min(limits.openFiles, inForce("Max open files"))}`,
    `--fsize=${Math.min(limits.fileBytes, inForce("Max file size"))}`,
    "--core=0",
  ];
}

export function machineHere(ownUsers: boolean): LimitedMachine {
  return { inForce: readFileSync("/proc/self/limits", "utf8"), kernel: release(), ownUsers };
}
