import type { Page } from "playwright-core";
import { composed } from "../../core/sessions/character-widths.ts";
import { terminalSize } from "../../core/sessions/terminal-size.ts";
import { createTerminal } from "../../runner/output/session-screen.ts";

/** A character on a screen, as `row:column character colour marks`; blank ones without a background are none. */
export type Cells = readonly string[];

/** What a snapshot shows. */
export async function cellsOfSnapshot(screen: string): Promise<Cells> {
  const terminal = createTerminal();
  await new Promise<void>((resolve) => terminal.write(screen.replaceAll("\n", "\r\n"), resolve));
  const cells: string[] = [];
  for (let row = 0; row < terminalSize.rows; row += 1) {
    const line = terminal.buffer.active.getLine(row);
    for (let column = 0; column < terminalSize.cols; column += 1) {
      const cell = line?.getCell(column);
      const chars = cell?.getChars() ?? "";
      if (cell === undefined || chars.trim() === "") continue;
      const colour = cell.isInverse() !== 0 ? "inverse" : cell.isFgPalette() ? `colour ${cell.getFgColor()}` : "";
      cells.push(cellOf(row, column, chars, colour, cell.isBold() !== 0, cell.isDim() !== 0));
    }
  }
  terminal.dispose();
  return cells;
}

/** What asciinema-player shows now, read from what it has drawn as text and as symbols. */
export async function cellsOfPlayer(page: Page): Promise<Cells> {
  const drawn = await page.evaluate(() => {
    const term = document.querySelector(".ap-term");
    if (term === null) throw new Error("no player");
    const rgbOf = (colour: string) => {
      const probe = document.createElement("i");
      probe.style.color = colour;
      term.append(probe);
      const { color } = getComputedStyle(probe);
      probe.remove();
      return color;
    };
    const palette = Array.from({ length: 16 }, (_, at) => rgbOf(getComputedStyle(term).getPropertyValue(`--term-color-${at}`).trim()));
    const ground = rgbOf(getComputedStyle(term).getPropertyValue("--term-color-background").trim());
    const colourOf = (own: string) => (own === "" ? "" : rgbOf(own) === ground ? "inverse" : `colour ${palette.indexOf(rgbOf(own))}`);
    const texts = [...document.querySelectorAll<HTMLElement>(".ap-term-text .ap-line")].flatMap((line, row) =>
      [...line.querySelectorAll("span")].map((span) => ({
        row,
        column: Number(span.style.getPropertyValue("--offset")),
        text: span.textContent,
        colour: colourOf(span.style.color),
        bold: span.classList.contains("ap-bold"),
        dim: span.classList.contains("ap-faint"),
      })),
    );
    const symbols = [...document.querySelectorAll(".ap-symbol-line")].flatMap((line, row) =>
      [...line.querySelectorAll("use")].map((use) => ({
        row,
        column: Number(use.getAttribute("x")),
        text: String.fromCodePoint(Number(use.getAttribute("href")?.slice("#sym-".length))),
        colour: colourOf(use.style.color),
        bold: false,
        dim: false,
      })),
    );
    return [...texts, ...symbols];
  });
  return drawn
    .flatMap(({ row, column, text, colour, bold, dim }) =>
      [...text].flatMap((char, at) =>
        char.trim() === "" ? [] : [{ row, column: column + at, cell: cellOf(row, column + at, char, colour, bold, dim) }],
      ),
    )
    .toSorted((a, b) => a.row - b.row || a.column - b.column)
    .map(({ cell }) => cell);
}

function cellOf(row: number, column: number, chars: string, colour: string, bold: boolean, dim: boolean): string {
  return [`${row}:${column}`, composed(chars), colour, bold ? "bold" : "", dim ? "dim" : ""].filter((part) => part !== "").join(" ");
}
