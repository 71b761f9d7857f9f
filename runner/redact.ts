import { SecretFinder } from "./secret-finder.ts";

/** Shorter values are words that occur anywhere. */
const leastLength = 6;

/**
 * The end of an output without any of the secrets, in whatever writing, also where the cut went through one: `tail` is what was kept of it, at most
 * `most` characters come out.
 */
export function redactedTail(tail: string, secrets: readonly string[], most: number): string {
  const finder = new SecretFinder(secrets, { least: leastLength });
  return finder.withoutCutOff(finder.masked(tail), leastLength).slice(-most);
}

/** Shorter values of the environment are words, not secrets, when they stand in what an agent says. */
const leastSecret = 12;

/** The same value with each secret masked in every text of it, in whatever writing. */
export function redactedValue<T>(value: T, secrets: readonly string[]): T {
  const finder = new SecretFinder(secrets, { least: leastSecret });
  return finder.longest === 0 ? value : (masked(value, finder) as T);
}

function masked(value: unknown, finder: SecretFinder): unknown {
  if (typeof value === "string") return finder.masked(value);
  if (Array.isArray(value)) return value.map((each) => masked(each, finder));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, masked(each, finder)]));
}

/** Passes an output on without any of the secrets, in whatever writing, also where two pieces of it share one. */
export function redactingWriter(write: (data: Buffer) => void, secrets: readonly string[]): { write(data: Buffer): void; end(): void } {
  const finder = new SecretFinder(secrets, { least: leastLength, bytes: true });
  let held = "";
  const pass = (text: string) => {
    if (text !== "") write(Buffer.from(text, "latin1"));
  };
  return {
    write(data) {
      const text = finder.masked(held + data.toString("latin1"));
      const sure = finder.openFrom(text);
      pass(text.slice(0, sure));
      held = text.slice(sure);
    },
    end() {
      pass(held);
      held = "";
    },
  };
}
