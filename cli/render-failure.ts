import { cleanLine, cleanText } from "./clean-text.ts";
import type { Failure } from "./failure.ts";
import type { Colours } from "./output.ts";

/** A failure for people: what, why, where, each fault with its path, and what to do. */
export function renderFailure({ parts }: Failure, colours: Colours): string {
  const lines = [`${colours.red("mesh:")} ${cleanText(parts.message)}`];
  const row = (name: string, text: string): void => void lines.push(`  ${colours.dim(name.padEnd(6))} ${text}`);
  for (const { path, message } of parts.issues ?? []) row("at", `${colours.bold(cleanLine(path) || "(the whole)")}: ${cleanLine(message)}`);
  if (parts.reason !== "usage") row("reason", parts.reason);
  if (parts.where !== undefined)
    row("where", cleanLine(parts.where) + (parts.requestId ? colours.dim(`, request ${parts.requestId}`) : ""));
  for (const line of parts.fix ?? []) row("do", cleanLine(line));
  return lines.join("\n");
}

/** The same for programs: one JSON document. */
export function failureDocument({ parts }: Failure): object {
  const { exitCode, reason, message, where, issues, fix, requestId } = parts;
  return {
    error: {
      reason,
      message,
      exitCode,
      ...(where ? { where } : {}),
      ...(issues ? { issues } : {}),
      ...(fix ? { fix } : {}),
      ...(requestId ? { requestId } : {}),
    },
  };
}
