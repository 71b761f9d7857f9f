import * as z from "zod";
import { parseProjectName } from "../../core/ids.ts";

/** An epoch-millisecond moment, as everywhere in the API. */
export const moment = z.number().describe("epoch ms");

export const repository = z
  .string()
  .refine((text) => parseProjectName(text) !== undefined, "owner/name is needed")
  .describe("GitHub repository, as owner/name");

/** `owner/name#12` → the path of that issue's runs. */
export const issue = z
  .string()
  .regex(/^[A-Za-z0-9-]+\/(?!\.{1,2}#)[A-Za-z0-9._-]+#[1-9]\d{0,9}$/, "owner/name#12 is needed")
  .describe("the issue, as owner/name#12");

export function runPath(key: string): string {
  const [name = "", number = ""] = key.split("#");
  return `/runs/${name}/${number}`;
}

/** A moment as people read it. */
export function readable(at: number): string {
  return new Date(at).toISOString().replace(/\.\d{3}Z$/, "Z");
}

/** At most `most` characters, with the cut said. */
export function shortened(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most)}… (${text.length - most} more characters)`;
}
