/** A text cut at its end to a budget in characters, and marked as cut. */
export function cut(text: string, limit: number): string {
  return text.length > limit ? `${text.slice(0, limit)}\n… (cut)` : text;
}

/** Those of the entries, oldest first, that fit into a budget in characters together: the oldest are left out first. */
export function newestThatFit(entries: readonly string[], limit: number): readonly string[] {
  let room = limit;
  const dropped = entries.findLastIndex((entry) => (room -= entry.length) < 0);
  return entries.slice(dropped + 1);
}
