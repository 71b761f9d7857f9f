import * as z from "zod";
import type { ToolUse } from "../../core/tools/tool-use.ts";

const text = z.string();
const input = z
  .object({
    command: text,
    file_path: text,
    notebook_path: text,
    path: text,
    pattern: text,
    glob: text,
    url: text,
    output_mode: text,
  })
  .partial();

/** What a call of one of Claude Code's tools does: https://code.claude.com/docs/en/tools-reference. Relative paths are the worktree's. */
export function claudeToolUse(tool: string, given: unknown): ToolUse {
  const said = input.safeParse(given).data ?? {};
  switch (tool) {
    case "Bash":
    case "PowerShell":
    case "Monitor":
      return { tool, kind: "run", command: said.command ?? "" };
    case "Read":
    case "NotebookRead":
      return { tool, kind: "read", paths: [said.file_path ?? said.notebook_path ?? "."] };
    case "Write":
    case "Edit":
    case "MultiEdit":
    case "NotebookEdit":
      return { tool, kind: "write", paths: [said.file_path ?? said.notebook_path ?? "."] };
    case "Grep":
      // Without its lines it tells names alone.
      if (said.output_mode !== "content") return { tool, kind: "read", paths: [said.path ?? "."] };
      return { tool, kind: "search", paths: [said.path ?? "."], ...(said.glob === undefined ? {} : { names: namesOf(said.glob) }) };
    case "Glob":
    case "LS":
      return { tool, kind: "read", paths: [said.path ?? "."] };
    case "WebFetch":
      return { tool, kind: "fetch", url: said.url ?? "" };
    case "WebSearch":
      return { tool, kind: "fetch", url: "https://web-search/" };
    default:
      return { tool, kind: "other" };
  }
}

/** Patterns for names alone: `src/*.{ts,tsx}` is `*.ts` and `*.tsx`. */
function namesOf(glob: string): string[] {
  const name = glob.slice(glob.lastIndexOf("/") + 1);
  const [, before = "", choices, after = ""] = /^([^{]*)\{([^{}]*)\}(.*)$/.exec(name) ?? [];
  const names = choices === undefined ? [name] : choices.split(",").map((choice) => before + choice + after);
  return names.map((each) => each.replaceAll(/\?|\[[^\]]*\]/g, "*"));
}
