import type { OnboardingStatus } from "../../core/onboarding/view.ts";
import type { AgentStatus } from "../../core/pool/state.ts";
import type { SessionState } from "../../core/sessions/views.ts";
import type { AttemptStatus, TaskStatus } from "../../core/task/state.ts";

/** A colour's name: `tone-…` in states.css. */
export type Tone = "idle" | "plan" | "work" | "warn" | "check" | "good" | "bad";

/** How a state is shown: by a word, a shape that is told apart without its colour, and a colour. */
export interface Look {
  readonly word: string;
  readonly shape: ShapeName;
  readonly tone: Tone;
}

export type ShapeName = keyof typeof shapes;

/** Outlines on a 16×16 grid: `area` is filled, `line` is drawn. */
export const shapes = {
  funnel: { area: "M2 3h12l-4.5 6v5l-3-1.5V9z" },
  diamond: { area: "M8 1.5 14.5 8 8 14.5 1.5 8z" },
  square: { area: "M2.5 2.5h11v11h-11z" },
  triangle: { area: "M8 1.8 15 14H1z" },
  hexagon: { area: "M4.9 1.5h6.2L15.5 8l-4.4 6.5H4.9L.5 8z" },
  disc: { area: "M8 2a6 6 0 1 0 .01 0z" },
  play: { area: "M3.5 1.5 14.5 8l-11 6.5z" },
  bars: { area: "M3 2h3.6v12H3zM9.4 2H13v12H9.4z" },
  bubble: { area: "M1.5 2h13v9H7.5l-4 3.5V11h-2z" },
  key: { area: "M5 4.5a3.5 3.5 0 1 0 3.3 4.6h2.2v2.4h2.2V9.1H15V7H8.3A3.5 3.5 0 0 0 5 4.5z" },
  ring: { line: "M8 2.5a5.5 5.5 0 1 0 .01 0z" },
  clock: { line: "M8 2.2a5.8 5.8 0 1 0 .01 0zM8 4.6V8l2.6 1.6" },
  gap: { line: "M9.5 2.5a5.7 5.7 0 0 1 4 4M13.5 9.500a5.7 5.7 0 0 1-4 4M6.5 13.500a5.7 5.7 0 0 1-4-4M2.5 6.500a5.7 5.7 0 0 1 4-4" },
  check: { line: "M2 8.5 6.2 13 14 3.5" },
  cross: { line: "M3 3l10 10M13 3 3 13" },
  dash: { line: "M2.5 8h11" },
  sent: { line: "M1.5 8h12M9 3.5 13.5 8 9 12.5" },
  back: { line: "M14.5 8h-12M7 3.5 2.5 8 7 12.5" },
  down: { line: "M8 1.500v12M3.5 9 8 13.5 12.5 9" },
} as const satisfies Readonly<Record<string, { readonly area: string } | { readonly line: string }>>;

const look = (word: string, shape: ShapeName, tone: Tone): Look => ({ word, shape, tone });

/** Upper case, as the API has phases. */
const phase = {
  INTAKE: look("intake", "funnel", "idle"),
  PLANNING: look("planning", "diamond", "plan"),
  IMPLEMENTATION: look("implementation", "square", "work"),
  QA: look("qa", "triangle", "warn"),
  REVIEW: look("review", "hexagon", "check"),
  ACCEPTED: look("accepted", "check", "good"),
  FAILED: look("failed", "cross", "bad"),
  CANCELLED: look("cancelled", "dash", "idle"),
} as const;

const task: Readonly<Record<TaskStatus | AttemptStatus, Look>> = {
  pending: look("pending", "ring", "idle"),
  dispatched: look("dispatched", "sent", "plan"),
  running: look("running", "play", "work"),
  completed: look("completed", "check", "good"),
  failed: look("failed", "cross", "bad"),
  cancelled: look("cancelled", "dash", "idle"),
  "timed-out": look("timed out", "clock", "bad"),
  lost: look("lost", "gap", "bad"),
  declined: look("declined", "back", "idle"),
};

const agent: Readonly<Record<AgentStatus, Look>> = {
  online: look("online", "disc", "good"),
  degraded: look("degraded", "triangle", "warn"),
  offline: look("offline", "cross", "bad"),
  draining: look("draining", "down", "idle"),
};

const session: Readonly<Record<SessionState, Look>> = {
  working: look("working", "play", "work"),
  asking: look("asking", "bubble", "warn"),
  parked: look("parked", "bars", "idle"),
  ended: look("ended", "dash", "idle"),
};

const onboarding: Readonly<Record<OnboardingStatus | "paused", Look>> = {
  pending: look("about to begin", "ring", "idle"),
  running: look("running", "play", "work"),
  waiting_auth: look("waits for a login", "key", "warn"),
  paused: look("waits", "bars", "warn"),
  completed: look("ready", "check", "good"),
  failed: look("failed", "cross", "bad"),
};

/** Every state that is shown, by what has it. A state is looked up here and nowhere else, so that it looks the same on every page. */
export const looks = { phase, task, agent, session, onboarding } as const;

/** What a phase looks like; one that is not known is shown by its own word. */
export function lookOfPhase(name: string): Look {
  return (phase as Readonly<Record<string, Look>>)[name] ?? look(name.toLowerCase(), "ring", "idle");
}
