import { secondMs } from "../../core/time.ts";
import type { Moment } from "../../core/time.ts";

const everyMs = 30 * secondMs;
const mostRemembered = 1_000;

/** Which sessions under way were asked lately how much they have written: whoever looks at one asks it itself, so lists may be half a minute behind. */
export class AskedLately {
  /** The one asked longest ago first. */
  readonly #asked = new Map<string, Moment>();

  /** Whether the session is to be asked now, which is then noted. One that has ended is asked each time: it is the last word. */
  takes(session: string, hasEnded: boolean, at: Moment): boolean {
    if (hasEnded) return true;
    const before = this.#asked.get(session);
    if (before !== undefined && Math.abs(at - before) < everyMs) return false;
    this.#asked.delete(session);
    this.#asked.set(session, at);
    for (const oldest of this.#asked.keys()) {
      if (this.#asked.size <= mostRemembered) break;
      this.#asked.delete(oldest);
    }
    return true;
  }

  /** It did not answer. */
  forget(session: string): void {
    this.#asked.delete(session);
  }
}
