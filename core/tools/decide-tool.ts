import { commandFindings } from "./command-findings.ts";
import { absolute, pathFindings, searchFindings } from "./path-findings.ts";
import { hostOf, isLoopback } from "./text-findings.ts";
import { judge, matches, type ToolRules } from "./tool-rules.ts";
import type { ToolDecision, ToolFinding, ToolScene, ToolUse } from "./tool-use.ts";

/**
 * Whether an agent may do what it is about to do. This is a fence for an agent that means well: what it runs can do more than its command line
 * says, and is kept in by the wall around it (see the runner's isolation).
 */
export function decideTool(use: ToolUse, own: ToolRules, scene: ToolScene, granted?: ReadonlySet<string>): ToolDecision {
  return judge([{ subject: "tool", about: use.tool }, ...findingsOf(use, scene)], own, granted);
}

function findingsOf(use: ToolUse, scene: ToolScene): ToolFinding[] {
  switch (use.kind) {
    case "run":
      return commandFindings(use.command, scene);
    case "read":
    case "write": {
      const { kind } = use;
      return use.paths.flatMap((path) => {
        const whole = pathOf(path, scene);
        return [
          { subject: kind, about: whole.startsWith(`${scene.tree}/`) ? whole.slice(scene.tree.length + 1) : whole },
          ...pathFindings(whole, kind, scene),
        ];
      });
    }
    case "search": {
      const { names = [] } = use;
      const isNamed = (file: string) => names.length === 0 || names.some((each) => matches(each, file));
      return use.paths.flatMap((path) => searchFindings(pathOf(path, scene), scene, isNamed));
    }
    case "fetch": {
      const host = hostOf(use.url) ?? use.url.slice(0, 200);
      const fetch: ToolFinding = { subject: "fetch", about: use.url.slice(0, 2_000) };
      return isLoopback(host) ? [fetch] : [fetch, { subject: "network", about: host }];
    }
    case "other":
      return [];
  }
}

function pathOf(path: string, scene: ToolScene): string {
  return absolute(path === "~" || path.startsWith("~/") ? scene.home + path.slice(1) : path, scene.tree);
}

/** One line on a use for people and for the journal, at most 300 characters. */
export function summaryOfUse(use: ToolUse): string {
  const about = use.kind === "run" ? use.command : use.kind === "fetch" ? use.url : use.kind === "other" ? "" : use.paths.join(", ");
  return `${use.tool}${about === "" ? "" : `: ${about}`}`.replaceAll(/\s+/g, " ").slice(0, 300);
}
