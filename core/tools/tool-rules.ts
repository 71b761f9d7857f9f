import * as z from "zod";
import { toolSubjects, type ToolAnswer, type ToolDecision, type ToolFinding, type ToolSubject } from "./tool-use.ts";

const form = new RegExp(`^(?:${toolSubjects.join("|")})(?:: \\S.*)?$`);
const rules = z
  .array(
    z
      .string()
      .max(500)
      .regex(form, `a subject (${toolSubjects.join(", ")}), and after a colon and a space a pattern with *`),
  )
  .max(200)
  .default([]);

/** A project's own rules: `subject` or `subject: pattern`, where `*` stands for anything. The strictest that fits counts. */
export const toolRules = z.strictObject({
  allow: rules.describe("tool uses that need no further word"),
  ask: rules.describe("tool uses that are asked about first"),
  deny: rules.describe("tool uses that are refused"),
});
export type ToolRules = z.output<typeof toolRules>;

export const noToolRules: ToolRules = { allow: [], ask: [], deny: [] };

/** Without a rule of the project's own. */
const defaults: Readonly<Record<ToolSubject, ToolAnswer>> = {
  outside: "deny",
  credentials: "deny",
  network: "ask",
  publish: "deny",
  destructive: "ask",
  "not-understood": "ask",
  read: "allow",
  write: "allow",
  run: "allow",
  fetch: "allow",
  tool: "allow",
};

const strictness: Readonly<Record<ToolAnswer, number>> = { allow: 0, ask: 1, deny: 2 };

/**
 * Each finding is decided by the strictest rule that fits it, else by the default of its subject; the strictest of them decides. `granted`: what
 * people have allowed meanwhile, as in `asks`; it lifts no refusal.
 */
export function judge(findings: readonly ToolFinding[], own: ToolRules, granted: ReadonlySet<string> = new Set()): ToolDecision {
  let strictest = { answer: "allow" as ToolAnswer, rule: "default", about: "" };
  const asks = new Set<string>();
  for (const finding of findings) {
    const decision = judgeOne(finding, own, granted);
    if (decision.answer === "ask") asks.add(grantOf(finding));
    const isStricter = strictness[decision.answer] > strictness[strictest.answer];
    const saysMore = strictest.rule === "default" && decision.answer === strictest.answer && decision.rule !== "default";
    if (isStricter || saysMore) strictest = decision;
  }
  return { ...strictest, asks: [...asks] };
}

function judgeOne(finding: ToolFinding, own: ToolRules, granted: ReadonlySet<string>): Omit<ToolDecision, "asks"> {
  const { subject, about } = finding;
  const ruled = (["deny", "ask", "allow"] as const).flatMap((answer) => {
    const rule = own[answer].find((each) => fits(each, finding));
    return rule === undefined ? [] : [{ answer, rule }];
  });
  const [{ answer, rule } = { answer: defaults[subject], rule: defaults[subject] === "allow" ? "default" : subject }] = ruled;
  if (answer === "ask" && granted.has(grantOf(finding))) return { answer: "allow", rule: "allowed for this session", about };
  return { answer, rule, about };
}

function grantOf({ subject, about }: ToolFinding): string {
  return `${subject}: ${about}`;
}

function fits(rule: string, { subject, about }: ToolFinding): boolean {
  const colon = rule.indexOf(": ");
  if (colon < 0) return rule === subject;
  return rule.slice(0, colon) === subject && matches(rule.slice(colon + 2), about);
}

/** `*` stands for any text, everything else for itself. In time linear in both, whatever the pattern. */
export function matches(pattern: string, text: string): boolean {
  const [first = "", ...rest] = pattern.split("*");
  if (!text.startsWith(first)) return false;
  if (rest.length === 0) return text === first;
  const last = rest.pop() ?? "";
  let at = first.length;
  for (const piece of rest) {
    const found = text.indexOf(piece, at);
    if (found < 0) return false;
    at = found + piece.length;
  }
  return text.length - last.length >= at && text.endsWith(last);
}
