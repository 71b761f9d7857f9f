/** The only fields a log line may have: ids and short reasons. Never a secret, a token, a prompt, an answer or a payload. */
export interface LogFields {
  readonly request_id?: string;
  readonly project?: string;
  readonly issue?: number;
  readonly run?: string | number;
  readonly task?: string;
  readonly attempt?: number;
  readonly agent?: string;
  readonly session?: string;
  readonly onboarding?: string;
  readonly activity?: string;
  readonly effect_id?: string;
  readonly delivery?: string;
  readonly queue?: string;
  /** Stable, kebab-case. */
  readonly reason?: string;
  readonly method?: string;
  readonly path?: string;
  readonly status?: number;
  readonly ms?: number;
  readonly count?: number;
  /** Name and message of an error of our own; an outside service's body is never put into one. */
  readonly error?: string;
}

export type LogLevel = "debug" | "info" | "warn" | "error";

/** Writes one JSON line. */
export function log(level: LogLevel, msg: string, fields: LogFields = {}): void {
  console.log(JSON.stringify({ at: new Date().toISOString(), level, msg, ...fields }));
}

/**
 * What of a thrown value may be logged: its name and the first 300 characters of its message. A failed query's message holds its parameters,
 * which may be anybody's text: there the cause speaks.
 */
export function errorText(thrown: unknown): string {
  if (thrown instanceof Error && "query" in thrown && "params" in thrown) return `query failed: ${errorText(thrown.cause)}`;
  return thrown instanceof Error ? `${thrown.name}: ${thrown.message}`.slice(0, 300) : "unknown error";
}
