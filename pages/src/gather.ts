const togetherMs = 60;

/**
 * Hands on what comes within a twentieth of a second as one, in order: a burst is drawn a few times, not once for each of its parts. What comes alone
 * is handed on at once.
 */
export function gather<T>(
  handOn: (items: readonly T[]) => void,
  later: (run: () => void, ms: number) => void,
): (items: readonly T[]) => void {
  let waiting: T[] | undefined;
  return (items) => {
    if (waiting) {
      for (const item of items) waiting.push(item);
      return;
    }
    waiting = [];
    later(function flush() {
      const more = waiting ?? [];
      waiting = more.length > 0 ? [] : undefined;
      if (more.length === 0) return;
      later(flush, togetherMs);
      handOn(more);
    }, togetherMs);
    handOn(items);
  };
}
