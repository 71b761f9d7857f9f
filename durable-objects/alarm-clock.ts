import type { Moment } from "../core/time.ts";
import { clock, now } from "../platform/clock.ts";
import { errorText, log } from "../platform/log.ts";

/** An alarm whose work failed rings again after this many milliseconds. */
const againAfterMs = 30_000;

/**
 * The one alarm of an object. It stands at the earliest due time or before it, never after; a ring that comes too early only looks again.
 * Made in the constructor; `nextDue` tells the earliest moment at which the object has something to do,
 * `armedOnce` hears of every alarm set, which costs a row.
 */
export class AlarmClock {
  readonly #storage: DurableObjectStorage;
  readonly #nextDue: () => Moment | undefined;
  readonly #armedOnce: () => void;
  /** In real time, as the platform has it. */
  #armed: number | null = null;

  constructor(ctx: DurableObjectState, nextDue: () => Moment | undefined, armedOnce: () => void = () => {}) {
    this.#storage = ctx.storage;
    this.#nextDue = nextDue;
    this.#armedOnce = armedOnce;
    void ctx.blockConcurrencyWhile(async () => {
      this.#armed = await this.#storage.getAlarm();
    });
  }

  /** Looks what is due next, after a change. Writes only when the alarm has to come earlier than it stands. */
  wind(): void {
    const due = this.#nextDue();
    if (due !== undefined) this.wakeBy(due);
  }

  /** The alarm rings at this moment or before. */
  wakeBy(at: Moment): void {
    const real = clock.real(at);
    if (this.#armed === null || real < this.#armed) this.#arm(real);
  }

  /**
   * To be called by `alarm()`. Arms the next alarm before the work begins, so that nothing is lost when it dies; a failure is logged and
   * tried again. Never throws, since the platform gives an alarm up that failed six times.
   */
  async ring(work: (at: Moment) => Promise<void> | void): Promise<void> {
    this.#arm(Date.now() + againAfterMs);
    try {
      await work(now());
    } catch (thrown) {
      log("error", "an alarm's work failed", { reason: "alarm-failed", error: errorText(thrown) });
      return;
    }
    const due = this.#nextDue();
    if (due !== undefined) {
      if (clock.real(due) !== this.#armed) this.#arm(clock.real(due));
      return;
    }
    this.#armed = null;
    await this.#storage.deleteAlarm();
  }

  /** As `ring`, for an object that has nothing to do before `nextDue`: a ring before that arms the next alarm, one row instead of two. */
  async ringWhenDue(work: (at: Moment) => Promise<void> | void): Promise<void> {
    const due = this.#nextDue();
    if (due !== undefined && due > now()) return this.#arm(clock.real(due));
    await this.ring(work);
  }

  #arm(real: number): void {
    this.#armed = real;
    // The platform refuses a time before 1970, which a shifted clock can make of one that is long over.
    this.#armedOnce();
    void this.#storage.setAlarm(Math.max(1, real));
  }
}
