import pc from "picocolors";
import { cleanText } from "./clean-text.ts";
import { renderTable, wrapped, type Column } from "./table.ts";

export type Colours = ReturnType<typeof pc.createColors>;

/** Whether a stream gets colours: https://no-color.org and https://force-color.org, else only a terminal. */
export function coloursOf(stream: { readonly isTTY?: boolean | undefined }, env: NodeJS.ProcessEnv = process.env): Colours {
  if (env["NO_COLOR"]) return pc.createColors(false);
  if (env["FORCE_COLOR"] && env["FORCE_COLOR"] !== "0") return pc.createColors(true);
  return pc.createColors(stream.isTTY === true && env["TERM"] !== "dumb");
}

/** A name, its value, and how the value is painted. */
export type Pair = readonly [string, string | null | undefined, ((line: string) => string)?];

/** Where a command says what it has to say: tables and sentences for people, or JSON for programs. Notes go to the error stream. */
export class Output {
  readonly json: boolean;
  readonly colours: Colours;
  /** Characters a line; unlimited where nobody looks. */
  readonly width: number;

  constructor(json: boolean, env: NodeJS.ProcessEnv = process.env) {
    this.json = json;
    this.colours = coloursOf(process.stdout, env);
    const columns = Number(env["COLUMNS"]);
    this.width = process.stdout.columns ?? (columns >= 20 ? columns : Number.POSITIVE_INFINITY);
  }

  /** What was asked for: the document for programs, or what `people` makes of it. */
  answer(document: unknown, people: () => void): void {
    if (this.json) this.line(JSON.stringify(document, null, 2));
    else people();
  }

  /** A line of the answer, as it is. */
  line(text = ""): void {
    process.stdout.write(`${text}\n`);
  }

  /** A document, or a piece of one, as it is. */
  write(text: string): void {
    process.stdout.write(text);
  }

  /** Text from outside, cleaned, wrapped to the terminal, each line behind `indent`. */
  text(text: string, indent = ""): void {
    for (const part of cleanText(text).split("\n")) for (const line of this.wrap(part, indent.length)) this.line(`${indent}${line}`);
  }

  /** Text whose lines are kept as they are, like JSON; cleaned. */
  block(text: string, indent = ""): void {
    for (const line of cleanText(text).split("\n")) this.line(`${indent}${line}`);
  }

  /** Lines that fit behind `indent` characters. */
  wrap(line: string, indent: number): string[] {
    return wrapped(line, Math.max(20, this.width - indent));
  }

  table<Row>(rows: readonly Row[], columns: readonly Column<Row>[], nothing: string): void {
    if (rows.length === 0) this.line(nothing);
    else this.line(renderTable(rows, columns, { width: this.width, paintHead: this.colours.dim }));
  }

  /** Names and values, cleaned, one pair a line; pairs without a value are left out. */
  pairs(pairs: readonly Pair[]): void {
    const shown = pairs.flatMap(([name, value, paint]) =>
      value === null || value === undefined || value === "" ? [] : [{ name, value, paint }],
    );
    const indent = Math.max(0, ...shown.map(({ name }) => name.length)) + 2;
    for (const { name, value, paint = (text: string) => text } of shown) {
      const lines = cleanText(value)
        .split("\n")
        .flatMap((line) => wrapped(line, Math.max(20, this.width - indent)));
      for (const [index, line] of lines.entries())
        this.line(`${index === 0 ? this.colours.dim(name.padEnd(indent)) : " ".repeat(indent)}${paint(line)}`);
    }
  }

  /** Something beside the answer, for whoever sits at the terminal. */
  note(text: string): void {
    process.stderr.write(`${text}\n`);
  }
}
