/** Longest colour sequence that passes; longer ones are no colours. */
const longestColour = 64;
/** A title, a link or the like without an end is given up after so many characters, so that it swallows no more than that. */
const longestString = 4_096;

/** Everything that is not a printable character: controls, C1 controls, and marks that turn text around. */
// eslint-disable-next-line no-control-regex
const special = /[\u0000-\u001F\u007F-\u009F\u202A-\u202E\u2066-\u2069]/g;

/**
 * Makes a filter for a terminal stream, wherever its pieces are cut: text, line ends, tabs and colours (SGR) pass; everything else that a terminal would
 * obey (titles, links, clipboard, cursor, screens, device queries) does not. Line feeds get a carriage return before them.
 * https://invisible-island.net/xterm/ctlseqs/ctlseqs.html
 */
export function createControlFilter(): (text: string) => string {
  let state: "text" | "escape" | "sequence" | "string" = "text";
  let sequence = "";
  let length = 0;
  let afterReturn = false;

  /** The index after the character that ended, or did not end, what is not text. */
  function inSequence(text: string, at: number, out: string[]): number {
    const char = text[at] ?? "";
    if (state === "escape") {
      if (char === "[") [state, sequence] = ["sequence", ""];
      else if ("]PX^_".includes(char)) [state, length] = ["string", 0];
      else if (char === "\u001B") return at + 1;
      else if (char < " " || char > "/") state = "text"; // else an intermediate: one more follows
      return char < " " ? at : at + 1;
    }
    if (state === "sequence") {
      if (char < " ") {
        state = "text"; // broken off; the control counts
        return at;
      }
      sequence += char;
      if (char >= "@" && char <= "~") {
        if (/^[0-9;:]*m$/.test(sequence)) out.push(`\u001B[${sequence}`);
        state = "text";
      } else if (sequence.length > longestColour) state = "text";
      return at + 1;
    }
    length += 1;
    if (char === "\u001B") state = "escape";
    else if (char === "\u0007" || char === "\u009C" || char === "\u0018" || char === "\n" || length > longestString) {
      state = "text";
      if (char === "\n") return at;
    }
    return at + 1;
  }

  return (text) => {
    const out: string[] = [];
    const pass = (piece: string) => {
      if (piece === "") return;
      out.push(piece);
      afterReturn = piece.endsWith("\r");
    };
    for (let at = 0; at < text.length;) {
      if (state !== "text") {
        at = inSequence(text, at, out);
        continue;
      }
      special.lastIndex = at;
      const found = special.exec(text);
      if (found === null) {
        pass(text.slice(at));
        break;
      }
      pass(text.slice(at, found.index));
      const [char] = found;
      at = found.index + 1;
      if (char === "\u001B") state = "escape";
      else if (char === "\u009B") [state, sequence] = ["sequence", ""];
      else if (char === "\u009D" || char === "\u0090") [state, length] = ["string", 0];
      else if (char === "\n") pass(afterReturn ? "\n" : "\r\n");
      else if (char === "\t" || char === "\r") pass(char);
    }
    return out.join("");
  };
}
