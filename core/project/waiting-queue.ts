import type { TaskId } from "../ids.ts";
import type { Task } from "../task/state.ts";

interface Bucket {
  /** In the order of submission. */
  readonly fresh: Map<TaskId, Task>;
  /** Tried before, so older than every fresh one; few. */
  readonly returned: Map<TaskId, Task>;
}

/**
 * The tasks that wait for an agent, by capability. Adding, taking out and reading the first cost the same however many wait: a task that
 * comes back after an attempt goes before those that were never tried.
 */
export class WaitingQueue {
  readonly #byCapability = new Map<string, Map<number, Bucket>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  capabilities(): Iterable<string> {
    return this.#byCapability.keys();
  }

  add(task: Task): void {
    let buckets = this.#byCapability.get(task.capability);
    if (buckets === undefined) this.#byCapability.set(task.capability, (buckets = new Map()));
    let bucket = buckets.get(task.priority);
    if (bucket === undefined) buckets.set(task.priority, (bucket = { fresh: new Map(), returned: new Map() }));
    const line = task.attempts.length === 0 ? bucket.fresh : bucket.returned;
    if (!line.has(task.id)) this.#size += 1;
    line.set(task.id, task);
  }

  /** Takes the task out; nothing happens when it does not wait. */
  remove(task: Pick<Task, "id" | "capability" | "priority">): void {
    const buckets = this.#byCapability.get(task.capability);
    const bucket = buckets?.get(task.priority);
    if (buckets === undefined || bucket === undefined) return;
    if (bucket.fresh.delete(task.id) || bucket.returned.delete(task.id)) this.#size -= 1;
    if (bucket.fresh.size > 0 || bucket.returned.size > 0) return;
    buckets.delete(task.priority);
    if (buckets.size === 0) this.#byCapability.delete(task.capability);
  }

  /** Highest priority first, then oldest. */
  *of(capability: string): Iterable<Task> {
    const buckets = this.#byCapability.get(capability);
    if (buckets === undefined) return;
    for (const priority of [...buckets.keys()].sort((a, b) => b - a)) {
      const bucket = buckets.get(priority);
      if (bucket === undefined) continue;
      if (bucket.returned.size > 0) yield* [...bucket.returned.values()].sort((a, b) => a.submittedAt - b.submittedAt);
      yield* bucket.fresh.values();
    }
  }
}
