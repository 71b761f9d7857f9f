import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Price, Priced } from "./price.ts";

const path = join(import.meta.dirname, "baseline.json");
/** Counters may rise by this share, or by this much where they are small, before it counts as a rise. */
const slack = { share: 0.05, least: 0.02 } as const;
/** What does not come out the same twice is not compared. */
const compared = ["workerRequests", "objectRequests", "rowsWritten", "queueOperations"] as const satisfies readonly (keyof Price)[];

type Baseline = Readonly<Record<string, Partial<Record<keyof Price, number>>>>;

/** The counters that have risen since the baseline was written, one line each; empty when none has. */
export async function risen(prices: readonly Priced[]): Promise<string[]> {
  const baseline = JSON.parse(await readFile(path, "utf8")) as Baseline;
  return prices.flatMap(({ name, price }) =>
    compared.flatMap((counter) => {
      const before = baseline[name]?.[counter];
      if (before === undefined) return [];
      const most = Math.max(before * (1 + slack.share), before + slack.least);
      return price[counter] > most ? [`${name}: ${counter} ${price[counter].toFixed(2)}, was ${before.toFixed(2)}`] : [];
    }),
  );
}

/** Makes these counters the baseline; those of other work stay. */
export async function writeBaseline(prices: readonly Priced[]): Promise<void> {
  const before = await readFile(path, "utf8").then(
    (text) => JSON.parse(text) as Baseline,
    () => ({}),
  );
  const now = Object.fromEntries(
    prices.map(({ name, price }) => [
      name,
      Object.fromEntries(compared.map((counter) => [counter, Math.round(price[counter] * 1_000) / 1_000])),
    ]),
  );
  await writeFile(path, `${JSON.stringify({ ...before, ...now }, null, 2)}\n`);
}
