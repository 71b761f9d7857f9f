import { stripVTControlCharacters } from "node:util";

/**
 * Text from outside (titles, questions, output of programs) without anything that a terminal would obey: escape sequences, control characters,
 * and the marks that turn the direction of text. Line breaks stay.
 */
export function cleanText(text: string): string {
  return stripVTControlCharacters(text)
    .replaceAll("\t", "  ")
    .replaceAll(/[^\P{Cc}\n]|\p{Bidi_Control}/gu, "");
}

/** The same on one line. */
export function cleanLine(text: string): string {
  return cleanText(text.replaceAll(/\s*[\r\n]+\s*/g, " ")).trim();
}
