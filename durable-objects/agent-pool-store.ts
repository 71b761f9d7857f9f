import type { AgentId, ProjectKey } from "../core/ids.ts";
import type { ProjectProfile } from "../core/inputs.ts";
import type { Departure } from "../core/pool/departure.ts";
import { parseHistory, renderHistory, withResults } from "../core/pool/history.ts";
import type { AgentResult } from "../core/pool/history.ts";
import type { Agent, AgentGrant, History } from "../core/pool/state.ts";
import type { CountedSql } from "./counted-sql.ts";
import { migrate } from "./schema-migrations.ts";

const steps = [
  `CREATE TABLE grants (agent TEXT PRIMARY KEY, token_hash TEXT NOT NULL UNIQUE, body TEXT NOT NULL) WITHOUT ROWID;
   CREATE TABLE agents (id TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID;
   CREATE TABLE histories (agent TEXT NOT NULL, capability TEXT NOT NULL, results TEXT NOT NULL, PRIMARY KEY (agent, capability)) WITHOUT ROWID;
   CREATE TABLE recorded (project TEXT PRIMARY KEY, up_to_seq INTEGER NOT NULL) WITHOUT ROWID;
   CREATE TABLE waiting (project TEXT PRIMARY KEY) WITHOUT ROWID;
   CREATE TABLE projects (key TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID;`,
  `CREATE TABLE departures (key TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID;`,
];

/**
 * What the pool keeps, in tables and mirrored in memory (agents, histories and projects are few and read all the time). A row is written
 * only when it changes. Tokens are kept as SHA-256 hashes only.
 */
export class AgentPoolStore {
  readonly #storage: DurableObjectStorage;
  readonly #sql: CountedSql;
  readonly #agents = new Map<AgentId, Agent>();
  readonly #histories = new Map<string, History>();
  readonly #projects = new Map<ProjectKey, ProjectProfile>();

  constructor(storage: DurableObjectStorage, sql: CountedSql) {
    migrate(storage, steps);
    this.#storage = storage;
    this.#sql = sql;
    this.load();
  }

  /** Reads everything anew. */
  load(): void {
    for (const mirrored of [this.#agents, this.#histories, this.#projects]) mirrored.clear();
    for (const { body } of this.#sql.all<{ body: string }>("SELECT body FROM agents")) this.#keep(JSON.parse(body) as Agent);
    for (const { body } of this.#sql.all<{ body: string }>("SELECT body FROM projects")) this.#know(JSON.parse(body) as ProjectProfile);
    type Row = { agent: string; capability: string; results: string };
    for (const { agent, capability, results } of this.#sql.all<Row>("SELECT agent, capability, results FROM histories")) {
      this.#histories.set(historyKey(agent, capability), parseHistory(results));
    }
  }

  /** By id. */
  get agents(): readonly Agent[] {
    return [...this.#agents.values()].toSorted((a, b) => (a.id < b.id ? -1 : 1));
  }

  agent(id: AgentId): Agent | undefined {
    return this.#agents.get(id);
  }

  saveAgent(agent: Agent): void {
    const body = JSON.stringify(agent);
    if (JSON.stringify(this.#agents.get(agent.id)) === body) return;
    this.#sql.all("INSERT INTO agents (id, body) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET body = excluded.body", agent.id, body);
    this.#keep(agent);
  }

  /** Changes the agent in memory only: contact that is too small a change to be worth a row. */
  noteAgent(agent: Agent): void {
    this.#keep(agent);
  }

  removeAgent(id: AgentId): void {
    this.#storage.transactionSync(() => {
      this.#sql.all("DELETE FROM agents WHERE id = ?", id);
      this.#sql.all("DELETE FROM grants WHERE agent = ?", id);
      this.#sql.all("DELETE FROM histories WHERE agent = ?", id);
    });
    this.#agents.delete(id);
    for (const key of this.#histories.keys()) if (key.startsWith(historyKey(id, ""))) this.#histories.delete(key);
  }

  /** True when the agent had another token before. */
  saveGrant(grant: AgentGrant, tokenHash: string): boolean {
    const [before] = this.#sql.all<{ hash: string }>("SELECT token_hash AS hash FROM grants WHERE agent = ?", grant.agent);
    this.#sql.all(
      "INSERT INTO grants (agent, token_hash, body) VALUES (?1, ?2, ?3) ON CONFLICT (agent) DO UPDATE SET token_hash = ?2, body = ?3",
      grant.agent,
      tokenHash,
      JSON.stringify(grant),
    );
    return before !== undefined && before.hash !== tokenHash;
  }

  grantOf(tokenHash: string): AgentGrant | null {
    const [row] = this.#sql.all<{ body: string }>("SELECT body FROM grants WHERE token_hash = ?", tokenHash);
    return row === undefined ? null : (JSON.parse(row.body) as AgentGrant);
  }

  /** By agent. */
  get grants(): readonly AgentGrant[] {
    return this.#sql.all<{ body: string }>("SELECT body FROM grants ORDER BY agent").map(({ body }) => JSON.parse(body) as AgentGrant);
  }

  /** Changes what the agent's token allows, the token staying the same; nothing when it has none. */
  changeGrant(grant: AgentGrant): void {
    this.#sql.all("UPDATE grants SET body = ?2 WHERE agent = ?1", grant.agent, JSON.stringify(grant));
  }

  /** False when the agent had no token. */
  removeGrant(id: AgentId): boolean {
    return this.#sql.all("DELETE FROM grants WHERE agent = ? RETURNING agent", id).length > 0;
  }

  history(agent: AgentId, capability: string): History {
    return this.#histories.get(historyKey(agent, capability)) ?? [];
  }

  /** Adds results in their order, unless the project has told them before. */
  record(project: ProjectKey, upToSeq: number, results: readonly AgentResult[]): void {
    const [row] = this.#sql.all<{ upTo: number }>("SELECT up_to_seq AS upTo FROM recorded WHERE project = ?", project);
    if (row !== undefined && upToSeq <= row.upTo) return;
    const grouped = new Map<string, { agent: string; capability: string; oks: boolean[] }>();
    for (const { agent, capability, ok, seq } of results) {
      if (row !== undefined && seq !== undefined && seq <= row.upTo) continue;
      const key = historyKey(agent, capability);
      const group = grouped.get(key) ?? { agent, capability, oks: [] };
      group.oks.push(ok);
      grouped.set(key, group);
    }
    const changed = [...grouped].flatMap(([key, { agent, capability, oks }]) => {
      const before = this.#histories.get(key) ?? [];
      const after = withResults(before, oks);
      return renderHistory(after) === renderHistory(before) ? [] : [{ key, agent, capability, after }];
    });
    this.#storage.transactionSync(() => {
      for (const { agent, capability, after } of changed) {
        this.#sql.all(
          "INSERT INTO histories (agent, capability, results) VALUES (?1, ?2, ?3) ON CONFLICT (agent, capability) DO UPDATE SET results = ?3",
          agent,
          capability,
          renderHistory(after),
        );
      }
      this.#sql.all(
        "INSERT INTO recorded (project, up_to_seq) VALUES (?1, ?2) ON CONFLICT (project) DO UPDATE SET up_to_seq = ?2",
        project,
        upToSeq,
      );
    });
    for (const { key, after } of changed) this.#histories.set(key, after);
  }

  addWaiting(project: ProjectKey): void {
    this.#sql.all("INSERT OR IGNORE INTO waiting (project) VALUES (?)", project);
  }

  /** The projects with work that waits for an agent; they have to say so again. */
  takeWaiting(): readonly ProjectKey[] {
    return this.#sql.all<{ project: string }>("DELETE FROM waiting RETURNING project").map(({ project }) => project as ProjectKey);
  }

  get projects(): readonly ProjectProfile[] {
    return [...this.#projects.values()];
  }

  saveProject(profile: ProjectProfile): void {
    const body = JSON.stringify(profile);
    if (JSON.stringify(this.#projects.get(profile.key)) === body) return;
    this.#sql.all("INSERT INTO projects (key, body) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET body = ?2", profile.key, body);
    this.#know(profile);
  }

  /** Takes the project out of the registry, and its name out of every grant, in one step with what is noted of its way out. */
  depart(departure: Departure): void {
    const { key } = departure.profile;
    const without = <T extends { readonly projects: "all" | readonly ProjectKey[] }>(holder: T): T | undefined =>
      holder.projects !== "all" && holder.projects.includes(key)
        ? { ...holder, projects: holder.projects.filter((project) => project !== key) }
        : undefined;
    this.#storage.transactionSync(() => {
      this.noteDeparture(departure);
      this.#sql.all("DELETE FROM projects WHERE key = ?", key);
      this.#sql.all("DELETE FROM waiting WHERE project = ?", key);
      for (const grant of this.grants) {
        const shorter = without(grant);
        if (shorter) this.changeGrant(shorter);
      }
    });
    for (const agent of this.agents) {
      const shorter = without(agent);
      if (shorter) this.saveAgent(shorter);
    }
    this.#projects.delete(key);
  }

  noteDeparture(departure: Departure): void {
    const body = JSON.stringify(departure);
    this.#sql.all(
      "INSERT INTO departures (key, body) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET body = ?2",
      departure.profile.key,
      body,
    );
  }

  get departures(): readonly Departure[] {
    return this.#sql.all<{ body: string }>("SELECT body FROM departures ORDER BY key").map(({ body }) => JSON.parse(body) as Departure);
  }

  /** The project is gone; `forget`: that its results were counted up to a number of its journal, too, since that begins anew. */
  departed(key: ProjectKey, forget: boolean): void {
    this.#storage.transactionSync(() => {
      this.#sql.all("DELETE FROM departures WHERE key = ?", key);
      if (forget) this.#sql.all("DELETE FROM recorded WHERE project = ?", key);
    });
  }

  #keep(agent: Agent): void {
    this.#agents.set(agent.id, agent);
  }

  #know(profile: ProjectProfile): void {
    this.#projects.set(profile.key, profile);
  }
}

function historyKey(agent: string, capability: string): string {
  return `${agent}/${capability}`;
}
