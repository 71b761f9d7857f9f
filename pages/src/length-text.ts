const units = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["min", 60_000],
  ["s", 1_000],
  ["ms", 1],
] as const;

/** Every name of a unit that is understood, in the singular. */
const sizes: Readonly<Record<string, number>> = {
  ...Object.fromEntries(units),
  day: 86_400_000,
  hour: 3_600_000,
  minute: 60_000,
  second: 1_000,
  sec: 1_000,
};

/** A length of time as people write it, exactly: `10 min`, `1.5 h`, `250 ms`. */
export function renderLength(ms: number): string {
  const [unit, size] = units.find(([, one]) => ms >= one && Number.isInteger((ms / one) * 4)) ?? units[4];
  return ms === 0 ? "0 s" : `${ms / size} ${unit}`;
}

/** Milliseconds of `10 min`, `1.5h`, `2 days`; undefined when it is no length of time. A bare number is not: nobody knows its unit. */
export function parseLength(text: string): number | undefined {
  const [, amount, unit = ""] = /^(\d+(?:\.\d+)?)\s*([a-z]+)$/i.exec(text.trim()) ?? [];
  const name = unit.toLowerCase();
  const size = sizes[name] ?? sizes[name.replace(/s$/, "")];
  return amount === undefined || size === undefined ? undefined : Math.round(Number(amount) * size);
}
