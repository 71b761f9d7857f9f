import * as z from "zod";
import { ok, refused } from "../result.ts";
import type { Result } from "../result.ts";

const confidence = z.number().min(0).max(1);
const text = (most: number) => z.string().max(most);
const said = (most: number) => z.string().trim().min(1).max(most);

/** Guidance for the session before it plans. */
export const techConsultation = z.object({ guidance: said(100_000), approach: text(20_000).nullable().default(null) });

/** A judgement of a plan. Whether its confidence suffices is policy. */
export const planReview = z.object({ approve: z.boolean(), confidence, feedback: text(20_000) });

/** A judgement of a test output that no report format explains. */
export const testEvaluation = z.object({
  passed: z.boolean(),
  confidence,
  reason: text(10_000),
  failures: z.array(text(4_000)).max(50).default([]),
});

/**
 * The architect's answer to what a session asked, one text per item. A single `answer` without `answers` is taken as the one item's.
 * `confident: false` may come without any.
 */
export const architectAnswer = z
  .object({
    confident: z.boolean(),
    answers: z.array(text(20_000)).max(4).default([]),
    answer: text(20_000).nullable().default(null),
    confidence,
    reason: text(10_000),
  })
  .refine((given) => !given.confident || given.answers.length > 0 || given.answer, {
    path: ["answers"],
    error: "confident without an answer",
  });

/** What a person's answer teaches beyond its issue; `text` stands by itself. Not general: nothing is kept. */
export const learning = z
  .object({ general: z.boolean(), text: text(500), scope: z.enum(["repository", "mesh"]) })
  .refine((given) => !given.general || given.text.trim() !== "", { path: ["text"], error: "general without a text" });

/** A free answer. */
export const general = z.object({ answer: said(200_000) });

/** The verdicts a model may be asked for, by the name that its JSON schema carries. */
export const verdictSchemas = {
  tech_consultation: techConsultation,
  plan_review: planReview,
  test_evaluation: testEvaluation,
  architect_answer: architectAnswer,
  learning,
  general,
} as const;

export type VerdictName = keyof typeof verdictSchemas;
export type TechConsultation = z.output<typeof techConsultation>;
export type PlanReview = z.output<typeof planReview>;
export type TestEvaluation = z.output<typeof testEvaluation>;
export interface ArchitectAnswer {
  readonly confident: boolean;
  /** One per item of the question, in its order; empty when it has none. */
  readonly answers: readonly string[];
  /** 0–1. */
  readonly confidence: number;
  readonly reason: string;
}
export type LearningVerdict = z.output<typeof learning>;
export type General = z.output<typeof general>;
export interface Verdicts {
  tech_consultation: TechConsultation;
  plan_review: PlanReview;
  test_evaluation: TestEvaluation;
  architect_answer: ArchitectAnswer;
  learning: LearningVerdict;
  general: General;
}

export function isVerdictName(name: string): name is VerdictName {
  return Object.hasOwn(verdictSchemas, name);
}

/** A model's parsed answer as a verdict. Anything of another form is `unparsable-answer`, never a verdict. */
export function parseVerdict<N extends VerdictName>(
  name: N,
  value: unknown,
): Result<Verdicts[N], { reason: "unparsable-answer"; message: string }> {
  const parsed = verdictSchemas[name].safeParse(value);
  if (!parsed.success) return refused({ reason: "unparsable-answer", message: z.prettifyError(parsed.error) });
  return ok(settled(parsed.data) as Verdicts[N]);
}

function settled(verdict: z.output<(typeof verdictSchemas)[VerdictName]>): Verdicts[VerdictName] {
  if (!("confident" in verdict)) return verdict;
  const { answer, answers, ...rest } = verdict;
  return { ...rest, answers: answers.length === 0 && answer ? [answer] : answers };
}
