import yoctoSpinner from "yocto-spinner";
import { cleanLine } from "./clean-text.ts";
import type { Output } from "./output.ts";

/** What is going on just now, on the last line of a terminal; nothing where nobody looks. */
export interface Spinner {
  say(text: string): void;
  /** Prints lines above it. */
  above(print: () => void): void;
  stop(): void;
}

const still: Spinner = { say: () => undefined, above: (print) => print(), stop: () => undefined };

export function startSpinner(out: Output, text: string): Spinner {
  if (out.json || !process.stderr.isTTY || process.env["TERM"] === "dumb") return still;
  const fitting = (line: string): string => cleanLine(line).slice(0, Math.max(10, (process.stderr.columns ?? 80) - 3));
  // Ctrl-C is the command's own to answer.
  const spinner = yoctoSpinner({ text: fitting(text), handleSignals: false }).start();
  let spinning = true;
  return {
    say(now) {
      if (spinning) spinner.text = fitting(now);
    },
    above(print) {
      const { text: now } = spinner;
      if (spinning) spinner.stop();
      print();
      if (spinning) spinner.start(now);
    },
    stop() {
      if (spinning) spinner.stop();
      spinning = false;
    },
  };
}
