import type { ProjectKey } from "../core/ids.ts";
import type { Candidate } from "../core/pool/state.ts";
import { secondMs } from "../core/time.ts";
import type { Moment } from "../core/time.ts";
import { now } from "../platform/clock.ts";
import { errorText, log } from "../platform/log.ts";
import { pool } from "./remote.ts";

/** What the pool said is good for this long. */
const freshMs = secondMs;
/** While it is in use it is asked for again when half of that is over, so that a busy project never waits for the pool. */
const askAgainMs = freshMs / 2;

/** The agents that may serve the project, as the pool said a moment ago. */
export class Candidates {
  readonly #env: Env;
  readonly #project: ProjectKey;
  #known: readonly Candidate[] = [];
  #at: Moment = 0;
  #asking: Promise<boolean> | null = null;

  constructor(env: Env, project: ProjectKey) {
    this.#env = env;
    this.#project = project;
  }

  /** Those who offer one of the capabilities, and only that of what they offer; null when what is known is too old. */
  offering(capabilities: Iterable<string>, at: Moment): Candidate[] | null {
    if (at >= this.#at + freshMs) return null;
    const wanted = new Set(capabilities);
    return this.#known.flatMap((candidate) => {
      const own = candidate.capabilities.filter(({ name }) => wanted.has(name));
      return own.length === 0 ? [] : [{ ...candidate, capabilities: own }];
    });
  }

  /** Those who offer the capability, the pool being asked when what is known is too old; null when it could not be asked. */
  async lookUp(capability: string, at: Moment): Promise<Candidate[] | null> {
    return this.offering([capability], at) ?? ((await this.ask()) ? this.offering([capability], now()) : null);
  }

  isAgeing(at: Moment): boolean {
    return at >= this.#at + askAgainMs;
  }

  /** What is known, and what is being answered just now, holds no longer. */
  drop(): void {
    this.#at = 0;
    this.#asking = null;
  }

  /** Asks the pool; false when it could not be asked. Those who ask meanwhile share the answer. */
  ask(): Promise<boolean> {
    if (this.#asking !== null) return this.#asking;
    const asking: Promise<boolean> = pool(this.#env)
      .candidates(this.#project, null)
      .then(
        (candidates) => {
          if (this.#asking !== asking) return false;
          this.#known = candidates;
          this.#at = now();
          return true;
        },
        (thrown: unknown) => {
          log("warn", "the pool could not be asked", { project: this.#project, reason: "pool-unreachable", error: errorText(thrown) });
          return false;
        },
      )
      .finally(() => {
        if (this.#asking === asking) this.#asking = null;
      });
    this.#asking = asking;
    return asking;
  }
}
