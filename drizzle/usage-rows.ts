import type { SQL } from "drizzle-orm";
import * as z from "zod";
import type { JournalEvent } from "../core/events.ts";
import { hourMs } from "../core/time.ts";
import { upsertAll } from "./many-rows.ts";
import { usageHours } from "./schema/usage.ts";

type UsageRow = typeof usageHours.$inferInsert;

/** Sums of the page's `usage-counted` events, one row for each hour, phase and agent of a run. */
export interface UsageRows {
  readonly usage: readonly UsageRow[];
}

const counted = z.looseObject({
  usd: z.number(),
  inputTokens: z.number(),
  outputTokens: z.number(),
  phase: z.string(),
  by: z.string(),
});

/** Collects what was spent; `add` answers why an event cannot be used, if so. */
export function createUsageRows(): { add(event: JournalEvent): string | undefined; rows(): UsageRows } {
  const sums = new Map<string, UsageRow>();
  return {
    add({ project, issue, run, at, agent = "", data }) {
      const parsed = counted.safeParse(data);
      if (!parsed.success) return `malformed usage: ${z.prettifyError(parsed.error)}`;
      if (issue === undefined || run === undefined) return "usage of no run";
      const { phase, by, usd, inputTokens, outputTokens } = parsed.data;
      const hour = Math.floor(at / hourMs) * hourMs;
      const key = [issue, run, hour, phase, by, agent].join("\n");
      const before = sums.get(key) ?? { project, issue, run, hour, phase, by, agent, usd: 0, inputTokens: 0, outputTokens: 0 };
      sums.set(key, {
        ...before,
        usd: before.usd + usd,
        inputTokens: before.inputTokens + inputTokens,
        outputTokens: before.outputTokens + outputTokens,
      });
      return undefined;
    },
    rows: () => ({ usage: [...sums.values()] }),
  };
}

/** Adds to what is there. To be done once for each event, as the cursor of the projection sees to. */
export function addUsage(rows: readonly UsageRow[]): SQL {
  return upsertAll(usageHours, rows, { add: [usageHours.usd, usageHours.inputTokens, usageHours.outputTokens] });
}
