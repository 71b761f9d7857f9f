/** Why the database would not answer. `away`: it cannot be reached, or is shutting down; it may be asked again later. */
export type DatabaseFailure = "not-migrated" | "bad-value" | "away";

/**
 * What a failed statement says of the database, by its SQLSTATE (https://www.postgresql.org/docs/current/errcodes-appendix.html): class 22 is a value the
 * statement brought; classes 08, 28, 53, 57 and everything of the driver's without an SQLSTATE mean that the database is away. undefined: our own bug.
 */
export function databaseFailure(error: unknown): DatabaseFailure | undefined {
  const cause: unknown = error instanceof Error && error.cause !== undefined ? error.cause : error;
  const code = (cause as { code?: unknown } | null)?.code;
  if (code === "42P01" || code === "42883") return "not-migrated";
  if (typeof code === "string") return code.startsWith("22") ? "bad-value" : /^(08|28|53|57)/.test(code) ? "away" : undefined;
  return cause instanceof Error && cause.name === "NeonDbError" ? "away" : undefined;
}
