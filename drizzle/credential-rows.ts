import * as z from "zod";
import type { JournalEvent } from "../core/events.ts";
import type { credentialHistory } from "./schema/credentials.ts";

type CredentialRow = typeof credentialHistory.$inferInsert;

export interface CredentialRows {
  readonly credentials: readonly CredentialRow[];
}

/** Only what a record has: whatever else an event might hold does not reach the read model. */
const record = z.object({
  seq: z.number().int().positive(),
  at: z.number(),
  name: z.string(),
  version: z.number().int().nonnegative(),
  action: z.string(),
  by: z.string(),
  detail: z.string().max(500),
});

/** Collects what one project's events say of its credentials; of the same record twice the last counts. */
export function createCredentialRows(): { add(event: JournalEvent): string | undefined; rows(): CredentialRows } {
  const made = new Map<number, CredentialRow>();
  return {
    /** Why the event cannot be used, if so. */
    add({ project, data }) {
      const parsed = record.safeParse(data);
      if (!parsed.success) return `malformed credential record: ${z.prettifyError(parsed.error)}`;
      made.set(parsed.data.seq, { project, ...parsed.data });
      return undefined;
    },
    rows: () => ({ credentials: [...made.values()] }),
  };
}
