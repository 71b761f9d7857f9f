import type { Moment } from "../time.ts";
import type { RequestPart } from "./model-requests.ts";
import { cut, newestThatFit } from "./parts.ts";

/** Something general that a person's answer has taught. */
export interface Learning {
  readonly id: number;
  readonly text: string;
  readonly scope: "repository" | "mesh";
  readonly at: Moment;
}

const mostCharacters = 3_000;

/** What the architect is told of earlier answers, within 3,000 characters; the oldest are left out first. Null without any. */
export function renderLearnings(learnings: readonly Learning[]): { readonly part: RequestPart; readonly shown: readonly number[] } | null {
  const oldestFirst = learnings.toSorted((a, b) => a.at - b.at);
  const lines = oldestFirst.map(({ text, scope }) => `- ${cut(text, 600)} (${scope === "mesh" ? "everywhere" : "in this repository"})`);
  const fitting = newestThatFit(lines, mostCharacters);
  if (fitting.length === 0) return null;
  const content = `What was learned before, from people's answers; the newer counts:\n\n${fitting.join("\n")}`;
  return { part: { role: "user", part: "learnings", content }, shown: oldestFirst.slice(-fitting.length).map(({ id }) => id) };
}
