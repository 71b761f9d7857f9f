import type { QuestionItem } from "../../core/protocol/frames.ts";
import type { AgentEvent, FileDiff } from "../drivers/driver.ts";

const paint = (code: string) => (text: string) => `\u001B[${code}m${text}\u001B[0m`;
const [bold, dim, red, green, yellow, cyan] = ["1", "2", "31", "32", "33", "36"].map(paint) as [Paint, Paint, Paint, Paint, Paint, Paint];
type Paint = (text: string) => string;

/** Lines of arguments, results and changes that are shown; the rest is counted. */
const shown = { detail: 6, output: 10, failure: 30, change: 40 } as const;
const longestLine = 2_000;

/** What a viewer sees of something an agent did, in lines; empty for what is not to be seen. */
export function renderEvent(event: AgentEvent): string {
  switch (event.type) {
    case "said":
      return event.text.trim() === "" ? "" : `\n${event.text.trim()}\n`;
    case "tool-begun": {
      const detail = event.detail === undefined ? [] : folded(event.detail, shown.detail, dim);
      return linesOf(["", cyan(`● ${oneLine(event.title)}`), ...detail, ...(event.diffs ?? []).flatMap(changeOf)]);
    }
    case "tool-ended":
      if (event.output.trim() === "") return event.failed ? linesOf([red("  ✗ failed")]) : "";
      return linesOf(folded(event.output.trimEnd(), event.failed ? shown.failure : shown.output, event.failed ? red : dim));
    case "finished":
      return linesOf(["", green("✓ finished")]);
    case "stopped":
      return linesOf(["", yellow(`■ stopped ${event.because === "budget" ? "by its budget" : "as it was told to"}`)]);
    case "failed":
      return linesOf(["", red(`✗ failed (${event.kind}): ${oneLine(event.message)}`)]);
    case "asked":
    case "conversation-started":
    case "active":
    case "used":
      return "";
  }
}

/** A step begins: what was there before leaves the screen, which then looks the same to whoever joins now. */
export function renderBeginning(title: string, rows: number): string {
  return `\u001B[0m${"\n".repeat(rows)}${"\u001B[1m"}── ${oneLine(title)} ${"\u001B[0m"}\n`;
}

export function renderQuestions(questions: readonly QuestionItem[]): string {
  return linesOf(
    questions.flatMap(({ text, options }) => [
      "",
      yellow(`? ${text.trim()}`),
      ...options.map(({ label }, at) => `  ${at + 1}. ${oneLine(label)}`),
    ]),
  );
}

export function renderAnswers(answers: readonly string[]): string {
  return linesOf(answers.map((answer) => bold(`→ ${answer.trim()}`)));
}

export function renderNote(text: string): string {
  return linesOf(["", dim(`[${text}]`)]);
}

/** The changed lines of a file, with what is the same at both ends left out. */
function changeOf({ path, before, after }: FileDiff): string[] {
  const [old, fresh] = [before.split("\n"), after.split("\n")];
  let [head, tail] = [0, 0];
  while (head < old.length && head < fresh.length && old[head] === fresh[head]) head += 1;
  while (tail < old.length - head && tail < fresh.length - head && old.at(-1 - tail) === fresh.at(-1 - tail)) tail += 1;
  const gone = before === "" ? [] : old.slice(head, old.length - tail).map((line) => red(`  - ${cut(line)}`));
  const come = after === "" ? [] : fresh.slice(head, fresh.length - tail).map((line) => green(`  + ${cut(line)}`));
  const all = [...gone, ...come];
  const left = all.length - shown.change;
  return [bold(`  ${oneLine(path)}`), ...all.slice(0, shown.change), ...(left > 0 ? [dim(`  … ${left} more lines changed`)] : [])];
}

function folded(text: string, most: number, colour: Paint): string[] {
  const lines = text.split("\n");
  const left = lines.length - most;
  return [...lines.slice(0, most).map((line) => colour(`  ${cut(line)}`)), ...(left > 0 ? [dim(`  … ${left} more lines`)] : [])];
}

function cut(line: string): string {
  return line.length > longestLine ? `${line.slice(0, longestLine)}…` : line;
}

function oneLine(text: string): string {
  return cut(text.replaceAll(/\s+/g, " ").trim());
}

function linesOf(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join("");
}
