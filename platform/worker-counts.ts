/** What the Worker itself has done, in the platform's units. */
export interface WorkerCounts {
  /** HTTP requests, batches taken from queues, crons. */
  readonly workerRequests: number;
  /** Sent by it. All are smaller than the 64 KB that one operation may carry. */
  readonly queueMessages: number;
  /** Messages that came once more: another read each. */
  readonly queueRedeliveries: number;
  /** Statements sent to the read model. */
  readonly sqlStatements: number;
}

const names = ["workerRequests", "queueMessages", "queueRedeliveries", "sqlStatements"] as const satisfies readonly (keyof WorkerCounts)[];

let counts: Record<keyof WorkerCounts, number> = zero();

/** Counts in this isolate's memory. */
export function countWorker(name: keyof WorkerCounts, by = 1): void {
  counts[name] += by;
}

/** What was counted since the last time, and counts from 0 on. */
export function takeWorkerCounts(): WorkerCounts {
  const taken = counts;
  counts = zero();
  return taken;
}

/** Counts again what was taken and could not be told. */
export function giveBackWorkerCounts(taken: WorkerCounts): void {
  for (const name of names) countWorker(name, taken[name]);
}

function zero(): Record<keyof WorkerCounts, number> {
  return { workerRequests: 0, queueMessages: 0, queueRedeliveries: 0, sqlStatements: 0 };
}
