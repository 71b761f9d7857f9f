import { usage } from "./failure.ts";
import { jsonArgument, settingsOf } from "./parse.ts";

/** Flags of `projects set` and `settings set`. */
export interface SetFlags {
  readonly unset?: string[];
  readonly file?: string;
}

/** What `set` changes: pairs, a file under them, and what goes back. Throws `Failure` (usage) when it is nothing. */
export function changesOf(pairs: readonly string[], flags: SetFlags): object {
  const fromFile = flags.file === undefined ? {} : jsonArgument(flags.file === "-" ? "-" : `@${flags.file.replace(/^@/, "")}`, "--file");
  if (typeof fromFile !== "object" || fromFile === null || Array.isArray(fromFile)) throw usage("--file holds no JSON object.");
  const changes = { ...fromFile, ...settingsOf([...pairs, ...(flags.unset ?? []).map((path) => `${path}=`)]) };
  if (Object.keys(changes).length === 0) throw usage("Nothing to change.", "give setting=value, --unset setting, or --file");
  return changes;
}
