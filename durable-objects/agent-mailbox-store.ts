import type { ProjectKey } from "../core/ids.ts";
import type { Moment } from "../core/time.ts";
import type { CountedSql } from "./counted-sql.ts";
import { migrate } from "./schema-migrations.ts";

const steps = [
  `CREATE TABLE projects (key TEXT PRIMARY KEY, active INTEGER NOT NULL) WITHOUT ROWID;
   CREATE TABLE facts (name TEXT PRIMARY KEY, value INTEGER) WITHOUT ROWID;`,
];

/** `slots`: how many attempts at once; `last-contact`: written when a socket opens or ends; `lost-since`: told to the orchestrators. */
type Fact = "slots" | "last-contact" | "lost-since";

/**
 * The few rows of a mailbox: which projects have (or had) given it work, and what must survive a restart of its agent's contact. No row is
 * written per task.
 */
export class AgentMailboxStore {
  readonly #sql: CountedSql;
  readonly #projects = new Map<ProjectKey, boolean>();
  readonly #facts = new Map<Fact, number>();

  constructor(storage: DurableObjectStorage, sql: CountedSql) {
    migrate(storage, steps);
    this.#sql = sql;
    this.load();
  }

  /** Reads everything anew. */
  load(): void {
    for (const mirrored of [this.#projects, this.#facts]) mirrored.clear();
    for (const { key, active } of this.#sql.all<{ key: string; active: number }>("SELECT key, active FROM projects")) {
      this.#projects.set(key as ProjectKey, active === 1);
    }
    for (const { name, value } of this.#sql.all<{ name: string; value: number }>("SELECT name, value FROM facts")) {
      this.#facts.set(name as Fact, value);
    }
  }

  /** Whether the project has ever given this agent work: reports for others are not passed on. */
  knows(project: ProjectKey): boolean {
    return this.#projects.has(project);
  }

  /** Projects that may have work outstanding here. */
  get active(): readonly ProjectKey[] {
    return [...this.#projects].filter(([, active]) => active).map(([key]) => key);
  }

  /** All that have given this agent work, those with some outstanding first. */
  get projects(): readonly ProjectKey[] {
    return [...this.#projects].toSorted(([, one], [, other]) => Number(other) - Number(one)).map(([key]) => key);
  }

  setActive(project: ProjectKey, active: boolean): void {
    if (this.#projects.get(project) === active) return;
    this.#sql.all(
      "INSERT INTO projects (key, active) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET active = ?2",
      project,
      active ? 1 : 0,
    );
    this.#projects.set(project, active);
  }

  fact(name: Fact): Moment | number | undefined {
    return this.#facts.get(name);
  }

  setFact(name: Fact, value: number | undefined): void {
    if (this.#facts.get(name) === value) return;
    if (value === undefined) {
      this.#sql.all("DELETE FROM facts WHERE name = ?", name);
      this.#facts.delete(name);
      return;
    }
    this.#sql.all("INSERT INTO facts (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = ?2", name, value);
    this.#facts.set(name, value);
  }
}
