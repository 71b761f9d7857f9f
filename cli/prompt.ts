import { readFileSync } from "node:fs";
import { createInterface } from "node:readline/promises";
import { stripVTControlCharacters } from "node:util";
import { cleanLine, cleanText } from "./clean-text.ts";
import { exitCodes } from "./exit-codes.ts";
import { Failure, usage } from "./failure.ts";
import type { Output } from "./output.ts";

/** Whether a person sits here who can be asked. */
export function isAttended(): boolean {
  return process.stdin.isTTY === true && process.stderr.isTTY === true;
}

/** Everything on the standard input, without the line break at its end. */
export function everythingOnStdin(): string {
  return readFileSync(0, "utf8").replace(/\r?\n$/, "");
}

/** Asks for a text, or for one of the choices by its number. */
export async function ask(out: Output, question: string, choices: readonly string[] = []): Promise<string> {
  out.note(`\n${cleanText(question)}`);
  for (const [index, choice] of choices.entries()) out.note(`  ${out.colours.cyan(String(index + 1))} ${cleanLine(choice)}`);
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  const interrupted = new AbortController();
  lines.on("SIGINT", () => interrupted.abort());
  try {
    for (;;) {
      const text = (await lines.question(choices.length > 0 ? "number, or words: " : "> ", { signal: interrupted.signal })).trim();
      const choice = choices[Number(text) - 1];
      if (choice !== undefined) return choice;
      if (text !== "") return text;
    }
  } catch {
    throw new Failure({ exitCode: exitCodes.interrupted, reason: "interrupted", message: "Nothing was answered." });
  } finally {
    lines.close();
  }
}

/** Asks before something that cannot be taken back; `--yes` is the answer where nobody can be asked. Throws `Failure` unless it is yes. */
export async function confirm(out: Output, question: string, yes: boolean | undefined): Promise<void> {
  if (yes) return;
  if (!isAttended()) throw usage(`${question} Say so with --yes.`);
  const answer = await ask(out, `${question} Type yes to go on.`);
  if (answer.toLowerCase() !== "yes")
    throw new Failure({ exitCode: exitCodes.failed, reason: "not-confirmed", message: "Nothing was changed." });
}

/**
 * Reads a secret from the terminal without showing it, not even its length. Ends with Enter; null on Ctrl-C or Ctrl-D. Only where `isAttended`.
 */
export function askSecret(prompt: string, stopped?: AbortSignal): Promise<string | null> {
  const { stdin, stderr } = process;
  // Before the prompt: what is pasted at once must not be shown by the terminal.
  stdin.setRawMode(true);
  stdin.resume();
  stdin.setEncoding("utf8");
  let secret = "";
  return new Promise((resolve) => {
    const end = (value: string | null): void => {
      stdin.off("data", take);
      stopped?.removeEventListener("abort", abandoned);
      stdin.setRawMode(false);
      stdin.pause();
      stderr.write("\n");
      resolve(value);
    };
    const abandoned = (): void => end(null);
    // A terminal pastes between these marks when it was asked to; they are no part of the secret.
    const take = (chunk: string): void => {
      for (const character of stripVTControlCharacters(chunk)) {
        if (character === "\r" || character === "\n") return end(secret.trim());
        if (character === "\u0003" || character === "\u0004") return end(null);
        if (character === "\u007f" || character === "\b") secret = secret.slice(0, -1);
        else if (character === "\u0015") secret = "";
        else secret += character;
      }
    };
    stopped?.addEventListener("abort", abandoned, { once: true });
    stdin.on("data", take);
    stderr.write(`${prompt} `);
  });
}
