import type { Moment } from "../core/time.ts";
import type { Sealed, SignedHeads } from "../platform/sealing.ts";
import type { CountedSql } from "./counted-sql.ts";
import { migrate } from "./schema-migrations.ts";

/** Append-only; see schema-migrations.ts. */
const steps = [
  `CREATE TABLE secrets (
     name TEXT PRIMARY KEY, version INTEGER NOT NULL, sealed TEXT, facts TEXT NOT NULL
   ) WITHOUT ROWID;
   CREATE TABLE bundles (
     id TEXT PRIMARY KEY, agent TEXT NOT NULL, task TEXT NOT NULL, attempt INTEGER NOT NULL, versions TEXT NOT NULL,
     open_by INTEGER NOT NULL, opened_at INTEGER, holds_until INTEGER NOT NULL
   ) WITHOUT ROWID;
   CREATE TABLE history (
     seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, name TEXT NOT NULL, version INTEGER NOT NULL, action TEXT NOT NULL, by_whom TEXT NOT NULL,
     detail TEXT NOT NULL, tell_people INTEGER NOT NULL
   );`,
] as const;

/** A credential, or another secret of the mesh's own. */
export type SecretKey = `credential/${string}` | `secret/${string}`;

/** As people know it. */
export function plain(name: string): string {
  return name.slice(name.indexOf("/") + 1);
}

/** What may be known of a secret. Stored. Fields are only added, as optional. */
export interface SecretFacts {
  /** Who pushed it, and when. */
  readonly by: string;
  readonly at: Moment;
  readonly variables: readonly string[];
  readonly expiresAt: Moment | null;
  readonly hasRefreshToken: boolean;
  readonly lastRefreshAt: Moment | null;
  readonly invalidatedAt: Moment | null;
  /** Refreshes that failed since the last success. */
  readonly failures: number;
  readonly notBefore: Moment;
  /** Someone is refreshing it until then. */
  readonly lease: { readonly id: string; readonly until: Moment } | null;
}

/** One secret's newest version. `sealed` is null once it was invalidated. */
export interface SecretRow {
  readonly name: SecretKey;
  readonly version: number;
  /** As it was read: only platform/sealing.ts says whether it is one. */
  readonly sealed: unknown;
  readonly facts: SecretFacts;
}

/** Variables made ready for one agent's attempt. */
export interface Bundle {
  readonly id: string;
  readonly agent: string;
  readonly task: string;
  readonly attempt: number;
  /** Of the credentials in it, by name. */
  readonly versions: Readonly<Record<string, number>>;
  /** It may be opened until then. */
  readonly openBy: Moment;
  readonly openedAt: Moment | null;
  /** Its variables hold until then. */
  readonly holdsUntil: Moment;
}

type StoredSecret = { name: string; version: number; sealed: string | null; facts: string };
type StoredBundle = {
  id: string;
  agent: string;
  task: string;
  attempt: number;
  versions: string;
  open_by: number;
  opened_at: number | null;
  holds_until: number;
};

/** The rows of one Vault. All of it is synchronous. */
export class VaultStore {
  readonly #storage: DurableObjectStorage;
  readonly #sql: CountedSql;

  constructor(storage: DurableObjectStorage, sql: CountedSql) {
    this.#storage = storage;
    this.#sql = sql;
    migrate(storage, steps);
  }

  /** All or nothing. */
  together(write: () => void): void {
    this.#storage.transactionSync(write);
  }

  /** Kept apart from the rows that must agree with it. */
  get heads(): SignedHeads | undefined {
    return this.#storage.kv.get<SignedHeads>("heads");
  }

  setHeads(heads: SignedHeads): void {
    this.#storage.kv.put("heads", heads);
  }

  secrets(): SecretRow[] {
    return this.#sql.all<StoredSecret>("SELECT name, version, sealed, facts FROM secrets ORDER BY name").map(secretOf);
  }

  secret(name: SecretKey): SecretRow | undefined {
    const row = this.#sql.first<StoredSecret>("SELECT name, version, sealed, facts FROM secrets WHERE name = ?", name);
    return row && secretOf(row);
  }

  get isEmpty(): boolean {
    return this.#sql.first("SELECT 1 FROM secrets LIMIT 1") === undefined;
  }

  putSecret({ name, version, sealed, facts }: { name: string; version: number; sealed: Sealed | null; facts: SecretFacts }): void {
    const texts = [sealed === null ? null : JSON.stringify(sealed), JSON.stringify(facts)] as const;
    this.#sql.all("INSERT OR REPLACE INTO secrets (name, version, sealed, facts) VALUES (?, ?, ?, ?)", name, version, ...texts);
  }

  setFacts(name: SecretKey, facts: SecretFacts): void {
    this.#sql.all("UPDATE secrets SET facts = ? WHERE name = ?", JSON.stringify(facts), name);
  }

  setSealed(name: SecretKey, sealed: Sealed): void {
    this.#sql.all("UPDATE secrets SET sealed = ? WHERE name = ?", JSON.stringify(sealed), name);
  }

  bundle(id: string): Bundle | undefined {
    const row = this.#sql.first<StoredBundle>("SELECT * FROM bundles WHERE id = ?", id);
    return row && bundleOf(row);
  }

  bundles(): Bundle[] {
    return this.#sql.all<StoredBundle>("SELECT * FROM bundles ORDER BY id").map(bundleOf);
  }

  putBundle({ id, agent, task, attempt, versions, openBy, openedAt, holdsUntil }: Bundle): void {
    this.#sql.all(
      "INSERT OR REPLACE INTO bundles (id, agent, task, attempt, versions, open_by, opened_at, holds_until) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
      ...[id, agent, task, attempt, JSON.stringify(versions), openBy, openedAt, holdsUntil],
    );
  }

  /** Forgets the bundles that nobody can open and whose variables no longer hold. */
  dropBundles(at: Moment): void {
    this.#sql.all("DELETE FROM bundles WHERE CASE WHEN opened_at IS NULL THEN open_by ELSE holds_until END <= ?", at);
  }

  clear(): void {
    this.#sql.all("DELETE FROM secrets");
    this.#sql.all("DELETE FROM bundles");
    this.#storage.kv.delete("heads");
  }
}

function secretOf({ name, version, sealed, facts }: StoredSecret): SecretRow {
  return { name: name as SecretKey, version, sealed: jsonOf(sealed), facts: JSON.parse(facts) as SecretFacts };
}

function bundleOf(row: StoredBundle): Bundle {
  const { id, agent, task, attempt, versions, open_by: openBy, opened_at: openedAt, holds_until: holdsUntil } = row;
  return { id, agent, task, attempt, versions: JSON.parse(versions) as Record<string, number>, openBy, openedAt, holdsUntil };
}

/** A row that is no JSON any more is refused when it is opened. */
function jsonOf(text: string | null): unknown {
  if (text === null) return null;
  try {
    return JSON.parse(text);
  } catch {
    return "malformed";
  }
}
