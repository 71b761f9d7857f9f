import { type PGlite, protocol } from "@electric-sql/pglite";

const { serialize, Parser } = protocol;

/** Neon's proxy takes and gives at most 10 MiB: https://github.com/neondatabase/neon/blob/main/proxy/src/binary/proxy.rs */
export const MAX_BODY_BYTES = 10 * 1024 * 1024;

const ERROR_FIELDS = [
  "message",
  "code",
  "detail",
  "hint",
  "position",
  "internalPosition",
  "internalQuery",
  "severity",
  "where",
  "table",
  "column",
  "schema",
  "dataType",
  "constraint",
  "file",
  "line",
  "routine",
] as const;

export type PostgresErrorFields = Record<(typeof ERROR_FIELDS)[number], string | null>;

/** The error body of Neon's HTTP endpoint: every field of the Postgres error, null when it has none. */
export function renderPostgresError(error: unknown): PostgresErrorFields {
  const given: Record<string, unknown> = typeof error === "object" && error !== null ? { ...error } : {};
  const message = error instanceof Error ? error.message : String(given.message ?? error);
  const entries = ERROR_FIELDS.map((field) => [field, field === "message" ? message : (given[field] ?? null)]);
  return Object.fromEntries(entries) as PostgresErrorFields;
}

/** A statement that Postgres refused. */
export class StatementError extends Error {
  readonly fields: PostgresErrorFields;
  constructor(fields: PostgresErrorFields) {
    super(fields.message ?? "statement failed");
    this.fields = fields;
  }
}

/** An answer above {@link MAX_BODY_BYTES}; Neon says 507. */
export class ResponseTooLarge extends Error {
  constructor() {
    super(`response is too large (max is ${MAX_BODY_BYTES} bytes)`);
  }
}

function renderArrayElement(value: unknown): string {
  if (value === null || value === undefined) return "NULL";
  if (Array.isArray(value)) return `{${value.map(renderArrayElement).join(",")}}`;
  return typeof value === "object" ? JSON.stringify(JSON.stringify(value)) : JSON.stringify(value);
}

/**
 * A JSON parameter as Postgres text, by the rules of Neon's proxy
 * (https://github.com/neondatabase/neon/blob/main/proxy/src/serverless/json.rs).
 */
export function renderParameter(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  if (typeof value === "string") return value;
  if (Array.isArray(value)) return renderArrayElement(value);
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

export interface SqlResult {
  fields: Record<string, unknown>[];
  rows: unknown[];
  command: string;
  rowCount: number | null;
  rowAsArray: boolean;
}

/** Puts several wire messages into one buffer. */
export function concatenated(parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

function rowCountOf(tag: string): number | null {
  const parts = tag.split(" ");
  const count = Number(parts[0] === "INSERT" ? parts[2] : parts[1]);
  return parts.length > 1 && Number.isFinite(count) ? count : null;
}

/** Runs one statement through the extended protocol with everything in text format. Throws {@link StatementError}. */
export async function runStatement(db: PGlite, text: string, params: readonly unknown[], rowAsArray: boolean): Promise<SqlResult> {
  const request = [
    serialize.parse({ text }),
    serialize.bind({ values: params.map(renderParameter) }),
    serialize.describe({ type: "P" }),
    serialize.execute({}),
    serialize.sync(),
  ];
  const answer = await db.execProtocolRaw(concatenated(request.map((part) => new Uint8Array(part))), { syncToFs: false });
  const fields: { name: string }[] = [];
  const rows: (string | null)[][] = [];
  let tag = "";
  let size = 0;
  let failure: unknown;
  new Parser().parse(answer, (message) => {
    if (message instanceof protocol.messages.RowDescriptionMessage) {
      for (const field of message.fields) fields.push({ ...field, format: "text" } as { name: string });
    } else if (message instanceof protocol.messages.DataRowMessage) {
      rows.push(message.fields);
      for (const cell of message.fields) size += cell?.length ?? 4;
    } else if (message instanceof protocol.messages.CommandCompleteMessage) tag = message.text;
    else if (message instanceof protocol.messages.DatabaseError) failure = message;
  });
  if (failure) throw new StatementError(renderPostgresError(failure));
  if (size > MAX_BODY_BYTES) throw new ResponseTooLarge();
  const asObject = (row: (string | null)[]) => Object.fromEntries(row.map((cell, i) => [fields[i]?.name ?? String(i), cell]));
  return {
    fields,
    rows: rowAsArray ? rows : rows.map(asObject),
    command: tag.split(" ")[0] ?? "",
    rowCount: rowCountOf(tag),
    rowAsArray,
  };
}
