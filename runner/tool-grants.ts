import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";

/** Stored, one file per session. Fields are only added, as optional. */
const stored = z.object({ always: z.array(z.string()), once: z.record(z.string(), z.number().int()) });

/** What people have allowed a session to do with tools. Kept in the runner's own folder, out of agents' reach; outlives steps and restarts. */
export class ToolGrants {
  readonly always: Set<string>;
  readonly #once: Map<string, number>;
  readonly #path: string;

  constructor(folder: string, sessionId: string) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    this.#path = join(folder, `${createHash("sha256").update(sessionId).digest("hex").slice(0, 32)}.json`);
    const read = existsSync(this.#path) ? parsed(readFileSync(this.#path, "utf8")) : undefined;
    this.always = new Set(read?.always);
    this.#once = new Map(Object.entries(read?.once ?? {}));
  }

  /** How often exactly this use was allowed once: the next time is another question. */
  usedOnce(use: string): number {
    return this.#once.get(keyOf(use)) ?? 0;
  }

  allowOnce(use: string): void {
    this.#once.set(keyOf(use), this.usedOnce(use) + 1);
    this.#keep();
  }

  /** `asks` of the decision. */
  allowAlways(asks: readonly string[]): void {
    for (const ask of asks) this.always.add(ask);
    this.#keep();
  }

  #keep(): void {
    writeFileSync(`${this.#path}.new`, JSON.stringify({ always: [...this.always], once: Object.fromEntries(this.#once) }), { mode: 0o600 });
    renameSync(`${this.#path}.new`, this.#path);
  }
}

function keyOf(use: string): string {
  return createHash("sha256").update(use).digest("hex").slice(0, 32);
}

/** Of a file that cannot be read nothing is known: people are asked again. */
function parsed(text: string): z.output<typeof stored> | undefined {
  try {
    return stored.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
