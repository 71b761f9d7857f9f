import { usage } from "./failure.ts";

/** Flags that say which database. */
export interface DatabaseFlags {
  url?: string;
  fetchEndpoint?: string;
  json?: true;
}

/** The database's connection string and endpoint; throws when neither flag nor environment has any. */
export function databaseOf(flags: DatabaseFlags): [string, string | undefined] {
  const url = flags.url ?? process.env["DATABASE_URL"];
  if (!url) throw usage("No database: give --url, or set DATABASE_URL.");
  return [url, flags.fetchEndpoint ?? process.env["DATABASE_FETCH_ENDPOINT"]];
}
