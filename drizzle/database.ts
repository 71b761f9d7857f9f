import { neon, neonConfig } from "@neondatabase/serverless";
import { drizzle, type NeonHttpDatabase } from "drizzle-orm/neon-http";

export type Database = NeonHttpDatabase;

export interface DatabaseSettings {
  /** A Neon connection string; its credentials are sent with every request and never logged. */
  readonly url: string;
  /** Where SQL over HTTP is spoken when it is not Neon itself. The driver keeps it globally: one per process. */
  readonly fetchEndpoint?: string | undefined;
  /** Called for each statement that is sent, those of a batch too, with its text and values. */
  readonly onStatement?: (text: string, values: readonly unknown[]) => void;
}

/**
 * The read model over Neon's HTTP protocol: no connection is opened until a query runs. `batch()` is one transaction; there are no
 * interactive ones. drizzle replaces the driver's parsers of times for the whole process, so no raw client is used beside it.
 */
export function openDatabase({ url, fetchEndpoint, onStatement }: DatabaseSettings): Database {
  if (fetchEndpoint) neonConfig.fetchEndpoint = fetchEndpoint;
  const client = neon(url);
  const send = client.query;
  if (onStatement) {
    client.query = ((...statement: Parameters<typeof send>) => {
      onStatement(statement[0], statement[1] ?? []);
      return send(...statement);
    }) as typeof send;
  }
  return drizzle(client);
}
