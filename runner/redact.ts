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

/** Shorter values of the environment are words, not secrets, when they stand in what an agent says. */
const leastSecret = 12;

/** The same value with each secret masked in every text of it. */
export function redactedValue<T>(value: T, secrets: readonly string[]): T {
  const known = secrets.filter((secret) => secret.length >= leastSecret).toSorted((a, b) => b.length - a.length);
  return known.length === 0 ? value : (masked(value, known) as T);
}

function masked(value: unknown, known: readonly string[]): unknown {
  if (typeof value === "string") return known.reduce((text, secret) => text.replaceAll(secret, mask), value);
  if (Array.isArray(value)) return value.map((each) => masked(each, known));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, masked(each, known)]));
}

/** Passes an output on without any of the secrets, also where two pieces of it share one. */
export function redactingWriter(write: (data: Buffer) => void, secrets: readonly string[]): { write(data: Buffer): void; end(): void } {
  const known = secrets.filter((secret) => secret.length >= leastLength).map((secret) => Buffer.from(secret).toString("latin1"));
  const overlap = Math.max(0, ...known.map(({ length }) => length - 1));
  let held = "";
  const pass = (text: string) => {
    if (text !== "") write(Buffer.from(text, "latin1"));
  };
  return {
    write(data) {
      held = known.reduce((text, secret) => text.replaceAll(secret, mask), held + data.toString("latin1"));
      const sure = Math.max(0, held.length - overlap);
      pass(held.slice(0, sure));
      held = held.slice(sure);
    },
    end() {
      pass(held);
      held = "";
    },
  };
}

/** Without the end of a secret at the beginning, whose first part was cut off. */
function withoutEndOf(text: string, secret: string): string {
  for (let length = secret.length - 1; length >= leastLength; length -= 1) {
    if (text.startsWith(secret.slice(-length))) return mask + text.slice(length);
  }
  return text;
}
