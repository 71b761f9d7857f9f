/** What `keepLooking` works with. */
export interface Looking {
  /** Fetches what is new; `whole`: also where nothing new is expected. Answers false when it came to nothing. */
  look(whole: boolean): Promise<boolean>;
  /** Whether everything that was told of can be fetched now. */
  hasAll(): Promise<boolean>;
  /** Nobody looks: it can wait. */
  hidden(): boolean;
}

/** Follows something that is told of by a kick, and can be fetched only a little later. */
export interface Looks {
  kick(): void;
  end(): void;
}

const soonMs = 600;
/** After each look, until everything is there. */
const againMs: readonly number[] = [1_000, 2_000, 4_000, 8_000, 8_000, 8_000, 8_000, 8_000];
/** However soon all is there: not everything that happens is told of. */
const leastLooks = 3;
const restMs = 30_000;

/** Looks soon after a kick, again until all is there, and now and then without any. Kicks in a short time are one. */
export function keepLooking({ look, hasAll, hidden }: Looking): Looks {
  let looks = 0;
  let waiting: "soon" | "rest" | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let ended = false;
  function later(ms: number, kind: "soon" | "rest"): void {
    clearTimeout(timer);
    waiting = kind;
    timer = setTimeout(() => void go(), ms);
  }
  async function go(): Promise<void> {
    if (hidden()) return later(restMs, "rest");
    waiting = undefined;
    const number = (looks += 1);
    // What all is there before is in what is fetched after.
    const settled = number > 1 && (await hasAll());
    if (ended) return;
    const ok = await look(settled);
    if (ended) return;
    if (looks !== number) return later(soonMs, "soon");
    const isDone = ok && settled && number >= leastLooks;
    later(isDone ? restMs : (againMs[number - 1] ?? restMs), "rest");
  }
  later(soonMs, "soon");
  return {
    kick() {
      looks = 0;
      if (waiting === "rest" && !ended) later(soonMs, "soon");
    },
    end() {
      ended = true;
      clearTimeout(timer);
    },
  };
}
