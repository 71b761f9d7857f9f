import { exitCodes } from "./exit-codes.ts";
import { Failure, usage } from "./failure.ts";
import type { Output } from "./output.ts";
import { askSecret, everythingOnStdin, isAttended } from "./prompt.ts";

/** A secret from the terminal, hidden, or from the standard input where nobody can be asked. Throws `Failure` when there is none. */
export async function readSecret(out: Output, what: string): Promise<string> {
  if (!isAttended()) {
    if (process.stdin.isTTY) throw usage(`${what} is needed, and nobody can be asked here.`);
    const secret = everythingOnStdin().trim();
    if (secret === "") throw usage(`${what} is needed: the standard input is empty.`);
    return secret;
  }
  const secret = await askSecret(`${out.colours.bold(what)} (hidden):`);
  if (secret === null) throw new Failure({ exitCode: exitCodes.interrupted, reason: "interrupted", message: "Nothing was sent." });
  if (secret === "") throw usage(`${what} is empty.`);
  return secret;
}
