import type { CompletionRequest } from "../model-script.ts";
import { plainestValue } from "../strict-schema.ts";

const ISSUE = /\b([a-z0-9][\w.-]*\/[\w.-]+#\d+)\b/i;

/** The issue a request is about: the first key in the user's messages, or anywhere. */
export function issueOf(request: CompletionRequest): string | undefined {
  const fromUser = request.messages.filter((message) => message.role === "user").map((message) => ISSUE.exec(message.text)?.[1]);
  return (fromUser.find((key) => key !== undefined) ?? ISSUE.exec(request.allText)?.[1])?.toLowerCase();
}

const GUIDANCE: Record<string, string> = {
  "acme/todo-app#1": "Look at what `indexOf`-like calls answer when nothing is found. A test first.",
  "acme/todo-app#2": "Keep the rule in a pure function with the clock as a parameter; a new module in `src/routes/`.",
  "acme/todo-app#3": "Keep the format in a pure function; mind titles with special characters.",
  "solo/notes#1": "Compare both sides in the same case. A test first.",
};

function consultation(issue: string | undefined): unknown {
  const guidance = GUIDANCE[issue ?? ""] ?? "Follow the structure that is there; a test for each behaviour.";
  return { guidance, approach: "A small change in one module, with its test beside the others." };
}

function planReview(issue: string | undefined, request: CompletionRequest): unknown {
  const cycle = Number(/^\s*cycle:\s*(\d+)/im.exec(request.allText)?.[1] ?? 0);
  if (issue === "acme/todo-app#2" && cycle === 0) {
    const feedback = "Say where the rule lives and how it is tested without waiting a week, and what happens with a wrong number of days.";
    return { approve: false, confidence: 0.9, feedback };
  }
  return { approve: true, confidence: 0.93, feedback: "Small steps, the rule is pure and the boundary is tested." };
}

const FAILURE =
  /^\s*not ok \d+.*$|^# fail [1-9]\d*|\bfail(?:ed|ures?)?"?\s*[:=]\s*"?[1-9]|\bexit(?:ed)?(?: with)?(?: code)?\s*[:=]?\s*[1-9]/gim;

function testEvaluation(request: CompletionRequest): unknown {
  const failures = [...request.allText.matchAll(FAILURE)].map((match) => match[0].trim());
  return failures.length > 0
    ? { passed: false, confidence: 0.95, reason: "The output names failures.", failures }
    : { passed: true, confidence: 0.95, reason: "Nothing in the output failed.", failures: [] };
}

/** A schema for several questions at once wants `answers`, one per question. */
function inItsForm(given: { answer: string }, request: CompletionRequest): unknown {
  const asked = request.schema as { properties?: object } | undefined;
  return asked?.properties && "answers" in asked.properties ? { ...given, answers: given.answer === "" ? [] : [given.answer] } : given;
}

function architectAnswer(
  issue: string | undefined,
  request: CompletionRequest,
): { confident: boolean; answer: string; confidence: number; reason: string } {
  if (issue === "acme/todo-app#2") {
    return {
      confident: true,
      answer: "Only open ones",
      confidence: 0.9,
      reason: "The issue speaks of things to clear out; what is done is out of the way.",
    };
  }
  if (issue === "acme/todo-app#3") {
    return {
      confident: false,
      answer: "Comma",
      confidence: 0.4,
      reason: "It depends on the readers' spreadsheets, which nothing here says.",
    };
  }
  return rememberedAnswer(request) ?? { confident: false, answer: "", confidence: 0.1, reason: "Nothing is known about this." };
}

/** Given what people's answers have taught, the option that is named there. */
function rememberedAnswer(request: CompletionRequest) {
  const learned = /^What was learned before[^\n]*\n\n((?:- [^\n]*\n?)+)/m.exec(request.allText)?.[1]?.toLowerCase() ?? "";
  const options = [...(/^Questions:\n\n([\s\S]*)/m.exec(request.allText)?.[1] ?? "").matchAll(/^ {3}- ([^:\n]+)/gm)].map(
    (match) => match[1] ?? "",
  );
  const answer = options.find((option) => learned.includes(option.toLowerCase()));
  return answer === undefined ? undefined : { confident: true, answer, confidence: 0.9, reason: "A person has decided this before." };
}

function lesson(request: CompletionRequest): { general: boolean; text: string; scope: "repository" | "mesh" } {
  const answer = /^The person's answer:\n\n([^\n]*)/m.exec(request.allText)?.[1]?.toLowerCase() ?? "";
  const separator = ["semicolon", "comma"].find((name) => answer.includes(name));
  return separator && /\bseparator\b/i.test(request.allText)
    ? { general: true, text: `Files that are exported for spreadsheets use the ${separator} as separator.`, scope: "repository" }
    : { general: false, text: "", scope: "repository" };
}

/** The built-in agents' answers, by the name of the schema they ask for; an unknown schema gets the plainest value that fits. */
export function completionOf(request: CompletionRequest): unknown {
  const issue = issueOf(request);
  switch (request.schemaName) {
    case "tech_consultation":
      return consultation(issue);
    case "plan_review":
      return planReview(issue, request);
    case "test_evaluation":
      return testEvaluation(request);
    case "architect_answer":
      return inItsForm(architectAnswer(issue, request), request);
    case "learning":
      return lesson(request);
    case "general":
      return { answer: "This is the demonstration's scripted model; it has no opinion of its own." };
    case undefined:
      return "This is the demonstration's scripted model.";
    default:
      return plainestValue(request.schema);
  }
}
