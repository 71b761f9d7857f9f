import type { Moment } from "../../core/time.ts";
import { hourMs, secondMs } from "../../core/time.ts";
import { ClientError } from "../client-error.ts";

export interface WriteLaneDeps {
  readonly now: () => Moment;
  readonly sleep: (ms: number) => Promise<void>;
  /** Between two writes of the same credential; GitHub asks for at least 1,000. Default 1,000. */
  readonly spacingMs?: number;
  /** Comments, issues and pull requests made in any hour per credential; GitHub allows 500. Default 500. */
  readonly creationsPerHour?: number;
}

/** Puts the writes of one credential one after the other, as https://docs.github.com/rest/using-the-rest-api/best-practices-for-using-the-rest-api asks. */
export interface WriteLane {
  /**
   * Acts when its turn has come: when the writes before it have ended and the spacing is over, in the order of the calls. A write whose end is not
   * heard of (its invocation died) holds the others up for 20 s. A creation beyond the hourly bound is refused with a retryable `rate-limited` that
   * names when there is room. The bound holds within one isolate; the queue of GitHub writes has one consumer, so that this is the mesh.
   */
  write<T>(lane: string, kind: "creates" | "changes", act: () => Promise<T>): Promise<T>;
}

/** One write that waits or is under way. */
interface Turn {
  /** When its caller looks again, or its call should have ended; long past means that nobody is behind it any more. */
  due: Moment;
}

/** Only plain data is shared: a promise of another request's context may never settle in a Worker, so each caller waits by itself. */
interface Lane {
  /** In the order of the calls; the first is under way, or about to be. */
  readonly turns: Turn[];
  freeAt: Moment;
  creations: Moment[];
}

/** Longer than a call to GitHub may take. */
const actLimitMs = 20 * secondMs;
/** A waiting caller that is so late to look again is gone. */
const lateMs = 5 * secondMs;
const lookEveryMs = 20;

export function createWriteLane(deps: WriteLaneDeps): WriteLane {
  const spacingMs = deps.spacingMs ?? secondMs;
  const bound = deps.creationsPerHour ?? 500;
  const lanes = new Map<string, Lane>();

  async function comeFirst(lane: Lane, mine: Turn): Promise<void> {
    for (;;) {
      const at = deps.now();
      while (lane.turns[0] !== mine && lane.turns[0] !== undefined && lane.turns[0].due < at) lane.turns.shift();
      const isFirst = lane.turns[0] === mine;
      if (isFirst && at >= lane.freeAt) return;
      const wait = isFirst ? lane.freeAt - at : Math.max(lookEveryMs, Math.min(lane.freeAt - at, spacingMs));
      mine.due = at + wait + lateMs;
      await deps.sleep(wait);
      // Given up for gone while it slept: it takes its place again.
      if (!lane.turns.includes(mine)) lane.turns.push(mine);
    }
  }

  return {
    async write(name, kind, act) {
      const lane = lanes.get(name) ?? { turns: [], freeAt: 0, creations: [] };
      lanes.set(name, lane);
      const mine: Turn = { due: deps.now() + lateMs };
      lane.turns.push(mine);
      try {
        await comeFirst(lane, mine);
        if (kind === "creates") takeCreation(lane, deps.now(), bound);
        mine.due = deps.now() + actLimitMs;
        try {
          return await act();
        } finally {
          lane.freeAt = deps.now() + spacingMs;
        }
      } finally {
        const index = lane.turns.indexOf(mine);
        if (index >= 0) lane.turns.splice(index, 1);
      }
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
