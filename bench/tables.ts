import Table from "cli-table3";
import pc from "picocolors";
import type { Aged } from "./history.ts";
import type { Idle } from "./idle.ts";
import type { Priced } from "./price.ts";
import type { Figure } from "./rounds.ts";
import type { Streamed } from "./streaming.ts";

const style = { head: [], border: [] };
/** Apply time and memory of an old orchestrator may be this much of a young one's. */
const agedMost = 1.2;
/** US dollars for a thousand issues. */
const issueMost = 1;

export function figureTable(figures: readonly Figure[]): string {
  const right = "right" as const;
  const table = new Table({
    style,
    head: ["what", "of", "per second", "p50 ms", "p99 ms", "beside bare", "durable when answered"],
    colAligns: ["left", "left", right, right, right, right, "left"],
  });
  let last = "";
  for (const { name, of, rate, p50, p99, ratio, aim, durability } of figures) {
    const compared =
      ratio === undefined ? "" : judged(`${ratio.toFixed(2)}${aim === null ? "" : ` of ${aim}`}`, aim === null || ratio >= aim);
    table.push([
      name === last ? "" : name,
      of,
      Math.round(rate).toLocaleString("en"),
      p50.toFixed(1),
      p99.toFixed(1),
      compared,
      durability,
    ]);
    last = name;
  }
  return table.toString();
}

export function priceTable(prices: readonly Priced[]): string {
  const table = new Table({
    style,
    head: ["for one", "Worker requests", "object requests", "rows written", "rows read", "queue operations", "GB-s", "US$ for 1,000"],
    colAligns: ["left", ...Array.from({ length: 7 }, () => "right" as const)],
  });
  for (const { name, price, dollarsPerThousand } of prices) {
    const { workerRequests, objectRequests, rowsWritten, rowsRead, queueOperations, gbSeconds } = price;
    const numbers = [workerRequests, objectRequests, rowsWritten, rowsRead, queueOperations, gbSeconds].map((number) => number.toFixed(2));
    const cost = dollarsPerThousand.toFixed(4);
    table.push([name, ...numbers, name === "issue" ? judged(`${cost} of ${issueMost}`, dollarsPerThousand < issueMost) : cost]);
  }
  return table.toString();
}

export function idleTable(idle: readonly Idle[]): string {
  const table = new Table({
    style,
    head: ["agents", "minutes", "heartbeats", "wake-ups a minute", "rows written a minute"],
    colAligns: Array.from({ length: 5 }, () => "right" as const),
  });
  for (const { agents, minutes, heartbeats, wakeupsPerMinute, rowsWrittenPerMinute } of idle)
    table.push([String(agents), String(minutes), String(heartbeats), wakeupsPerMinute.toFixed(1), rowsWrittenPerMinute.toFixed(1)]);
  return table.toString();
}

export function historyTable(aged: readonly Aged[]): string {
  const table = new Table({
    style,
    head: ["finished runs and tasks", "ms an input", "heap MB", "time by the first", "heap by the first"],
    colAligns: ["right", "right", "right", "right", "right"],
  });
  const [first] = aged;
  for (const { finished, applyMs, heap } of aged) {
    const [time, memory] = [applyMs / (first?.applyMs ?? Number.NaN), heap / (first?.heap ?? Number.NaN)];
    table.push([
      finished.toLocaleString("en"),
      applyMs.toFixed(3),
      (heap / 1_048_576).toFixed(1),
      judged(time.toFixed(2), time <= agedMost),
      judged(memory.toFixed(2), memory <= agedMost),
    ]);
  }
  return table.toString();
}

/** Milliseconds from write to viewer that 99 of 100 pieces may take. */
const streamedMost = 500;

export function streamingTable(streamed: readonly Streamed[]): string {
  const head = [
    "sessions × viewers",
    "KiB/s",
    "seconds",
    "p50 ms",
    "p99 ms",
    "gaps",
    "rows written per MB",
    "cpu ms per MB",
    "MB before",
    "MB halfway",
    "MB after",
  ];
  const table = new Table({ style, head, colAligns: head.map(() => "right" as const) });
  const mb = (bytes: number): string => (bytes / 1_048_576).toFixed(0);
  for (const { sessions, viewers, bytesPerSecond, seconds, p50, p99, gaps, rowsPerMb, cpuPerMb, memory } of streamed) {
    table.push([
      `${sessions} × ${viewers}`,
      Math.round(bytesPerSecond / 1_024),
      seconds,
      p50.toFixed(1),
      judged(p99.toFixed(1), p99 < streamedMost),
      judged(String(gaps), gaps === 0),
      rowsPerMb.toFixed(1),
      cpuPerMb.toFixed(0),
      ...memory.map(mb),
    ]);
  }
  return table.toString();
}

function judged(text: string, good: boolean): string {
  return good ? pc.green(text) : pc.yellow(text);
}
