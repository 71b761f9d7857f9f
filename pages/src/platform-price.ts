/** What the platform bills, as `GET /ops/costs` counts it. */
export type PlatformCounts = Readonly<Partial<Record<keyof typeof dollars, number>>>;

/**
 * US dollars for one of each. https://developers.cloudflare.com/workers/platform/pricing/, https://developers.cloudflare.com/durable-objects/platform/pricing/,
 * https://developers.cloudflare.com/queues/platform/pricing/
 */
const dollars = {
  workerRequests: 0.3e-6,
  requests: 0.15e-6,
  rowsWritten: 1e-6,
  rowsRead: 0.001e-6,
  queueOperations: 0.4e-6,
  gbSeconds: 12.5e-6,
} as const;

export function platformUsd(counts: PlatformCounts): number {
  return Object.entries(dollars).reduce((sum, [name, each]) => sum + each * (counts[name as keyof typeof dollars] ?? 0), 0);
}
