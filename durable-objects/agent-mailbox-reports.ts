import { projectOf } from "../core/ids.ts";
import type { ProjectKey } from "../core/ids.ts";
import type { Report, ReportBody } from "../core/protocol/frames.ts";
import { secondMs } from "../core/time.ts";

/** What the intake needs of its mailbox. */
export interface ReportSink {
  /** Whether reports for the project are passed on; others are dropped as if committed. */
  knows(project: ProjectKey): boolean;
  /** Whether nothing is decided by the report, so that it may wait a moment for others to go along with. */
  mayWait(project: ProjectKey, report: Report): boolean;
  /** Resolves when the project's orchestrator has committed these reports, in this order. */
  forward(project: ProjectKey, journal: string, reports: readonly Report[]): Promise<void>;
  /** The contiguous prefix up to `ack` is committed. */
  acknowledged(ack: number): void;
  /** Some could not be committed: the agent is to send again from the acknowledged number on. */
  failed(thrown: unknown): void;
}

interface Pending {
  readonly report: Report;
  /** About how long it is as JSON text. */
  readonly size: number;
  readonly mayWait: boolean;
  done: boolean;
}

/** What may wait for its commit: more would fill the memory of the mailbox. */
const waitingLimits = { reports: 20_000, size: 32 * 1_048_576 } as const;

/** One call to an orchestrator carries at most so many reports and so much text. */
const batchLimits = { reports: 1_000, size: 4 * 1_048_576 } as const;

/** They say how the work goes, and nothing is decided by them that could not be a second later. */
export const decidesNothing: ReadonlySet<ReportBody["type"]> = new Set(["progress", "usage", "checkpoint", "tool-decision", "snapshot"]);

/** Reports that may wait go after so long, or when they are so many, or with the first that may not. */
const waitLimits = { ms: secondMs, reports: 100 } as const;

interface Lane {
  queue: Pending[];
  busy: boolean;
  /** Runs while all that is queued may wait. */
  timer: ReturnType<typeof setTimeout> | undefined;
  /** What is queued has waited long enough. */
  isLate: boolean;
}

/**
 * Takes an agent's numbered reports and passes them to each project in order, one batch in flight per project: what arrives meanwhile
 * joins the next batch, and a batch never overtakes one that failed. What may wait joins what follows within a second: until it is committed it is not
 * acknowledged, and its agent keeps it. Numbers are acknowledged as a contiguous prefix.
 */
export class ReportIntake {
  readonly #sink: ReportSink;
  #journal: string | null = null;
  #ack = 0;
  #received = 0;
  /** In the order of their numbers; the head is the first that is not acknowledged. */
  #pending: Pending[] = [];
  #waiting = 0;
  #lanes = new Map<ProjectKey, Lane>();
  #waiters: (() => void)[] = [];

  constructor(sink: ReportSink) {
    this.#sink = sink;
  }

  get journal(): string | null {
    return this.#journal;
  }

  get ack(): number {
    return this.#ack;
  }

  /** An agent begins, or comes back, with this journal; answers what is acknowledged. True in `anew` for a journal not known before. */
  begin(journal: string, lastAck: number): { readonly ack: number; readonly anew: boolean } {
    const anew = this.#journal !== journal;
    if (anew || lastAck > this.#received) this.#reset(journal, lastAck);
    return { ack: this.#ack, anew };
  }

  /**
   * Takes reports that came as a text of this length; those received before are dropped. `gap` when a number is missing: nothing after it
   * is taken. `full` when so much waits for its commit already that none of them is.
   */
  take(reports: readonly Report[], length = 0): "taken" | "gap" | "full" {
    const size = length / Math.max(1, reports.length);
    if (this.#pending.length + reports.length > waitingLimits.reports || this.#waiting + length > waitingLimits.size) return "full";
    let gap = false;
    for (const report of reports) {
      if (report.seq <= this.#received) continue;
      if (report.seq !== this.#received + 1) {
        gap = true;
        break;
      }
      this.#received = report.seq;
      const project = projectOf(report.body.taskId);
      const mayWait = project !== undefined && this.#sink.mayWait(project, report);
      const pending: Pending = { report, size, mayWait, done: false };
      this.#pending.push(pending);
      this.#waiting += size;
      if (project === undefined || !this.#sink.knows(project)) {
        pending.done = true;
        continue;
      }
      const lane = this.#lanes.get(project);
      if (lane === undefined) this.#lanes.set(project, { queue: [pending], busy: false, timer: undefined, isLate: false });
      else lane.queue.push(pending);
    }
    for (const [project, lane] of this.#lanes) void this.#run(project, lane);
    this.#advance();
    return gap ? "gap" : "taken";
  }

  /** Resolves when everything taken is acknowledged, or could not be; nothing waits any longer for others. */
  settled(): Promise<void> {
    if (this.#pending.length === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waiters.push(resolve);
      for (const [project, lane] of this.#lanes) void this.#run(project, lane);
    });
  }

  async #run(project: ProjectKey, lane: Lane): Promise<void> {
    if (lane.busy || lane.queue.length === 0) return;
    lane.busy = true;
    while (this.#isDue(lane)) {
      clearTimeout(lane.timer ?? null);
      Object.assign(lane, { timer: undefined, isLate: false });
      const batch = nextBatch(lane);
      try {
        await this.#sink.forward(
          project,
          this.#journal ?? "",
          batch.map(({ report }) => report),
        );
      } catch (thrown) {
        if (this.#lanes.get(project) === lane) this.#fail(thrown);
        return;
      }
      if (this.#lanes.get(project) !== lane) return;
      for (const pending of batch) pending.done = true;
      this.#advance();
    }
    lane.busy = false;
    if (lane.queue.length > 0) lane.timer ??= setTimeout(() => this.#late(project, lane), waitLimits.ms);
  }

  #isDue({ queue, isLate }: Lane): boolean {
    if (queue.length === 0) return false;
    return isLate || this.#waiters.length > 0 || queue.length >= waitLimits.reports || queue.some(({ mayWait }) => !mayWait);
  }

  #late(project: ProjectKey, lane: Lane): void {
    Object.assign(lane, { timer: undefined, isLate: true });
    if (this.#lanes.get(project) === lane) void this.#run(project, lane);
  }

  #advance(): void {
    let head = 0;
    for (let next = this.#pending[head]; next?.done; next = this.#pending[head]) {
      this.#waiting -= next.size;
      head += 1;
    }
    if (head === 0) return;
    this.#ack = this.#pending[head - 1]?.report.seq ?? this.#ack;
    this.#pending = this.#pending.slice(head);
    this.#sink.acknowledged(this.#ack);
    if (this.#pending.length === 0) this.#release();
  }

  #fail(thrown: unknown): void {
    this.#reset(this.#journal ?? "", this.#ack);
    this.#sink.failed(thrown);
  }

  #reset(journal: string, ack: number): void {
    this.#journal = journal;
    this.#ack = ack;
    this.#received = ack;
    this.#pending = [];
    this.#waiting = 0;
    for (const { timer } of this.#lanes.values()) clearTimeout(timer ?? null);
    this.#lanes = new Map();
    this.#release();
  }

  #release(): void {
    for (const resolve of this.#waiters.splice(0)) resolve();
  }
}

function nextBatch(lane: Lane): Pending[] {
  let [count, size] = [0, 0];
  for (const pending of lane.queue) {
    size += pending.size;
    if (count > 0 && (count >= batchLimits.reports || size > batchLimits.size)) break;
    count += 1;
  }
  return lane.queue.splice(0, count);
}
