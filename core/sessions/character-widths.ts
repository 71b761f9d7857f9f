import { eastAsianWidth } from "get-east-asian-width";

/** Marks, joiners, selectors; the soft hyphen is seen. */
const zeroWidth = /^[\p{Mn}\p{Me}\p{Cf}]$/u;
const softHyphen = 0xad;
const firstMark = 0x300;

/**
 * How many columns a character takes, as most terminals of today have it: two for East Asian and emoji, none for marks and joiners. Everything that shows
 * a session (the runner's screen, the live terminal, the player by itself) counts alike, so that lines break at the same place. For xterm.js, whose own
 * table has one column for emoji.
 */
export const characterWidths = {
  version: "mesh",

  wcwidth(codepoint: number): 0 | 1 | 2 {
    if (codepoint < 0x20 || (codepoint >= 0x7f && codepoint < 0xa0)) return 0;
    if (codepoint < firstMark) return 1;
    if (zeroWidth.test(String.fromCodePoint(codepoint)) && codepoint !== softHyphen) return 0;
    return eastAsianWidth(codepoint);
  },

  /** Width and whether it joins the character before, packed as xterm.js packs it (UnicodeService.createPropertyValue). */
  charProperties(codepoint: number, preceding: number): number {
    const own = characterWidths.wcwidth(codepoint);
    const before = (preceding >> 1) & 3;
    const joins = own === 0 && preceding !== 0 && before !== 0;
    return ((joins ? Math.max(own, before) : own) << 1) | (joins ? 1 : 0);
  },
};

/**
 * A text for terminals that give marks and joiners a column of their own: letters composed with their marks where there is such a character, and without
 * selectors, joiners and what else is never seen.
 */
export function composed(text: string): string {
  return text.normalize("NFC").replaceAll(/[\p{Cf}\uFE00-\uFE0F]/gu, (char) => (char === "\u00AD" ? char : ""));
}
