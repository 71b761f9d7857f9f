import { secondMs } from "../core/time.ts";

const longestPollMs = 30 * secondMs;

/** Requests that wait for something to be told, like those of an agent without a socket. */
export class LongPolls {
  readonly #waiting = new Set<() => void>();
  /** How often those that waited were sent away. */
  #dismissals = 0;

  /** What `due` has, at once or as soon as it has something within `waitMs` (at most 30 s); else nothing. */
  async items<T>(waitMs: number, due: () => T[]): Promise<T[]> {
    const until = Date.now() + Math.min(Math.max(0, waitMs), longestPollMs);
    for (const dismissals = this.#dismissals; dismissals === this.#dismissals;) {
      const items = due();
      if (items.length > 0) return items;
      const left = until - Date.now();
      if (left <= 0) return [];
      await this.#somethingNew(left);
    }
    return [];
  }

  /** There is something new: those that wait look again. */
  wake(): void {
    for (const wake of this.#waiting) wake();
  }

  /** Those that wait get nothing. */
  dismiss(): void {
    this.#dismissals += 1;
    this.wake();
  }

  #somethingNew(withinMs: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        this.#waiting.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, withinMs);
      this.#waiting.add(wake);
    });
  }
}
