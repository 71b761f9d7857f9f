import * as z from "zod";
import { hex, sha256 } from "../../platform/keys.ts";
import { queryOf } from "./call-route.ts";
import { moment, repository } from "./shapes.ts";
import { defineTool, reads } from "./tool.ts";

const given = z.object({ answers: z.array(z.string()), by: z.string(), via: z.string(), at: moment });

export const questionShape = z.object({
  id: z.string(),
  purpose: z.string().describe("session: a coding agent asks; else a decision of the mesh"),
  items: z.array(
    z.object({
      text: z.string(),
      header: z.string().optional(),
      options: z.array(z.object({ label: z.string(), description: z.string().optional() })),
      multiple: z.boolean().describe("several choices may be given, as one text with commas"),
    }),
  ),
  status: z.enum(["with-architect", "with-human", "answered", "withdrawn"]),
  askedAt: moment,
  guess: z
    .object({ answers: z.array(z.string()), confidence: z.number() })
    .nullable()
    .describe("what the architect would say, without being sure"),
  answer: given.nullable(),
  appliedAt: moment.nullable().describe("when the agent went on with it"),
  parked: z.boolean().describe("the session was put aside and costs nothing while it waits"),
});

const listed = questionShape.extend({ run: z.string(), project: z.string(), issue: z.number(), title: z.string() });

export const listQuestions = defineTool({
  ...reads,
  name: "list-questions",
  title: "List questions",
  description:
    "Questions that coding agents and the mesh ask, newest first; those still open unless told otherwise. Show an open one to the person as it is, with its choices and the architect's guess, and answer with answer-question only what the person said.",
  input: z.strictObject({ open: z.boolean().default(true).describe("false: those already settled"), project: repository.optional() }),
  output: z.object({ items: z.array(listed) }),
  ask: (call, { open, project }) => call("GET", `/questions${queryOf({ open: open ? 1 : 0, project })}`),
  text: ({ items }) =>
    items.length === 0
      ? "No questions."
      : items
          .map(({ id, project, issue, title, status, items: asked, guess, answer }) => {
            const texts = asked.map(({ text, options }) => {
              const choices = options.map(({ label, description }) => `  * ${label}${description ? `: ${description}` : ""}`);
              return [`  ${text}`, ...choices].join("\n");
            });
            const guessed = guess
              ? [`  The architect would say: ${guess.answers.join(" / ")} (${Math.round(guess.confidence * 100)} % sure)`]
              : [];
            const settled = answer ? [`  Answered by ${answer.by}: ${answer.answers.join(" / ")}`] : [];
            return [`- ${id} (${status}), ${project}#${issue} "${title}"`, ...texts, ...guessed, ...settled].join("\n");
          })
          .join("\n"),
});

export const answerQuestion = defineTool({
  name: "answer-question",
  title: "Answer a question",
  description:
    "Answers an open question with what a person has decided: one text per item of the question, in its order; a choice is given by its label, free text is taken too. " +
    "The first answer wins. Do not make an answer up: the agent's work stands on it.",
  role: "operator",
  destructive: false,
  idempotent: true,
  outside: true,
  input: z.strictObject({
    question: z.string().min(1).max(200).describe("the question's id"),
    answers: z.array(z.string()).min(1).max(4).describe("one text per item"),
  }),
  output: z.object({
    status: z.enum(["accepted", "already-answered"]),
    answered: z.string().nullish().describe("already-answered: what was said before; yours is kept as late"),
  }),
  // The same answer given again is the same input, so a call repeated for the network's sake is no late answer.
  ask: async (call, { question, answers }) =>
    call(
      "POST",
      `/questions/${encodeURIComponent(question)}/answer`,
      { answers },
      {
        "idempotency-key": `mcp.${hex(await sha256(JSON.stringify(answers)))}`,
      },
    ),
  text: ({ status, answered }) =>
    status === "accepted"
      ? "Accepted; the agent is told."
      : `It had been answered already${answered ? `: ${answered}` : ""}. Yours is kept as a late answer.`,
});
