import { ok, refused, type Result } from "../result.ts";

/** Characters (UTF-16, as browsers count them) of one answer. */
export const longestAnswer = 20_000;

// oxlint-disable-next-line no-control-regex -- removing them is the purpose
const controls = /[\u0000-\u0008\u000B\u000C\u000D\u000E-\u001F\u007F-\u009F]/g;

/**
 * An answer as a person wrote it: unaltered, but line ends are `\n` and control characters other than line break and tab are removed. Refused
 * when nothing readable is left, or it is over 20,000 characters.
 */
export function cleanAnswer(text: string): Result<string, "empty" | "too-long"> {
  const clean = text.replaceAll("\r\n", "\n").replace(controls, "");
  if (clean.trim() === "") return refused("empty");
  return clean.length > longestAnswer ? refused("too-long") : ok(clean);
}

/** One answer per item from a single text: its numbered parts (`1. …`) when it has one for each item, else the whole text for every item. */
export function splitAnswer(text: string, items: number): readonly string[] {
  const parts = [...text.matchAll(/^[ \t]*(\d)[.):][ \t]*([\s\S]*?)(?=^[ \t]*\d[.):]|$(?![\s\S]))/gm)];
  const numbered = parts.length === items && parts.every(([, number, said], index) => Number(number) === index + 1 && said?.trim());
  return items > 1 && numbered ? parts.map(([, , said]) => (said ?? "").trim()) : Array.from({ length: items }, () => text);
}
