import type { RunView } from "../../core/project/views.ts";
import { answerApplied, answeredWords, askedWords, eventWords, isEndOfRun, phaseWords, runBegan, type EventRow } from "./event-words.ts";

/** What an entry of a run's story is about: what it is filtered by. */
export type StoryKind = "phase" | "question" | "session" | "pull request" | "check" | "bug issue" | "operator" | "task" | "other";

export const storyKinds: readonly StoryKind[] = [
  "phase",
  "question",
  "session",
  "pull request",
  "check",
  "bug issue",
  "operator",
  "task",
  "other",
];

/** One thing that happened in a run. */
export interface StoryEntry {
  readonly key: string;
  readonly at: number;
  readonly kind: StoryKind;
  readonly text: string;
  /** From outside: to be shown as text, and cut when long. */
  readonly detail?: string;
  /** Upper case, where a phase began. */
  readonly phase?: string;
  readonly link?: { readonly to: string; readonly word: string };
}

/** What the view tells by itself, and at once: these events say it again. */
const toldByView = new Set(["run-started", "run-phase-changed", "run-ended", "question-asked", "question-answered", "question-applied"]);

/** Left out when events are asked for: each only says that something of the run has changed. */
export const untold = "run-changed";

const kinds: readonly (readonly [RegExp, StoryKind])[] = [
  [/^run-|^plan-|^guidance-|^cycle-/, "phase"],
  [/^question-|^learning-|^architect-/, "question"],
  [/^session-|^steering-|^branch-|^checkpoint-|^tool-/, "session"],
  [/^pull-request-|^merge-/, "pull request"],
  [/^tests-|^deployment-/, "check"],
  [/^bug-issue-/, "bug issue"],
  [/^operator-|^hold-|^card-/, "operator"],
  [/^task-|^attempt-/, "task"],
];

/**
 * Everything that happened in a run, the newest first: what its view tells, which is live, among the events that the read model has. While it has more,
 * what is older than the events that came is left to theirs.
 */
export function runStory(run: RunView, events: readonly EventRow[], hasMore: boolean): readonly StoryEntry[] {
  const oldest = hasMore ? (events.at(-1)?.at ?? 0) : 0;
  const ofView = [...phaseEntries(run), ...questionEntries(run), ...sessionEntries(run)].filter(({ at }) => at >= oldest);
  const ofEvents = events.filter(({ type }) => !toldByView.has(type)).map((event) => eventEntry(event));
  return [...ofEvents, ...ofView].toSorted((one, other) => other.at - one.at);
}

/** What its view tells, without the read model. */
function phaseEntries({ phases, endedBecause }: RunView): readonly StoryEntry[] {
  return phases.map(({ phase, at }, place) => ({
    key: `phase ${place}`,
    at,
    kind: "phase",
    phase,
    text: place === 0 ? runBegan : phaseWords(phase),
    ...(isEndOfRun(phase) && endedBecause !== null ? { detail: endedBecause } : {}),
  }));
}

function questionEntries({ questions }: RunView): readonly StoryEntry[] {
  return questions.flatMap((question): StoryEntry[] => {
    const link = { to: `#/questions/${encodeURIComponent(question.id)}`, word: "question" };
    const { id, answer, appliedAt, askedAt, items } = question;
    const asked = {
      key: `asked ${id}`,
      at: askedAt,
      kind: "question",
      text: askedWords(question.purpose),
      detail: items.map(({ text }) => text).join("\n"),
      link,
    } as const;
    const answered =
      answer &&
      ({
        key: `answered ${id}`,
        at: answer.at,
        kind: "question",
        text: answeredWords(answer),
        detail: answer.answers.join("\n"),
        link,
      } as const);
    const applied = appliedAt !== null && ({ key: `applied ${id}`, at: appliedAt, kind: "question", text: answerApplied, link } as const);
    return [asked, ...(answered ? [answered] : []), ...(applied ? [applied] : [])];
  });
}

function sessionEntries({ session }: RunView): readonly StoryEntry[] {
  if (session?.startedAt === undefined) return [];
  const link = { to: `#/sessions/${encodeURIComponent(session.id)}`, word: "session" };
  return [{ key: `session ${session.id}`, at: session.startedAt, kind: "session", text: "The run's session began.", link }];
}

function eventEntry(event: EventRow): StoryEntry {
  const { seq, at, type, task, data } = event;
  const kind = kinds.find(([pattern]) => pattern.test(type))?.[1] ?? "other";
  const url = data["url"];
  const link =
    (type === "pull-request-opened" || type === "bug-issue-opened") && typeof url === "string"
      ? { to: url, word: "on GitHub" }
      : task !== null && kind === "task"
        ? { to: `#/tasks/${encodeURIComponent(task)}`, word: "task" }
        : undefined;
  return { key: `event ${seq}`, at, kind, ...eventWords(event), ...(link ? { link } : {}) };
}

/** One phase of a run and how long it took, or takes. */
export interface PhaseSpan {
  readonly phase: string;
  readonly at: number;
  readonly ms: number;
  /** Of the whole run, 0 to 1. */
  readonly share: number;
  readonly isNow: boolean;
}

/** The phases that a run went through, in order, up to `now` while it is under way; the end itself has no length and is left out. */
export function phaseSpans({ phases, endedAt }: Pick<RunView, "phases" | "endedAt">, now: number): readonly PhaseSpan[] {
  const until = endedAt ?? Math.max(now, phases.at(-1)?.at ?? 0);
  const whole = Math.max(1, until - (phases[0]?.at ?? until));
  return phases
    .map(({ phase, at }, place): PhaseSpan => {
      const ms = Math.max(0, (phases[place + 1]?.at ?? until) - at);
      return { phase, at, ms, share: ms / whole, isNow: endedAt === null && place === phases.length - 1 };
    })
    .filter(({ phase }) => !isEndOfRun(phase));
}
