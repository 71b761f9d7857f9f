import type { PathUse } from "./path-findings.ts";
import { interpreters, withScript, writers } from "./programs.ts";
import type { ShellValue } from "./shell-values.ts";
import type { ToolFinding, ToolScene } from "./tool-use.ts";

export interface ProgramCall {
  readonly program: string;
  readonly args: readonly ShellValue[];
  /** The whole command, for people and for rules. */
  readonly said: string;
  /** Here-documents and here-strings. */
  readonly bodies: readonly string[];
  readonly depth: number;
}

/** What a call is looked at with. */
export interface ProgramReview {
  readonly scene: ToolScene;
  readonly folders: readonly string[];
  readonly found: ToolFinding[];
  path(value: ShellValue, use: PathUse): void;
  /** Commands of a text. */
  nested(text: string): void;
  /** A command within the command. */
  again(call: ProgramCall): void;
  notUnderstood(text: string): void;
  inFolder(folder: string, act: () => void): void;
}

/** Every argument that may be a path is looked at as one, also behind `=`, `@` and an option's letter. */
export function argumentPaths(name: string, { args }: Pick<ProgramCall, "args">, review: ProgramReview): void {
  const inPlace = name === "sed" && args.some(({ text }) => /^-[a-zA-Z]*i|^--in-place/.test(text));
  const writes = writers.has(name) || inPlace;
  const isCode = (at: number) => (interpreters[name] ?? []).includes(args[at - 1]?.text ?? "");
  const script = withScript.has(name) && !args.some(({ text }) => /^-[ef]$|^--(?:regexp|expression|file)/.test(text));
  const scriptAt = script ? args.findIndex(({ text }) => !text.startsWith("-")) : -1;
  const last = args.length - 1;
  for (const [at, value] of args.entries()) {
    if (at === scriptAt || isCode(at)) {
      if (name === "sed" && /(?:^|[\s;}/])[rRwW]\s+\S|(?:^|[;}/])e\b/.test(value.text)) review.notUnderstood(value.text);
      continue;
    }
    const use = writes || (/^(?:cp|ln|rsync|scp|install)$/.test(name) && at === last) ? "write" : "read";
    for (const path of pathsIn(value)) review.path(path, use);
  }
}

function pathsIn(value: ShellValue): ShellValue[] {
  const { text, unknown } = value;
  if (/[\n\r]/.test(text) || text.length > 1_000) return [];
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) return text.startsWith("file://") ? [{ ...value, text: text.slice(7), pattern: null }] : [];
  const part = (piece: string): ShellValue => ({ text: piece, pattern: null, unknown: unknown && piece.includes("*") });
  const behind = [...text.matchAll(/[=@:]([^=@:]+)/g)].map(([, piece = ""]) => part(piece));
  if (!text.startsWith("-")) return [...(text === "" ? [] : [value]), ...behind];
  if (/^-[A-Za-z]\S/.test(text) && !text.includes("=")) behind.push(part(text.slice(2)));
  return behind.filter((piece) => piece.text !== "");
}
