import type { Place } from "../../pages/src/place.ts";
import { agentId, onboardingId, projectName, questionId, sessionId, taskId } from "./made-up-data.ts";

/** A page of the dashboard as tests over all pages open it. */
export interface EachPage {
  readonly address: string;
  /** A text from outside that is on it once everything has come. */
  readonly has: string;
  /** Shows runs of the live socket: says so when they do not come. */
  readonly live?: true;
  /** Shows how onboardings stand. */
  readonly onboardings?: true;
  /** Draws charts: their code may come. */
  readonly charts?: true;
  /** Has terminals: their code may come. */
  readonly terminal?: true;
}

/** Every page that `place.ts` knows, with something of everything on it (`made-up-data.ts`); a page that is missing here is an error of types. */
export const everyPage: Readonly<Record<Place["page"], EachPage>> = {
  overview: { address: "/#/", has: "Choose a colour for the button", live: true, onboardings: true },
  questions: { address: "/#/questions", has: "Which colour shall the button have?", live: true },
  question: { address: `/#/questions/${questionId}`, has: "Which colour shall the button have?", live: true },
  projects: { address: "/#/projects", has: "Choose a colour for the button", live: true },
  project: { address: `/#/projects/${projectName}`, has: "Plan the search", live: true },
  "project-settings": { address: `/#/projects/${projectName}/settings`, has: "operator" },
  run: { address: `/#/runs/${projectName}/12`, has: "Choose a colour for the button", live: true },
  events: { address: "/#/events", has: "503 of /health" },
  cost: { address: "/#/cost", has: "Sort the list by date", charts: true },
  sessions: { address: "/#/sessions", has: "acme/todo-app#12" },
  session: { address: `/#/sessions/${sessionId}`, has: "0199-abcd", terminal: true },
  tasks: { address: "/#/tasks", has: "resize-image" },
  task: { address: `/#/tasks/${taskId}`, has: "The picture could not be read." },
  agents: { address: "/#/agents", has: "laptop.example" },
  agent: { address: `/#/agents/${agentId}`, has: "laptop.example" },
  onboardings: { address: "/#/onboarding", has: "It waits for the agent's login.", onboardings: true },
  onboarding: { address: `/#/onboarding/${onboardingId}`, has: "npm test ended with 1" },
  history: { address: "/#/history", has: "Say how many are left" },
  settings: { address: "/#/settings", has: "ada@example.com" },
};

export const pageNames = Object.keys(everyPage) as Place["page"][];
