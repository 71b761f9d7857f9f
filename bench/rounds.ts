import { median } from "./load.ts";
import type { Load } from "./load.ts";

/** How long and how often. */
export interface Pace {
  readonly runs: number;
  /** Milliseconds of one run of a closed loop. */
  readonly forMs: number;
  /** Tasks of one bulk run. */
  readonly bulk: number;
}

/** One measured number, and what it is compared with. */
export interface Figure {
  readonly name: string;
  /** Who was measured: `mesh`, or one of the bare ones. */
  readonly of: string;
  readonly rate: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
  /** What holds when the caller is answered. */
  readonly durability: string;
  readonly beside: string | null;
  /** Median over the runs of our rate by theirs in the same run. */
  readonly ratio?: number;
  /** The least ratio aimed for. */
  readonly aim: number | null;
}

/** Measures several things in turns, so that what disturbs the machine disturbs all of them. */
export class Rounds {
  readonly #pace: Pace;
  readonly #kinds = new Map<string, { readonly measure: () => Promise<Load>; readonly loads: Load[] }>();

  constructor(pace: Pace) {
    this.#pace = pace;
  }

  add(name: string, measure: () => Promise<Load>): void {
    this.#kinds.set(name, { measure, loads: [] });
  }

  /** One turn of each that is not counted, then the counted ones. */
  async run(): Promise<void> {
    for (let turn = 0; turn <= this.#pace.runs; turn += 1) {
      for (const { measure, loads } of this.#kinds.values()) {
        const load = await measure();
        if (turn > 0) loads.push(load);
      }
    }
  }

  /** Medians over the runs. */
  of(name: string): { rate: number; p50: number; p99: number } {
    const loads = this.#loads(name);
    return {
      rate: median(loads.map(({ rate }) => rate)),
      p50: median(loads.map(({ p50 }) => p50)),
      p99: median(loads.map(({ p99 }) => p99)),
    };
  }

  ratio(name: string, other: string): number {
    const others = this.#loads(other);
    return median(this.#loads(name).map(({ rate }, run) => rate / (others[run]?.rate ?? Number.NaN)));
  }

  #loads(name: string): readonly Load[] {
    return this.#kinds.get(name)?.loads ?? [];
  }
}
