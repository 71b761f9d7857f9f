import type { ShellPart, ShellWord } from "./shell-items.ts";

/** What variables are known to hold: every value they may have, or null when that cannot be told. */
export type ShellVariables = ReadonlyMap<string, readonly string[] | null>;

/** What a word may come to. */
export interface ShellValue {
  /** Plain text; in a pattern `*` for anything. */
  readonly text: string;
  /** Files are looked for by it. */
  readonly pattern: RegExp | null;
  /** A part of it is not known before it runs. */
  readonly unknown: boolean;
}

const most = 32;
/** Stand for what has a meaning of its own while words are put together. */
const marks = { "*": "\uE000", "?": "\uE001", "[": "\uE002", "{": "\uE003", ",": "\uE004", "}": "\uE005" } as const;
const unknownMark = "\uE006";
const back = Object.entries(marks).map(([char, mark]) => [mark, char] as const);

/** Every value of a word, at most 32; more are not known. `home` is what a tilde stands for. */
export function valuesOf(word: ShellWord, variables: ShellVariables, home: string): ShellValue[] {
  let texts: string[] = [""];
  for (const [at, part] of word.parts.entries()) {
    const pieces = piecesOf(part, at === 0, word, variables, home);
    texts = texts.flatMap((text) => pieces.map((piece) => text + piece)).slice(0, most + 1);
  }
  const whole = texts.flatMap(braced);
  if (whole.length > most) return [{ text: "*", pattern: null, unknown: true }];
  return whole.map(valueOf);
}

function piecesOf(part: ShellPart, first: boolean, word: ShellWord, variables: ShellVariables, home: string): readonly string[] {
  if (part.type === "unknown") return [unknownMark];
  if (part.type === "variable") {
    const held = variables.get(part.name);
    // One that holds blanks or patterns may become several words.
    return held
      ? held.map((value) => (/[\s*?[]/.test(value) ? `${value.replaceAll(/[\s*?[]+/g, "")}${unknownMark}` : value))
      : [unknownMark];
  }
  if (part.quoted) return [part.text];
  if (first && part.text === "~") return [tilde(word, home)];
  return [part.text in marks ? marks[part.text as keyof typeof marks] : part.text];
}

function tilde(word: ShellWord, home: string): string {
  const next = word.parts[1];
  return next === undefined || (next.type === "text" && next.text.startsWith("/")) ? home : unknownMark;
}

/** `{a,b}` is each of them, `{1..9}` anything. */
function braced(text: string): string[] {
  const range = text.replaceAll(/\uE003[\w.-]+\.\.[\w.-]+\uE005/g, marks["*"]);
  const found = /^([^]*)\uE003([^\uE003\uE005]*\uE004[^\uE003\uE005]*)\uE005([^]*)$/.exec(range);
  if (found === null) return [range];
  const [, before = "", choices = "", after = ""] = found;
  return choices
    .split(marks[","])
    .flatMap((choice) => braced(before + choice + after))
    .slice(0, most + 1);
}

function valueOf(text: string): ShellValue {
  const unknown = text.includes(unknownMark);
  const isPattern = /[\uE000\uE001]|\uE002[^]+\]/.test(text);
  const plain = back.reduce((said, [mark, char]) => said.replaceAll(mark, char), text).replaceAll(unknownMark, "*");
  return { text: plain, pattern: isPattern || unknown ? patternOf(text) : null, unknown };
}

/** A leading dot is never matched by a wildcard: https://pubs.opengroup.org/onlinepubs/9799919799/utilities/V3_chap02.html#tag_19_14_03 */
function patternOf(text: string): RegExp {
  let source = "";
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at] ?? "";
    const atStart = at === 0 || text[at - 1] === "/";
    if (char === marks["*"]) source += atStart ? "(?!\\.)[^/]*" : "[^/]*";
    else if (char === marks["?"]) source += atStart ? "(?!\\.)[^/]" : "[^/]";
    else if (char === marks["["]) {
      const end = text.indexOf("]", at + 2);
      source += "[^/]";
      if (end > 0) at = end;
    } else if (char === unknownMark) source += ".*";
    else source += (back.find(([mark]) => mark === char)?.[1] ?? char).replaceAll(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
  }
  return new RegExp(`^${source.replaceAll(/(?:\.\*){2,}/g, ".*")}$`, "i");
}
