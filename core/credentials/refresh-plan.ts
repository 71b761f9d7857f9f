import { hourMs, minuteMs, secondMs } from "../time.ts";
import type { Moment } from "../time.ts";

/** What decides when an access token is renewed. */
export interface RefreshState {
  readonly issuedAt: Moment;
  /** Null: the provider said nothing of it, and it is renewed only when someone asks. */
  readonly expiresAt: Moment | null;
  /** Since the last success. */
  readonly failures: number;
  /** After a failure: not before. */
  readonly notBefore: Moment;
}

const ahead = { share: 0.1, leastMs: 5 * minuteMs, mostMs: hourMs } as const;
const backoff = { firstMs: 30 * secondMs, mostMs: hourMs } as const;

/** People are told when a refresh has failed this often in a row. */
export const failuresTold = 3;

/** When the token is to be renewed: a tenth of its life ahead of its end, at least 5 minutes and at most an hour, but in the second half of its life. */
export function refreshDueAt({ issuedAt, expiresAt, notBefore }: RefreshState): Moment | null {
  if (expiresAt === null) return null;
  const lifeMs = Math.max(0, expiresAt - issuedAt);
  const aheadMs = Math.min(Math.max(lifeMs * ahead.share, ahead.leastMs), ahead.mostMs, lifeMs / 2);
  return Math.max(expiresAt - aheadMs, notBefore);
}

/** How long to wait after so many failures in a row: 30 s, doubled each time, at most an hour; longer when the provider named a later time. */
export function refreshAgainAt(failures: number, at: Moment, retryAt: Moment | undefined): Moment {
  const waitMs = Math.min(backoff.firstMs * 2 ** Math.max(0, failures - 1), backoff.mostMs);
  return Math.max(at + waitMs, retryAt ?? 0);
}
