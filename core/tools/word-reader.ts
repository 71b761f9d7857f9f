import type { ShellItem, ShellPart, ShellWord } from "./shell-items.ts";

/** What words are read from; shared by the reader of commands, which reads the commands within words. */
export interface ShellSource {
  readonly text: string;
  at: number;
  /** Why the rest cannot be understood. */
  fault: string | null;
  /** Reads commands up to the closing bracket, which is taken as well. */
  readonly commands: (source: ShellSource) => ShellItem[];
  /** Commands of another text, run from within this one. */
  readonly nested: (text: string) => ShellItem[];
}

const ends = new Set([" ", "\t", "\n", ";", "&", "|", "<", ">", "(", ")"]);
const escapes: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "\r", a: "\x07", b: "\b", e: "\x1b", E: "\x1b", f: "\f", v: "\v" };

export function giveUp(source: ShellSource, why: string): void {
  source.fault ??= why;
  source.at = source.text.length;
}

/** Reads one word, with the commands in it put to `inner`. Undefined where no word begins. */
export function readWord(source: ShellSource, inner: (readonly ShellItem[])[]): ShellWord | undefined {
  const parts: ShellPart[] = [];
  const begun = source.at;
  while (source.at < source.text.length) {
    const char = source.text[source.at] ?? "";
    if (ends.has(char) && !isSubstitution(source, char)) {
      if (char === "(" && /[@?*+!=]$/.test(source.text.slice(begun, source.at))) giveUp(source, "an extended pattern or an array");
      break;
    }
    if (ends.has(char)) {
      source.at += 2;
      inner.push(source.commands(source));
      parts.push({ type: "unknown" });
    } else readPart(source, char, parts, inner);
  }
  return source.at === begun ? undefined : { parts };
}

/** `<(…)` and `>(…)`: a file that a command writes or reads. */
function isSubstitution({ text, at }: ShellSource, char: string): boolean {
  return (char === "<" || char === ">") && text[at + 1] === "(";
}

function readPart(source: ShellSource, char: string, parts: ShellPart[], inner: (readonly ShellItem[])[]): void {
  const { text } = source;
  const add = (piece: string, quoted: boolean) => parts.push({ type: "text", text: piece, quoted });
  switch (char) {
    case "\\":
      if (text[source.at + 1] !== "\n") add(text[source.at + 1] ?? "", true);
      source.at += 2;
      return;
    case "'": {
      const end = text.indexOf("'", source.at + 1);
      if (end < 0) return giveUp(source, "a quotation does not end");
      add(text.slice(source.at + 1, end), true);
      source.at = end + 1;
      return;
    }
    case '"':
      source.at += 1;
      add("", true);
      return readQuoted(source, parts, inner, '"');
    case "$":
    case "`":
      return readExpansion(source, parts, inner, false);
    default:
      add(char, false);
      source.at += 1;
  }
}

/** The inside of double quotes, or of a here-document (`end` is null). */
export function readQuoted(source: ShellSource, parts: ShellPart[], inner: (readonly ShellItem[])[], end: '"' | null): void {
  const { text } = source;
  while (source.at < text.length) {
    const char = text[source.at] ?? "";
    if (char === end) {
      source.at += 1;
      return;
    }
    if (char === "$" || char === "`") {
      readExpansion(source, parts, inner, true);
    } else if (char === "\\" && '$`"\\\n'.includes(text[source.at + 1] ?? "x")) {
      if (text[source.at + 1] !== "\n") parts.push({ type: "text", text: text[source.at + 1] ?? "", quoted: true });
      source.at += 2;
    } else {
      parts.push({ type: "text", text: char, quoted: true });
      source.at += 1;
    }
  }
  if (end !== null) giveUp(source, "a quotation does not end");
}

function readExpansion(source: ShellSource, parts: ShellPart[], inner: (readonly ShellItem[])[], quoted: boolean): void {
  const { text } = source;
  const rest = text.slice(source.at, source.at + 200);
  if (rest.startsWith("`")) return readBackquoted(source, parts, inner);
  if (rest.startsWith("$((")) return readArithmetic(source, parts);
  if (rest.startsWith("$(")) {
    source.at += 2;
    inner.push(source.commands(source));
    parts.push({ type: "unknown" });
    return;
  }
  if (!quoted && rest.startsWith("$'")) return readEscaped(source, parts);
  if (!quoted && rest.startsWith('$"')) {
    source.at += 2;
    return readQuoted(source, parts, inner, '"');
  }
  const [whole, braced, plain] = /^\$(?:\{([A-Za-z_][A-Za-z0-9_]*)\}|([A-Za-z_][A-Za-z0-9_]*))/.exec(rest) ?? [];
  if (whole !== undefined) {
    parts.push({ type: "variable", name: braced ?? plain ?? "" });
    source.at += whole.length;
  } else if (rest.startsWith("${")) {
    readComputed(source, parts, inner);
  } else if (/^\$[0-9@*#?$!-]/.test(rest)) {
    parts.push({ type: "unknown" });
    source.at += 2;
  } else {
    parts.push({ type: "text", text: "$", quoted: true });
    source.at += 1;
  }
}

/** `${…}` with anything but a name. What stands in it may run commands, so they are read as well. */
function readComputed(source: ShellSource, parts: ShellPart[], inner: (readonly ShellItem[])[]): void {
  source.at += 2;
  const ignored: ShellPart[] = [];
  while (source.at < source.text.length) {
    const char = source.text[source.at] ?? "";
    if (char === "}") {
      source.at += 1;
      parts.push({ type: "unknown" });
      return;
    }
    readPart(source, char, ignored, inner);
  }
  giveUp(source, "an expansion does not end");
}

function readArithmetic(source: ShellSource, parts: ShellPart[]): void {
  const end = source.text.indexOf("))", source.at);
  if (end < 0 || /[`$]\(?/.test(source.text.slice(source.at + 3, end).replaceAll(/\$\{?[A-Za-z_]\w*\}?/g, ""))) {
    return giveUp(source, "arithmetic that runs commands");
  }
  source.at = end + 2;
  parts.push({ type: "text", text: "0", quoted: true });
}

function readBackquoted(source: ShellSource, parts: ShellPart[], inner: (readonly ShellItem[])[]): void {
  let end = source.at + 1;
  while (end < source.text.length && source.text[end] !== "`") end += source.text[end] === "\\" ? 2 : 1;
  if (end >= source.text.length) return giveUp(source, "a backquote does not end");
  inner.push(source.nested(source.text.slice(source.at + 1, end).replaceAll(/\\([`$\\])/g, "$1")));
  parts.push({ type: "unknown" });
  source.at = end + 1;
}

/** `$'…'`: https://www.gnu.org/software/bash/manual/html_node/ANSI_002dC-Quoting.html */
function readEscaped(source: ShellSource, parts: ShellPart[]): void {
  const [whole, body = ""] = /^\$'((?:[^'\\]|\\[^])*)'/.exec(source.text.slice(source.at)) ?? [];
  if (whole === undefined) return giveUp(source, "a quotation does not end");
  source.at += whole.length;
  const text = body.replaceAll(/\\(?:x([0-9a-fA-F]{1,2})|u([0-9a-fA-F]{1,4})|U([0-9a-fA-F]{1,8})|([0-7]{1,3})|c([^])|([^]))/g, decoded);
  parts.push({ type: "text", text, quoted: true });
}

function decoded(_: string, hex?: string, short?: string, long?: string, octal?: string, control?: string, other?: string): string {
  const code = hex ?? short ?? long;
  if (code !== undefined) return String.fromCodePoint(Math.min(Number.parseInt(code, 16), 0x10_ff_ff));
  if (octal !== undefined) return String.fromCodePoint(Number.parseInt(octal, 8));
  if (control !== undefined) return String.fromCodePoint((control.codePointAt(0) ?? 0) & 31);
  return escapes[other ?? ""] ?? other ?? "";
}
