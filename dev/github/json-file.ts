import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

/**
 * A value kept in a JSON file. It is written whole to a neighbour and renamed over, so that a crash leaves the old or the new one,
 * never half of one; changes within `delayMs` share one write.
 */
export interface JsonFile<T> {
  value: T;
  changed(): void;
  /** Writes now what is still unwritten. */
  flush(): void;
  /** Whether there was a file to read. */
  existed: boolean;
}

export function openJsonFile<T>(path: string, empty: () => T, delayMs = 200): JsonFile<T> {
  mkdirSync(dirname(path), { recursive: true });
  const stored = readStored(path);
  let timer: NodeJS.Timeout | undefined;
  const file: JsonFile<T> = {
    value: stored === undefined ? empty() : (JSON.parse(stored) as T),
    existed: stored !== undefined,
    changed() {
      timer ??= setTimeout(file.flush, delayMs).unref();
    },
    flush() {
      clearTimeout(timer);
      timer = undefined;
      writeFileSync(`${path}.new`, JSON.stringify(file.value));
      renameSync(`${path}.new`, path);
    },
  };
  return file;
}

function readStored(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
