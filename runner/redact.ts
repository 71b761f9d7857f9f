const mask = "***";
/** Shorter values are words that occur anywhere. */
const leastLength = 6;

/**
 * The end of an output without any of the secrets, also where the cut went through one: `tail` is what was kept of it, at most `most`
 * characters come out.
 */
export function redactedTail(tail: string, secrets: readonly string[], most: number): string {
  const known = secrets.filter((secret) => secret.length >= leastLength).toSorted((a, b) => b.length - a.length);
  const whole = known.reduce((text, secret) => text.replaceAll(secret, mask), tail);
  const cut = known.reduce((text, secret) => withoutEndOf(text, secret), whole);
  return cut.slice(-most);
}

/** Without the end of a secret at the beginning, whose first part was cut off. */
function withoutEndOf(text: string, secret: string): string {
  for (let length = secret.length - 1; length >= leastLength; length -= 1) {
    if (text.startsWith(secret.slice(-length))) return mask + text.slice(length);
  }
  return text;
}
