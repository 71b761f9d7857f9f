import Table from "cli-table3";
import { cleanLine } from "./clean-text.ts";

/** A column of a table: what it shows of a row, and what it gives up when the terminal is narrow. */
export interface Column<Row> {
  readonly head: string;
  readonly of: (row: Row) => string;
  /** Colours a line of the cell, after it was wrapped. */
  readonly paint?: ((text: string, row: Row) => string) | undefined;
  /** May be wrapped down to this many characters, between words. Others keep their width: ids are there to be copied. */
  readonly least?: number;
  /** Left out on a terminal that is too narrow even so; the highest first. */
  readonly drop?: number;
  readonly align?: "right";
}

const gap = 2;
const borders = ["top", "bottom", "left", "right", "mid"].flatMap((side) =>
  side === "mid" ? [side, "mid-mid", "left-mid", "right-mid"] : [side, `${side}-mid`, `${side}-left`, `${side}-right`],
);
const chars = { ...Object.fromEntries(borders.map((name) => [name, ""])), middle: " ".repeat(gap) };

/**
 * A table without borders that fits into `width` where it can: columns that may wrap give way first, then columns that may be left out go. Values
 * are cleaned of control characters. No rows: an empty text.
 */
export function renderTable<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  { width, paintHead = (text) => text }: { readonly width: number; readonly paintHead?: (text: string) => string },
): string {
  if (rows.length === 0) return "";
  const cells = rows.map((row) => new Map(columns.map((column) => [column, cleanLine(column.of(row))])));
  const shown = columns.filter((column) => cells.some((cell) => cell.get(column) !== ""));
  const { kept, widths } = fitted(shown, cells, width);
  const table = new Table({
    chars: chars as never,
    style: { "padding-left": 0, "padding-right": 0, head: [], border: [] },
    head: kept.map(({ head }) => paintHead(head)),
    colAligns: kept.map(({ align }) => align ?? "left"),
  });
  for (const [index, row] of rows.entries()) {
    table.push(
      kept.map((column) =>
        wrapped(cells[index]?.get(column) ?? "", widths.get(column) ?? Number.POSITIVE_INFINITY)
          .map((line) => (column.paint ? column.paint(line, row) : line))
          .join("\n"),
      ),
    );
  }
  return table
    .toString()
    .split("\n")
    .map((line) => line.trimEnd())
    .join("\n");
}

type Cells<Row> = readonly ReadonlyMap<Column<Row>, string>[];

/** No word this short is broken, as long as columns can be left out instead. */
const longWord = 48;

function longest<Row>(column: Column<Row>, cells: Cells<Row>, lengthOf: (text: string) => number): number {
  return cells.reduce((most, cell) => Math.max(most, lengthOf(cell.get(column) ?? "")), column.head.length);
}

function fitted<Row>(
  columns: readonly Column<Row>[],
  cells: Cells<Row>,
  width: number,
): { kept: readonly Column<Row>[]; widths: ReadonlyMap<Column<Row>, number> } {
  const natural = new Map(columns.map((column) => [column, longest(column, cells, (text) => text.length)]));
  const words = new Map(columns.map((column) => [column, Math.min(longWord, longest(column, cells, longestWord))]));
  const widths = new Map(natural);
  const least = (column: Column<Row>, breaking: boolean): number =>
    column.least === undefined
      ? (natural.get(column) ?? 0)
      : Math.min(natural.get(column) ?? 0, Math.max(column.least, breaking ? column.head.length : (words.get(column) ?? 0)));
  const excess = (): number => [...widths.values()].reduce((sum, one) => sum + one, gap * (widths.size - 1)) - width;
  const couldGive = (): number => [...widths].reduce((sum, [column, has]) => sum + has - least(column, false), 0);
  for (const column of columns.filter(({ drop }) => drop !== undefined).toSorted((a, b) => (b.drop ?? 0) - (a.drop ?? 0))) {
    if (excess() <= couldGive()) break;
    widths.delete(column);
  }
  // The widest gives a character at a time, so that what is left is shared out evenly; words are broken when nothing else is left.
  for (const breaking of [false, true]) {
    while (excess() > 0) {
      const [widest] = [...widths].filter(([column, has]) => has > least(column, breaking)).toSorted((a, b) => b[1] - a[1]);
      if (!widest) break;
      widths.set(widest[0], widest[1] - 1);
    }
  }
  return { kept: columns.filter((column) => widths.has(column)), widths };
}

function longestWord(text: string): number {
  return text.split(" ").reduce((most, word) => Math.max(most, word.length), 0);
}

/** Lines of at most `width` characters, broken between words where that is possible. */
export function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    let rest = word;
    if (line !== "" && line.length + 1 + rest.length <= width) {
      line += ` ${rest}`;
      continue;
    }
    if (line !== "") lines.push(line);
    while (rest.length > width) {
      lines.push(rest.slice(0, width));
      rest = rest.slice(width);
    }
    line = rest;
  }
  return [...lines, line];
}
