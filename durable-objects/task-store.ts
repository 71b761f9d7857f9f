import type { AgentId, TaskId } from "../core/ids.ts";
import type { Policy } from "../core/policy.ts";
import { WaitingQueue } from "../core/project/waiting-queue.ts";
import { readTask } from "../core/snapshot.ts";
import { hasEnded, laneOf, liveAttempt } from "../core/task/attempts.ts";
import type { Lane } from "../core/task/attempts.ts";
import type { Task, TaskStatus } from "../core/task/state.ts";
import { nextTaskTimer } from "../core/task/timers.ts";
import type { Moment } from "../core/time.ts";
import { dayOf } from "./project-orchestrator-tables.ts";
import type { CountedSql } from "./counted-sql.ts";

/** Payloads longer than this stay in their row while the task is active and are read when it is handed over. */
const payloadKeptChars = 8_192;
/** A task whose payload is not in memory. */
const leftInRow = undefined;

/** Which ended tasks: submitted since a moment, and before another one or at it under a lower id. */
export interface EndedFilter {
  readonly status?: TaskStatus;
  readonly capability?: string;
  readonly agent?: AgentId;
  readonly since: Moment;
  readonly before: { readonly at: Moment; readonly id: string };
  readonly limit: number;
}

/**
 * The tasks of one project: active ones in memory with what is asked of them (who waits, who is busy), ended ones in rows by the day they
 * ended on. A task is written once when it is submitted, once per commit that changes it, and its payload only the first time.
 */
export class TaskStore {
  readonly #sql: CountedSql;
  queue = new WaitingQueue();
  readonly busy = new Map<Lane, number>();
  #active = new Map<TaskId, Task>();
  readonly #live = new Map<AgentId, Set<TaskId>>();
  readonly #new = new Set<TaskId>();
  readonly #dirty = new Set<TaskId>();
  readonly #ended = new Set<TaskId>();
  #days: number[] = [];
  /** Ids looked for together and found in no row of an ended task. */
  readonly #unused = new Set<TaskId>();

  constructor(sql: CountedSql) {
    this.#sql = sql;
  }

  load(): void {
    this.queue = new WaitingQueue();
    this.busy.clear();
    this.#live.clear();
    this.#active = new Map();
    this.#new.clear();
    this.#dirty.clear();
    this.#ended.clear();
    this.#unused.clear();
    const rows = this.#sql.all<{ json: string; payload: string | null }>(
      "SELECT json, CASE WHEN length(payload) <= ? THEN payload END AS payload FROM tasks WHERE day = 0",
      payloadKeptChars,
    );
    const tasks = rows.flatMap(({ json, payload }) => {
      const task = readTask(json);
      return task.ok ? [{ ...task.value, payload: payload === null ? leftInRow : (JSON.parse(payload) as unknown) }] : [];
    });
    tasks.sort((a, b) => a.submittedAt - b.submittedAt);
    for (const task of tasks) this.#put(task);
    this.#days = this.#sql.daysOf("tasks").filter((day) => day > 0);
  }

  get(id: TaskId): Task | undefined {
    return this.#active.get(id) ?? this.#endedTask(id);
  }

  /** Looks for tasks about to be submitted, all in one step, so that each need not be looked for by itself. */
  lookFor(ids: readonly TaskId[]): void {
    this.#unused.clear();
    for (const id of ids) this.#unused.add(id);
    if (ids.length === 0 || this.#days.length === 0) return;
    const known = this.#sql.all<{ id: string }>(
      `SELECT tasks.id FROM json_each(?1) AS days CROSS JOIN json_each(?2) AS wanted
       CROSS JOIN tasks ON tasks.day = days.value AND tasks.id = wanted.value`,
      JSON.stringify(this.#days),
      JSON.stringify(ids),
    );
    for (const { id } of known) this.#unused.delete(id as TaskId);
  }

  active(): Iterable<Task> {
    return this.#active.values();
  }

  get days(): readonly number[] {
    return this.#days;
  }

  *liveOf(agent: AgentId): Iterable<Task> {
    for (const id of this.#live.get(agent) ?? []) {
      const task = this.#active.get(id);
      if (task !== undefined) yield task;
    }
  }

  *due(at: Moment, policy: Policy): Iterable<Task> {
    for (const task of this.#active.values()) if ((nextTaskTimer(task, policy) ?? Number.POSITIVE_INFINITY) <= at) yield task;
  }

  /** The earliest timer of all active tasks. */
  nextTimer(policy: Policy): Moment | undefined {
    let next: Moment | undefined;
    for (const task of this.#active.values()) {
      const due = nextTaskTimer(task, policy);
      if (due !== undefined && (next === undefined || due < next)) next = due;
    }
    return next;
  }

  /** The payload, also when it is not in memory. */
  payloadOf(task: Task): unknown {
    if (task.payload !== leftInRow) return task.payload;
    const row = this.#sql.first<{ payload: string }>("SELECT payload FROM tasks WHERE day IN (0, ?) AND id = ?", dayKey(task), task.id);
    return row === undefined ? undefined : (JSON.parse(row.payload) as unknown);
  }

  counts(): { pending: number; dispatched: number; running: number } {
    const counts = { pending: 0, dispatched: 0, running: 0 };
    for (const { status } of this.#active.values()) if (status in counts) counts[status as keyof typeof counts] += 1;
    return counts;
  }

  /** Ended tasks, newest submission first, of the latest days. */
  ended(filter: EndedFilter): Task[] {
    const found: Task[] = [];
    for (const day of this.#days.toSorted((a, b) => b - a)) {
      const rows = this.#sql.all<{ json: string }>(
        `SELECT json FROM tasks WHERE day = ?1 AND (json->>'$.submittedAt', id) < (?2, ?3) AND json->>'$.submittedAt' >= ?4
         AND (?5 IS NULL OR json->>'$.status' = ?5) AND (?6 IS NULL OR json->>'$.capability' = ?6)
         AND (?7 IS NULL OR EXISTS (SELECT 1 FROM json_each(json, '$.attempts') AS attempt WHERE attempt.value->>'$.agent' = ?7))
         ORDER BY json->>'$.submittedAt' DESC, id DESC LIMIT ?8`,
        day,
        filter.before.at,
        filter.before.id,
        filter.since,
        filter.status ?? null,
        filter.capability ?? null,
        filter.agent ?? null,
        filter.limit,
      );
      for (const { json } of rows) {
        const task = readTask(json);
        if (task.ok) found.push(task.value);
      }
      if (found.length >= filter.limit) break;
    }
    return found;
  }

  take(tasks: readonly Task[]): void {
    for (const task of tasks) {
      const before = this.#active.get(task.id);
      if (before === undefined) this.#new.add(task.id);
      else this.#unindex(before);
      this.#dirty.add(task.id);
      this.#put(task);
      if (hasEnded(task)) this.#ended.add(task.id);
    }
  }

  flush(): void {
    if (this.#dirty.size === 0) return;
    const submitted: (string | number)[][] = [];
    const changed: (string | number)[][] = [];
    for (const id of this.#dirty) {
      const task = this.#active.get(id);
      if (task === undefined) continue;
      const { payload, ...rest } = task;
      const day = dayKey(task);
      if (day > 0 && !this.#days.includes(day)) this.#days.push(day);
      if (!this.#new.has(id)) {
        changed.push([id, day, JSON.stringify(rest)]);
        continue;
      }
      const text = JSON.stringify(payload) ?? "null";
      submitted.push([id, day, JSON.stringify(rest), text]);
      if (text.length > payloadKeptChars) this.#put({ ...task, payload: leftInRow });
    }
    this.#sql.many(
      `INSERT INTO tasks (day, id, ended_day, json, payload)
       SELECT value->>1, value->>0, value->>1, value->>2, value->>3 FROM json_each(?)`,
      submitted,
    );
    // An upsert finds each row by its key; UPDATE … FROM would go through all active rows for each.
    this.#sql.many(
      `INSERT INTO tasks (day, id, ended_day, json, payload)
       SELECT 0, value->>0, value->>1, value->>2, '' FROM json_each(?) WHERE true
       ON CONFLICT (day, id) DO UPDATE SET day = excluded.ended_day, ended_day = excluded.ended_day, json = excluded.json`,
      changed,
    );
    this.#dirty.clear();
    this.#new.clear();
  }

  settle(): void {
    this.#unused.clear();
    for (const id of this.#ended) this.#active.delete(id);
    this.#ended.clear();
  }

  forget(beforeDay: number): void {
    this.#sql.all("DELETE FROM tasks WHERE day > 0 AND day < ?", beforeDay);
    this.#days = this.#days.filter((day) => day >= beforeDay);
  }

  #put(task: Task): void {
    this.#active.set(task.id, task);
    if (task.status === "pending" && task.notBefore === undefined) this.queue.add(task);
    const live = hasEnded(task) ? undefined : liveAttempt(task);
    if (live === undefined) return;
    let ids = this.#live.get(live.agent);
    if (ids === undefined) this.#live.set(live.agent, (ids = new Set()));
    if (ids.has(task.id)) return;
    ids.add(task.id);
    this.#count(laneOf(live.agent, task.capability, live.ownSlots), 1);
  }

  #unindex(task: Task): void {
    if (task.status === "pending") this.queue.remove(task);
    const live = liveAttempt(task);
    const ids = live && this.#live.get(live.agent);
    if (live === undefined || ids?.delete(task.id) !== true) return;
    if (ids.size === 0) this.#live.delete(live.agent);
    this.#count(laneOf(live.agent, task.capability, live.ownSlots), -1);
  }

  #count(lane: Lane, more: 1 | -1): void {
    const count = (this.busy.get(lane) ?? 0) + more;
    if (count > 0) this.busy.set(lane, count);
    else this.busy.delete(lane);
  }

  #endedTask(id: TaskId): Task | undefined {
    if (this.#days.length === 0 || this.#unused.has(id)) return undefined;
    const row = this.#sql.first<{ json: string }>(
      "SELECT tasks.json FROM json_each(?) AS days CROSS JOIN tasks ON tasks.day = days.value AND tasks.id = ?",
      JSON.stringify(this.#days),
      id,
    );
    if (row === undefined) return undefined;
    const task = readTask(row.json);
    return task.ok ? task.value : undefined;
  }
}

/** 0 while the task is active. */
function dayKey(task: Task): number {
  return hasEnded(task) && task.endedAt !== undefined ? dayOf(task.endedAt) : 0;
}
