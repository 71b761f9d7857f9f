import { createRequire } from "node:module";
import type { IBufferCell, Terminal as HeadlessTerminal } from "@xterm/headless";
import { characterWidths } from "../../core/sessions/character-widths.ts";
import { terminalSize } from "../../core/sessions/terminal-size.ts";

// Its names are not found by Node's import of CommonJS.
const { Terminal } = createRequire(import.meta.url)("@xterm/headless") as { Terminal: typeof HeadlessTerminal };

/** The screen of a session's terminal, as a viewer of the same stream sees it. */
export class SessionScreen {
  readonly #terminal = createTerminal();

  write(data: string): void {
    this.#terminal.write(data);
  }

  /** What the screen shows when everything written so far is on it: lines with SGR colours, without what is blank at their ends. */
  async shown(): Promise<string> {
    await new Promise<void>((resolve) => this.#terminal.write("", resolve));
    return screenOf(this.#terminal);
  }

  /** The last lines as plain text, also those that have left the screen. */
  async tail(characters: number): Promise<string> {
    await new Promise<void>((resolve) => this.#terminal.write("", resolve));
    const buffer = this.#terminal.buffer.active;
    const lines = Array.from({ length: buffer.length }, (_, at) => buffer.getLine(at)?.translateToString(true) ?? "");
    return lines.join("\n").trim().slice(-characters);
  }

  close(): void {
    this.#terminal.dispose();
  }
}

/** A terminal as sessions write to it, without a page. */
export function createTerminal(): HeadlessTerminal {
  const terminal = new Terminal({ ...terminalSize, scrollback: 200, allowProposedApi: true });
  terminal.unicode.register(characterWidths);
  terminal.unicode.activeVersion = characterWidths.version;
  return terminal;
}

/** The visible part of a terminal: lines with SGR colours. */
export function screenOf(terminal: HeadlessTerminal): string {
  const buffer = terminal.buffer.active;
  const lines: string[] = [];
  for (let row = 0; row < terminal.rows; row += 1) {
    const line = buffer.getLine(buffer.baseY + row);
    let [text, style, blank] = ["", "", ""];
    for (let column = 0; column < terminal.cols; column += 1) {
      const cell = line?.getCell(column);
      if (cell === undefined || cell.getWidth() === 0) continue;
      const next = styleOf(cell);
      const chars = cell.getChars() || " ";
      if (chars === " " && next === "") {
        blank += (style === "" ? "" : "\u001B[0m") + chars;
        style = "";
        continue;
      }
      text += blank + (next === style ? "" : `\u001B[0${next === "" ? "" : `;${next}`}m`) + chars;
      [style, blank] = [next, ""];
    }
    lines.push(text + (style === "" && !blank.startsWith("\u001B") ? "" : "\u001B[0m"));
  }
  return lines.join("\n").trimEnd();
}

function styleOf(cell: IBufferCell): string {
  const codes: (string | number)[] = [];
  if (cell.isBold()) codes.push(1);
  if (cell.isDim()) codes.push(2);
  if (cell.isItalic()) codes.push(3);
  if (cell.isUnderline()) codes.push(4);
  if (cell.isInverse()) codes.push(7);
  if (cell.isStrikethrough()) codes.push(9);
  if (cell.isFgPalette()) codes.push(`38;5;${cell.getFgColor()}`);
  if (cell.isFgRGB()) codes.push(`38;2;${rgb(cell.getFgColor())}`);
  if (cell.isBgPalette()) codes.push(`48;5;${cell.getBgColor()}`);
  if (cell.isBgRGB()) codes.push(`48;2;${rgb(cell.getBgColor())}`);
  return codes.join(";");
}

function rgb(colour: number): string {
  return [(colour >> 16) & 255, (colour >> 8) & 255, colour & 255].join(";");
}
