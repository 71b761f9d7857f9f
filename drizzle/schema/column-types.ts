import { customType } from "drizzle-orm/pg-core";
import type { Moment } from "../../core/time.ts";

/** Words as Postgres' full-text search has them; only ever computed there. */
export const tsvector = customType<{ data: string }>({ dataType: () => "tsvector" });

/** A moment in epoch milliseconds, kept as `timestamptz` so that people can read it in SQL. */
export const moment = customType<{ data: Moment; driverData: string }>({
  dataType: () => "timestamp (3) with time zone",
  toDriver: (at) => new Date(at).toISOString(),
  fromDriver: (text) => Date.parse(text),
});
