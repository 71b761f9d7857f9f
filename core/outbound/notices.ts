import type { RunContext } from "../lifecycle/run-input.ts";
import type { Answer, Question } from "../lifecycle/state.ts";
import { stripHiddenMarkup } from "./markers.ts";
import { cut } from "./parts.ts";

/** Characters. A push carries about 4 KB with all its buttons; the whole question is on the page. */
const limits = { question: 1_800, description: 200, answer: 300 } as const;
const mostTaps = 2;

/** What a phone shows of a question. */
export function renderAsking(question: Question): { message: string; choices: readonly string[]; taps: readonly number[] } {
  const { items, guess } = question;
  const [item] = items;
  const single = items.length === 1 && item !== undefined && !item.multiple ? item : undefined;
  const guessed = guess
    ? `\n\nThe architect would say: ${cut(guess.answers.join(" / "), limits.answer)} (${percent(guess.confidence)} sure)`
    : "";
  return {
    message: cut(items.map(itemText).join("\n\n"), limits.question) + guessed,
    choices: single ? single.options.map(({ label }) => label) : [],
    taps: single ? firstChoices(question) : [],
  };
}

/** The choice that the architect would take comes first, the others in their order. */
function firstChoices({ items, guess }: Question): readonly number[] {
  const labels = items[0]?.options.map(({ label }) => label) ?? [];
  const places = labels.map((_, place) => place);
  const guessed = places.filter((place) => labels[place] === guess?.answers[0]);
  return [...guessed, ...places.filter((place) => !guessed.includes(place))].slice(0, mostTaps);
}

function itemText({ text, options }: Question["items"][number], index: number, { length }: Question["items"]): string {
  const said = options.map(({ label, description }) => `• ${label}${description ? `: ${cut(description, limits.description)}` : ""}`);
  return [`${length > 1 ? `${index + 1}. ` : ""}${text}`, ...said].join("\n");
}

/** What became of a question, in one line for a phone; `applied`: the session has confirmed that it goes on. */
export function renderOutcome(question: Question, applied: boolean): string {
  if (question.answer === undefined) return `Withdrawn: ${question.withdrawnBecause ?? "it is not asked any more"}`;
  const said = `${answeredBy(question.answer)} ${cut(question.answer.answers.join(" / "), limits.answer)}`;
  return applied ? `${said}\nThe agent has gone on.` : said;
}

function answeredBy({ via, by, confidence }: Answer): string {
  if (via !== "silence") return `Answered by ${by}:`;
  return `Nobody answered. It goes on with the architect's best guess (${percent(confidence ?? 0)} sure):`;
}

/** The comment on the issue that asks, and after it what the same comment says when the question is settled. */
export function renderQuestionComment(question: Question, policy: RunContext["policy"]): string {
  const asked = question.items.map((item, index, all) => quoted(itemText(item, index, all))).join("\n>\n");
  const { answer, withdrawnBecause, guess } = question;
  if (answer) {
    const silent = answer.via === "silence" ? "\n\nThis was a guess, and nobody's approval. Comment what should be different." : "";
    return `### Question answered\n\n${asked}\n\n${answeredBy(answer)}\n\n${quoted(answer.answers.join("\n\n"))}${silent}`;
  }
  if (withdrawnBecause !== undefined) return `### Question withdrawn\n\n${asked}\n\nIt needs no answer any more: ${withdrawnBecause}.`;
  const mentioned = policy.people.map((person) => `@${person}`).join(" ");
  const guessed = guess ? `\n\nThe architect would say (${percent(guess.confidence)} sure):\n\n${quoted(guess.answers.join("\n\n"))}` : "";
  return `### ${mentioned === "" ? "A" : `${mentioned}: a`} question\n\n${asked}${guessed}\n\n${howToAnswer(question, policy)}`;
}

function howToAnswer(question: Question, policy: RunContext["policy"]): string {
  const example = question.items[0]?.options[0]?.label ?? "…";
  const how =
    question.items.length > 1
      ? "Answer in a comment that begins with `/answer`, each answer in a line of its own with its number: `1. …`, `2. …`."
      : `Answer with a comment: \`/answer ${example.replaceAll("`", "'")}\`.`;
  const { onSilence } = policy.questions;
  const silence =
    question.purpose !== "session" || onSilence === "wait"
      ? ""
      : onSilence === "fail"
        ? " Without an answer the run fails in time."
        : " Without an answer it goes on in time with the architect's best guess, if there is one.";
  return `${how} Comments by people with write access count; the notification and the dashboard do as well.${silence}`;
}

function quoted(text: string): string {
  return stripHiddenMarkup(text).replaceAll(/^/gm, "> ");
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
