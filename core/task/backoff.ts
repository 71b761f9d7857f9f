/**
 * How long to wait after the n-th failure in a row, in milliseconds: `firstMs·2ⁿ⁻¹`, at most `mostMs`; so the first failure waits
 * `firstMs`. 0 when nothing has failed.
 */
export function backoffMs(failuresInARow: number, backoff: { readonly firstMs: number; readonly mostMs: number }): number {
  if (failuresInARow <= 0) return 0;
  return Math.min(backoff.firstMs * 2 ** (failuresInARow - 1), backoff.mostMs);
}
