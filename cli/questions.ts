import type { Command } from "commander";
import type { ListedQuestion } from "./answers.ts";
import { meshVerb, onMesh, verbGroup, type Mesh } from "./command.ts";
import { exitCodes } from "./exit-codes.ts";
import { Failure, usage } from "./failure.ts";
import { pages, withPages, type PageFlags } from "./paging.ts";
import { projectName } from "./parse.ts";
import { ask, everythingOnStdin, isAttended } from "./prompt.ts";
import { shortWhen, when } from "./when.ts";

/** `mesh questions`: what agents want to know of people. */
export function addQuestions(program: Command): void {
  const group = verbGroup(program, "questions", "questions of agents, and answering them");
  withPages(
    meshVerb(group, "list", "questions that wait for an answer")
      .option("--project <owner/name>", "only of this project", projectName)
      .option("--past", "those that were answered or withdrawn"),
  ).action(
    onMesh(async ({ api, out }, flags: PageFlags & { project?: string; past?: true }) => {
      const { project } = flags;
      const page = flags.past
        ? await pages((query) => api.pastQuestions({ project, ...query }), flags)
        : await api.questions({ open: 1, project });
      out.answer(page, () => {
        out.table<ListedQuestion>(
          page.items,
          [
            { head: "question", of: ({ id }) => id },
            { head: "issue", of: ({ project: name, issue }) => `${name}#${issue}` },
            { head: "asks", of: ({ items }) => items.map(({ text }) => text).join(" / "), least: 16 },
            { head: "asked", of: ({ askedAt }) => shortWhen(askedAt), drop: 1 },
            {
              head: "with",
              of: ({ status, answer }) => (answer ? `${answer.by}: ${answer.answers.join("; ")}` : status.replace("with-", "")),
              least: 9,
            },
          ],
          flags.past ? "No question was asked yet." : "No question is open.",
        );
        if (page.cursor !== null) out.note(out.colours.dim(`There is more: --cursor '${page.cursor}', or --all.`));
      });
    }),
  );
  meshVerb(group, "answer", "answer a question; without words it shows the question and asks you")
    .argument("<id>", "of the question")
    .argument("[answer...]", "one text for each thing it asks; - reads the standard input")
    .option("--choice <n>", "take this choice, counted from 1 (repeat for several items)", (value: string, all: number[] | undefined) => [
      ...(all ?? []),
      Number(value),
    ])
    .action(onMesh(answer));
}

async function answer(mesh: Mesh, id: string, words: readonly string[], flags: { choice?: number[] }): Promise<void> {
  const { api, out } = mesh;
  if (words.length > 0 && flags.choice) throw usage("Give the answer in words or by --choice, not both.");
  const answers =
    words.length > 0 ? words.map((word) => (word === "-" ? everythingOnStdin() : word)) : await chosen(mesh, id, flags.choice);
  const taken = await api.answerQuestion(id, answers);
  out.answer(taken, () =>
    taken.status === "accepted"
      ? out.line(`${out.colours.green("accepted")}: ${answers.length === 1 ? "the answer is" : "the answers are"} on the way to the agent.`)
      : out.text(`It was answered before${taken.answered ? `: ${taken.answered}` : ""}. Yours is kept as late.`),
  );
}

async function chosen({ api, out }: Mesh, id: string, choices: readonly number[] | undefined): Promise<string[]> {
  const question = (await api.questions({ open: 1 })).items.find((one) => one.id === id);
  if (!question)
    throw new Failure({
      exitCode: exitCodes.notFound,
      reason: "not-found",
      message: `No open question has the id ${id}.`,
      fix: ["mesh questions list", "mesh questions list --past"],
    });
  if (!choices && !isAttended())
    throw usage("What is the answer?", `mesh questions answer ${id} "…"`, `mesh questions answer ${id} --choice 1`);
  if (!choices) {
    out.note(`${out.colours.bold(`${question.project}#${question.issue}`)} ${question.title}, asked ${when(question.askedAt)}`);
  }
  const answers: string[] = [];
  for (const [index, item] of question.items.entries()) {
    const labels = item.options.map(({ label }) => label);
    const choice = choices?.[index];
    if (choices && (choice === undefined || labels[choice - 1] === undefined))
      throw usage(
        `Item ${index + 1} has ${labels.length} choices: ${labels.map((label, at) => `${at + 1} ${label}`).join(", ") || "none"}.`,
      );
    answers.push(choice === undefined ? await ask(out, item.text, labels) : (labels[choice - 1] ?? ""));
  }
  return answers;
}
