import type { Moment } from "../../core/time.ts";
import { hourMs, secondMs } from "../../core/time.ts";
import { ClientError } from "../client-error.ts";

export interface WriteLaneDeps {
  readonly now: () => Moment;
  readonly sleep: (ms: number) => Promise<void>;
  /** From the end of a write to the beginning of the next of the same credential; GitHub asks for at least 1,000. Default 1,000. */
  readonly spacingMs?: number;
  /** Comments, issues and pull requests made in any hour per credential; GitHub allows 500. Default 500. */
  readonly creationsPerHour?: number;
}

/** Puts the writes of one credential one after the other, as https://docs.github.com/rest/using-the-rest-api/best-practices-for-using-the-rest-api asks. */
export interface WriteLane {
  /**
   * Acts when its turn has come. A creation beyond the hourly bound is refused with a retryable `rate-limited` that names when there is room.
   * The bound holds within one isolate; the queue of GitHub writes has one consumer, so that this is the mesh.
   */
  write<T>(lane: string, kind: "creates" | "changes", act: () => Promise<T>): Promise<T>;
}

interface Lane {
  last: Promise<unknown>;
  freeAt: Moment;
  creations: Moment[];
}

export function createWriteLane(deps: WriteLaneDeps): WriteLane {
  const spacingMs = deps.spacingMs ?? secondMs;
  const bound = deps.creationsPerHour ?? 500;
  const lanes = new Map<string, Lane>();

  async function turn<T>(lane: Lane, kind: "creates" | "changes", act: () => Promise<T>): Promise<T> {
    const wait = lane.freeAt - deps.now();
    if (wait > 0) await deps.sleep(wait);
    if (kind === "creates") takeCreation(lane, deps.now(), bound);
    try {
      return await act();
    } finally {
      lane.freeAt = deps.now() + spacingMs;
    }
  }

  return {
    write(name, kind, act) {
      const lane = lanes.get(name) ?? { last: Promise.resolve(), freeAt: 0, creations: [] };
      lanes.set(name, lane);
      const mine = lane.last.then(
        () => turn(lane, kind, act),
        () => turn(lane, kind, act),
      );
      lane.last = mine;
      return mine;
    },
  };
}

function takeCreation(lane: Lane, at: Moment, bound: number): void {
  lane.creations = lane.creations.filter((made) => made > at - hourMs);
  const oldest = lane.creations[0];
  if (lane.creations.length >= bound && oldest !== undefined) {
    throw new ClientError(
      "GitHub",
      `${bound} comments, issues and pull requests were made within an hour; goes on when the first is an hour old`,
      {
        code: "rate-limited",
        retryable: true,
        retryAt: oldest + hourMs,
      },
    );
  }
  lane.creations.push(at);
}
