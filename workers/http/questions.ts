import * as z from "zod";
import { projectOf, type QuestionId } from "../../core/ids.ts";
import { cleanAnswer, longestAnswer } from "../../core/inbound/answer-text.ts";
import type { QuestionView, RunView } from "../../core/project/views.ts";
import { now } from "../../platform/clock.ts";
import { orchestrator } from "../../durable-objects/remote.ts";
import { isProject } from "../registry.ts";
import { notFound, problem } from "./errors.ts";
import type { HttpContext } from "./http.ts";
import { inputIdOf } from "./idempotency.ts";
import { questionParams } from "./path-params.ts";
import type { Routes } from "./routes.ts";
import { projectsAsked } from "./tasks.ts";

const faults = { empty: "nothing readable", "too-long": `over ${longestAnswer} characters` } as const;
/** One answer as a person gives it: what is readable of it. */
export const answer = z.string().transform((text, context) => {
  const clean = cleanAnswer(text);
  if (clean.ok) return clean.value;
  context.issues.push({ code: "custom", message: faults[clean.error], input: text });
  return z.NEVER;
});
const answerRequest = z
  .union([z.strictObject({ answers: z.array(answer).min(1).max(4) }), z.strictObject({ answer })])
  .transform((said) => ("answers" in said ? said.answers : [said.answer]));

/** Questions of sessions and decisions, and their answers by a person. */
export function addQuestions(routes: Routes): void {
  routes.add(
    {
      method: "get",
      path: "/questions",
      tag: "questions",
      summary: "Questions, newest first; open=1 for those still to be answered",
      access: "viewer",
      query: z.object({ open: z.enum(["1", "0"]).optional(), project: z.string().min(1).max(200).optional() }),
      answers: { 200: "the questions, each with its run", 404: "unknown project" },
    },
    async (c, { query }) => {
      const projects = await projectsAsked(c.env, query.project);
      if (!projects) return notFound("project");
      const runs = (await Promise.all(projects.map((project) => orchestrator(c.env, project).runs()))).flat();
      const questions = runs
        .flatMap((run) => run.questions.map((question) => asListed(run, question)))
        .filter((question) => query.open === undefined || isOpen(question) === (query.open === "1"))
        .toSorted((one, other) => other.askedAt - one.askedAt)
        .slice(0, 200);
      return c.json({ items: questions, cursor: null });
    },
  );
  routes.add(
    {
      method: "post",
      path: "/questions/:id/answer",
      tag: "questions",
      summary: "Answers a question: one text per item",
      access: "operator",
      params: questionParams,
      body: answerRequest,
      answers: {
        200: "accepted, or already-answered with what was answered before (yours is kept as late)",
        404: "unknown",
        409: "does not apply; `reason` says why",
        410: "withdrawn",
      },
    },
    (c, { params, body }) => answerQuestion(c, params.id, body),
  );
}

/** Gives an operator's answers to a question; the response says what became of them. */
export async function answerQuestion(c: HttpContext, question: QuestionId, answers: readonly string[]): Promise<Response> {
  const project = projectOf(question);
  if (!project || !(await isProject(c.env, project))) return notFound("question");
  const input = await inputIdOf(c);
  if (input instanceof Response) return input;
  const via = c.req.header("authorization") === undefined ? "dashboard" : "api";
  const said = { question, answers, by: c.get("by"), via } as const;
  const applied = await orchestrator(c.env, project).apply({ id: `api.${input.id}`, at: now(), type: "human-answered", ...said });
  if (applied.status === "applied" && applied.reason === undefined) return c.json({ status: "accepted" });
  return refusal(applied.reason ?? "not-applied", applied.detail);
}

function refusal(reason: string, detail: string | undefined): Response {
  if (reason === "already-answered") return Response.json({ status: "already-answered", answered: detail ?? null });
  if (reason === "withdrawn") return problem(410, reason, "The question was withdrawn.");
  if (reason === "unknown-question") return notFound("question");
  return problem(409, reason, detail ?? "The answer does not apply.");
}

function asListed(run: RunView, question: QuestionView): QuestionView & { run: string; project: string; issue: number; title: string } {
  return { ...question, run: run.id, project: run.name, issue: run.issue, title: run.title };
}

function isOpen(question: QuestionView): boolean {
  return question.status === "with-architect" || question.status === "with-human";
}
