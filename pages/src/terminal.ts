import { Terminal } from "@xterm/xterm";
import "@xterm/xterm/css/xterm.css";
import { characterWidths } from "../../core/sessions/character-widths.ts";
import { strictDocument } from "./strict-document.ts";

/** A terminal to look at. */
export interface Screen {
  /** Calls `shown` once it is on the screen. */
  write(data: string, shown?: () => void): void;
  resize(cols: number, rows: number): void;
  clear(): void;
  end(): void;
}

/** In pixels; below the least, the terminal is wider than its place and that is scrolled. */
const fontSizes = { least: 9, most: 14 } as const;
/** How wide a monospaced character is against its height, about. */
const widthOfHeight = 0.602;

/** Opens a terminal inside `place`, as large as fits. It takes no keys but those that scroll it, so that Tab leads on. */
export function openScreen(place: HTMLElement, cols: number, rows: number): Screen {
  const terminal = new Terminal({
    // For the widths of characters.
    allowProposedApi: true,
    cols,
    rows,
    convertEol: true,
    cursorInactiveStyle: "none",
    disableStdin: true,
    documentOverride: strictDocument(document),
    fontFamily: "ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace",
    fontSize: fontSizeFor(place, cols),
    // Lower lines would cut underscores off.
    lineHeight: 1.2,
    minimumContrastRatio: 4.5,
    screenReaderMode: true,
    scrollback: 5_000,
    theme: { background: "#0f1216", foreground: "#e6e9ee" },
  });
  terminal.attachCustomKeyEventHandler((event) => {
    if (event.type === "keydown" && (event.key === "PageUp" || event.key === "PageDown")) {
      terminal.scrollPages(event.key === "PageUp" ? -1 : 1);
      event.preventDefault();
    }
    return false;
  });
  terminal.unicode.register(characterWidths);
  terminal.unicode.activeVersion = characterWidths.version;
  terminal.open(place);
  if (terminal.textarea) terminal.textarea.readOnly = true;
  const sized = new ResizeObserver(() => (terminal.options.fontSize = fontSizeFor(place, terminal.cols)));
  sized.observe(place);
  return {
    write: (data, shown) => terminal.write(data, shown),
    resize(toCols, toRows) {
      terminal.resize(toCols, toRows);
      terminal.options.fontSize = fontSizeFor(place, toCols);
    },
    clear: () => terminal.reset(),
    end() {
      sized.disconnect();
      terminal.dispose();
    },
  };
}

function fontSizeFor(place: HTMLElement, cols: number): number {
  const fits = Math.floor(place.clientWidth / (cols + 2) / widthOfHeight);
  return Math.min(fontSizes.most, Math.max(fontSizes.least, fits));
}
