import { existsSync, readFileSync, statSync } from "node:fs";
import { parseEnv } from "node:util";
import type { Log } from "./log.ts";

/**
 * What agents and tests are given: the variables the runner was started with, and those of a file (`NAME=value` lines), which is read each time,
 * so that a login put into it counts without a restart. A file that others may read is left alone.
 */
export function agentVariables(given: Readonly<Record<string, string>>, file: string, log: Log): Record<string, string> {
  if (!existsSync(file)) return { ...given };
  if ((statSync(file).mode & 0o077) !== 0) {
    log("warn", "the agents' variables are not used: others may read the file", { file, fix: `chmod 600 ${file}` });
    return { ...given };
  }
  const set = Object.entries(parseEnv(readFileSync(file, "utf8")));
  return { ...Object.fromEntries(set.filter((entry): entry is [string, string] => entry[1] !== undefined)), ...given };
}
