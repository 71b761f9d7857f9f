import type { EventType } from "../../core/events.ts";
import { eventTypeWord } from "./event-type-words.ts";
import { askerOf, renderBy } from "./question-list.ts";

/** An event as the read model's lists have it. */
export interface EventRow {
  readonly project: string;
  readonly seq: number;
  readonly at: number;
  readonly type: string;
  readonly trace: string;
  readonly issue: number | null;
  readonly run: number | null;
  readonly task: string | null;
  readonly agent: string | null;
  readonly data: Readonly<Record<string, unknown>>;
}

/** What an event says, in a line; `detail` is what came with it from outside. */
export interface EventWords {
  readonly text: string;
  readonly detail?: string;
}

/** What a run's view tells without its events, said as they say it. */
export const runBegan = "The run began.";
export const answerApplied = "The agent went on with the answer.";

/** Of the phase, in upper case, that a run went on to or ended in. */
export function phaseWords(phase: string): string {
  return isEndOfRun(phase) ? `Ended as ${phase.toLowerCase()}.` : `Went on to ${phase.toLowerCase()}.`;
}

export function isEndOfRun(phase: string): boolean {
  return phase === "ACCEPTED" || phase === "FAILED" || phase === "CANCELLED";
}

export function askedWords(purpose: string): string {
  return `${askerOf(purpose)} asked.`;
}

export function answeredWords(answer: { readonly by: string; readonly via: string }): string {
  return answer.by === "" ? "The question was answered." : `Answered by ${renderBy(answer)}.`;
}

type Told = (event: EventRow) => EventWords;

const words: Partial<Record<EventType, Told>> = {
  "run-started": ({ data }) => ({
    text: data["restartOf"] == null ? runBegan : `The run began; run ${text(data, "restartOf")} was before it.`,
  }),
  "run-changed": ({ data }) => ({ text: text(data, "explain") }),
  "run-phase-changed": ({ data }) => detailed(phaseWords(text(data, "to")), text(data, "because")),
  "run-ended": ({ data }) => detailed(phaseWords(text(data, "outcome")), text(data, "because")),
  "card-moved-by-human": ({ data }) => detailed("A person moved the card.", text(data, "to")),
  "guidance-given": ({ data }) => ({
    text: data["given"] === true ? "The architect gave guidance." : "The architect had no guidance to give.",
  }),
  "plan-proposed": ({ data }) => ({ text: `A plan was proposed (${text(data, "characters")} characters).` }),
  "plan-reviewed": ({ data }) => ({
    text: `The plan was reviewed: ${data["approve"] === true ? "good" : "to be improved"}${percent(data, "confidence")}.`,
  }),
  "plan-approved": ({ data }) => detailed("The plan was approved.", by(data)),
  "architect-consulted": () => ({ text: "The architect was asked." }),
  "learning-noted": ({ data }) => detailed("Something general was learned from an answer.", text(data, "text")),
  "question-asked": ({ data }) => detailed(askedWords(text(data, "purpose")), questions(data)),
  "question-sent-to-human": () => ({ text: "The question went on to a person: the architect was not sure." }),
  "question-answered": ({ data }) => ({ text: answeredWords({ by: text(data, "by"), via: text(data, "via") }) }),
  "question-answered-late": ({ data }) => detailed("Another answer came too late.", by(data)),
  "question-applied": () => ({ text: answerApplied }),
  "question-withdrawn": ({ data }) => detailed("The question was withdrawn.", text(data, "because")),
  "question-parked": () => ({ text: "The session was parked until the answer comes." }),
  "session-started": ({ agent }) => ({ text: `The session is at work${agent === null ? "" : ` on ${agent}`}.` }),
  "session-nudged": () => ({ text: "The session was silent and was nudged." }),
  "session-lost": () => ({ text: "The session was silent for too long and is given up." }),
  "session-failed": ({ data }) => detailed(`The session's step failed (${text(data, "kind")}).`, text(data, "message")),
  "steering-told": ({ data }) => detailed("The session was told what has changed.", text(data, "what")),
  "branch-pushed": ({ data }) => ({ text: `Pushed: ${count(data, "commits", "commit")}, now at ${text(data, "sha").slice(0, 10)}.` }),
  "checkpoint-taken": ({ data }) => detailed("A checkpoint of the worktree was taken.", text(data, "because")),
  "tool-decided": ({ data }) => detailed(`Use of ${text(data, "tool")}: ${text(data, "decision")}.`, text(data, "summary")),
  "pull-request-opened": ({ data }) => ({ text: `Pull request #${text(data, "number")} was opened.` }),
  "pull-request-merged": ({ data }) => detailed(`Pull request #${text(data, "number")} was merged.`, by(data)),
  "merge-refused": ({ data }) => detailed(`The merge was refused: ${text(data, "because")}.`, text(data, "message")),
  "tests-finished": ({ data }) => ({ text: `The tests finished${data["verdict"] === undefined ? "" : `: ${text(data, "verdict")}`}.` }),
  "bug-issue-opened": ({ data }) => ({ text: `Issue #${text(data, "number")} was opened for what failed.` }),
  "cycle-spent": ({ data }) =>
    detailed(`Back to work: ${text(data, "counter")} ${text(data, "spent")} of ${text(data, "of")}.`, text(data, "reason")),
  "usage-counted": ({ data }) => ({ text: `Spent $${Number(data["usd"] ?? 0).toFixed(3)} in ${text(data, "phase").toLowerCase()}.` }),
  "hold-began": ({ data }) => detailed(`Held back: ${text(data, "kind")}.`, by(data)),
  "hold-ended": ({ data }) => detailed(`No longer held back: ${text(data, "kind")}.`, by(data)),
  "deployment-checked": ({ data }) =>
    detailed(
      `${text(data, "check") === "smoke-test" ? "Smoke test" : "Deployment"}: ${data["healthy"] === true ? "healthy" : "not healthy"}.`,
      text(data, "detail"),
    ),
  "operator-commanded": ({ data }) => detailed(`${text(data, "by")}: ${text(data, "command")}.`, text(data, "reason")),
  "effect-requested": ({ data }) => ({ text: `To be done outside: ${named(text(data, "kind"))}.` }),
  "effect-done": ({ data }) => ({ text: `Done outside: ${named(text(data, "kind"))}.` }),
  "effect-failed": ({ data }) =>
    detailed(
      `Refused outside: ${named(text(data, "kind"))}${data["final"] === true ? "; given up" : "; it is tried again"}.`,
      text(data, "message"),
    ),
  "task-submitted": ({ data }) => ({ text: `A task was given out${capability(data)}.` }),
  "task-dispatched": ({ data, agent }) => ({
    text: `Attempt ${text(data, "attempt")}${capability(data)} was given to ${agent ?? "an agent"}.`,
  }),
  "task-started": ({ data, agent }) => ({ text: `${agent ?? "An agent"} began attempt ${text(data, "attempt")}${capability(data)}.` }),
  "attempt-ended": ({ data }) =>
    detailed(`Attempt ${text(data, "attempt")}${capability(data)} ended: ${text(data, "status")}.`, error(data)),
  "task-ended": ({ data }) => detailed(`The task${capability(data)} ended: ${text(data, "status")}.`, error(data)),
};

/** Says an event in words; one that is not known is said by its type and whatever it has of words and numbers. */
export function eventWords(event: EventRow): EventWords {
  return (
    (words as Readonly<Record<string, Told>>)[event.type]?.(event) ?? detailed(`${eventTypeWord(event.type)}.`, everything(event.data))
  );
}

/** Both in one line, cut where it is longer than anybody reads. */
export function eventLine(event: EventRow): string {
  const { text: said, detail = "" } = eventWords(event);
  const line = `${said} ${detail}`.replaceAll(/\s+/g, " ").trim();
  return line.length > mostOfLine ? `${line.slice(0, mostOfLine - 1)}…` : line;
}

const mostOfLine = 240;

function detailed(line: string, detail: string): EventWords {
  return detail === "" ? { text: line } : { text: line, detail };
}

function text(data: EventRow["data"], name: string): string {
  const value = data[name];
  return typeof value === "string" || typeof value === "number" ? String(value) : "";
}

function by(data: EventRow["data"]): string {
  const said = text(data, "by");
  return said === "" ? "" : `by ${said}`;
}

function named(kebab: string): string {
  return kebab.replaceAll("-", " ");
}

function count(data: EventRow["data"], name: string, one: string): string {
  const number = text(data, name);
  return `${number} ${one}${number === "1" ? "" : "s"}`;
}

function percent(data: EventRow["data"], name: string): string {
  const share = data[name];
  return typeof share === "number" ? `, ${Math.round(share * 100)} % sure` : "";
}

function capability(data: EventRow["data"]): string {
  const name = text(data, "capability");
  return name === "" ? "" : ` of ${name}`;
}

function error(data: EventRow["data"]): string {
  const found = data["error"];
  return typeof found === "object" && found !== null ? text(found as EventRow["data"], "message") : "";
}

/** `in row: 2 · because: …`; what is made of parts is left out. */
function everything(data: EventRow["data"]): string {
  return Object.keys(data)
    .flatMap((name) => {
      const said = text(data, name);
      return said === "" ? [] : [`${name.replaceAll(/([a-z])([A-Z])/g, "$1 $2").toLowerCase()}: ${said}`];
    })
    .join(" · ");
}

function questions(data: EventRow["data"]): string {
  const items = data["items"];
  return Array.isArray(items) ? items.map((item: unknown) => text((item ?? {}) as EventRow["data"], "text")).join("\n") : "";
}
