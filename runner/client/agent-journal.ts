import type { Report } from "../../core/protocol/frames.ts";

/** What a journal holds when it is opened. */
export interface KeptReports {
  /** Names the journal to the mesh: 8 to 64 of `A-Z a-z 0-9 _ -`. The same as long as its numbers go on. */
  readonly id: string;
  /** Every report up to this number is committed by the mesh; 0 at first. */
  readonly lastAck: number;
  /** Those after it, in the order of their numbers. */
  readonly reports: readonly Report[];
}

/**
 * Where an agent keeps what it has reported until the mesh has it. A durable one (a file, a database, the storage of a Durable Object) lets reports
 * outlive the process; calls come one at a time, in order.
 */
export interface AgentJournal {
  open(): KeptReports | Promise<KeptReports>;
  /** Kept when it returns or resolves; only then is the report sent. */
  append(report: Report): void | Promise<void>;
  /** Reports up to `seq` may be forgotten. */
  acknowledged(seq: number): void | Promise<void>;
}

/** The journal of an agent that starts afresh with its process: the mesh then gives its attempts out again. */
export function memoryJournal(id: string = randomName()): AgentJournal {
  let lastAck = 0;
  let reports: Report[] = [];
  return {
    open: () => ({ id, lastAck, reports: [...reports] }),
    append: (report) => void reports.push(report),
    acknowledged(seq) {
      lastAck = Math.max(lastAck, seq);
      reports = reports.filter((report) => report.seq > seq);
    },
  };
}

/** Not `crypto.randomUUID`, which pages that did not come by https lack. */
function randomName(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
