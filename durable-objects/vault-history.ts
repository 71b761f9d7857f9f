import type { CredentialRecord } from "../core/credentials/credential.ts";
import type { ProjectKey } from "../core/ids.ts";
import type { ProjectInput } from "../core/inputs.ts";
import { hourMs, secondMs } from "../core/time.ts";
import type { Moment } from "../core/time.ts";
import { now } from "../platform/clock.ts";
import { errorText, log } from "../platform/log.ts";
import type { CountedSql } from "./counted-sql.ts";
import { orchestrator } from "./remote.ts";

/** What is to be recorded; number and time are given by the history. */
export type NewRecord = Omit<CredentialRecord, "seq" | "at"> & { readonly tellPeople?: boolean };

type StoredRecord = {
  seq: number;
  at: number;
  name: string;
  version: number;
  action: string;
  by_whom: string;
  detail: string;
  tell_people: number;
};

const toldAtOnce = 100;
const toldAgainMs = 30 * secondMs;
/** Kept here for those who ask; the read model keeps all. */
const kept = 2_000;
const forgottenEvery = 100;
/** The same refusal again within this time is logged, and not written once more. */
const sameRefusalMs = hourMs;

/**
 * What was done with a project's secrets. Rows are written in the transaction of what they tell of, and told to the project's orchestrator until it
 * has them.
 */
export class VaultHistory {
  readonly #env: Env;
  readonly #project: ProjectKey;
  readonly #sql: CountedSql;
  readonly #kv: SyncKvStorage;
  #telling: Promise<void> | undefined;
  #triedAt: Moment = 0;

  constructor(env: Env, project: ProjectKey, sql: CountedSql, kv: SyncKvStorage) {
    this.#env = env;
    this.#project = project;
    this.#sql = sql;
    this.#kv = kv;
  }

  get lastSeq(): number {
    return this.#sql.first<{ seq: number | null }>("SELECT MAX(seq) AS seq FROM history")?.seq ?? 0;
  }

  /** When telling is to be tried again; undefined when everything is told. */
  get dueAt(): Moment | undefined {
    return this.#told < this.lastSeq ? this.#triedAt + toldAgainMs : undefined;
  }

  /** To be called in the transaction of what is recorded. */
  add(...records: readonly NewRecord[]): void {
    const at = now();
    for (const { name, version, action, by, detail, tellPeople = false } of records) {
      const seq = this.lastSeq + 1;
      this.#sql.all(
        "INSERT INTO history (seq, at, name, version, action, by_whom, detail, tell_people) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        ...[seq, at, name, version, action, by, detail.slice(0, 500), tellPeople ? 1 : 0],
      );
      if (seq % forgottenEvery === 0) this.#sql.all("DELETE FROM history WHERE seq < ?", Math.min(seq - kept, this.#told));
    }
  }

  /** Whether the newest word on this secret is the same refusal, not long ago. */
  hasJustRefused(name: string, version: number, detail: string): boolean {
    const last = this.#sql.first<StoredRecord>("SELECT * FROM history WHERE name = ? ORDER BY seq DESC LIMIT 1", name);
    return (
      last?.action === "refused" &&
      last.version === version &&
      last.detail === detail &&
      now() - last.at < sameRefusalMs &&
      now() >= last.at
    );
  }

  get newest(): CredentialRecord | undefined {
    return this.page(undefined, 1)[0];
  }

  /** Newest first, older than the number `before`. */
  page(before: number | undefined, limit: number): CredentialRecord[] {
    const upTo = before ?? Number.MAX_SAFE_INTEGER;
    return this.#sql.all<StoredRecord>("SELECT * FROM history WHERE seq < ? ORDER BY seq DESC LIMIT ?", upTo, limit).map(recordOf);
  }

  /** Oldest first, after the number `after`. */
  since(after: number, limit: number): CredentialRecord[] {
    return this.#sql.all<StoredRecord>("SELECT * FROM history WHERE seq > ? ORDER BY seq LIMIT ?", after, limit).map(recordOf);
  }

  /** Takes records of a backup; the orchestrator had them when they were made. */
  restore(records: readonly CredentialRecord[]): void {
    this.#sql.many(
      `INSERT OR IGNORE INTO history (seq, at, name, version, action, by_whom, detail, tell_people)
       SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6, 0 FROM json_each(?)`,
      records.map(({ seq, at, name, version, action, by, detail }) => [seq, at, name, version, action, by, detail]),
    );
    this.#kv.put("told", Math.max(this.#told, ...records.map(({ seq }) => seq)));
  }

  /** Deletes all of it, told or not. */
  forget(): void {
    this.#sql.all("DELETE FROM history");
    this.#kv.delete("told");
  }

  /** Tells the orchestrator what it has not heard. Never rejects; what was not told is told by the next call. */
  tell(): Promise<void> {
    this.#telling ??= this.#tellAll().finally(() => (this.#telling = undefined));
    return this.#telling;
  }

  get #told(): number {
    return this.#kv.get<number>("told") ?? 0;
  }

  async #tellAll(): Promise<void> {
    this.#triedAt = now();
    try {
      for (;;) {
        const untold = this.#sql.all<StoredRecord>("SELECT * FROM history WHERE seq > ? ORDER BY seq LIMIT ?", this.#told, toldAtOnce);
        const last = untold.at(-1);
        if (last === undefined) return;
        await orchestrator(this.#env, this.#project).applyAll(untold.map(inputOf));
        this.#kv.put("told", last.seq);
      }
    } catch (error) {
      log("warn", "credential records were not told; they will be", {
        project: this.#project,
        reason: "not-told",
        error: errorText(error),
      });
    }
  }
}

function inputOf(row: StoredRecord): ProjectInput {
  const record = recordOf(row);
  const id = `vault.${record.seq}.${record.at.toString(36)}`;
  return { id, at: record.at, type: "credential-recorded", record, tellPeople: row.tell_people === 1 };
}

function recordOf({ seq, at, name, version, action, by_whom: by, detail }: StoredRecord): CredentialRecord {
  return { seq, at, name, version, action: action as CredentialRecord["action"], by, detail };
}
