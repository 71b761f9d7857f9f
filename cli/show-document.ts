import type { Output } from "./output.ts";

/** An answer without a table of its own: rows for a list of objects, names and values for an object. */
export function showDocument(out: Output, document: unknown): void {
  if (Array.isArray(document)) {
    const rows = document.filter((row): row is Record<string, unknown> => typeof row === "object" && row !== null);
    const names = [...new Set(rows.flatMap((row) => Object.keys(row)))];
    out.table(
      rows,
      names.map((name) => ({ head: name, of: (row: Record<string, unknown>) => valueText(row[name]), least: 8 })),
      "Nothing.",
    );
    return;
  }
  if (typeof document !== "object" || document === null) return;
  out.pairs(Object.entries(document).map(([name, value]) => [name, valueText(value)] as const));
}

function valueText(value: unknown): string {
  if (value === null || value === undefined) return "";
  if (Array.isArray(value)) return value.map(valueText).join(", ");
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
