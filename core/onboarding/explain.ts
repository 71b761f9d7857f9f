import { time } from "../lifecycle/explain.ts";
import type { Onboarding } from "./state.ts";
import type { LoginPrompt, OnboardingActivity } from "./view.ts";

/** What an activity does, as the middle of a sentence. */
const doing: Readonly<Record<OnboardingActivity, string>> = {
  validate: "looking at the repository, and at what the mesh may do there",
  board: "making the board, or looking at the one there is",
  registry: "entering the project in the registry",
  webhook: "making the webhooks",
  storage: "trying the project's storage",
  "dev-container": "looking for a dev container",
  runner: "looking for a runner",
  trial: "having a runner clone, install and test the project",
  login: "looking for the agent's login",
  "model-budget": "making the project's key at the model gateway",
  settings: "putting the settings down",
};

/** "Where does it stand?" in one sentence. */
export function explainOnboarding({ status, activity, error, login, pause }: Onboarding): string {
  switch (status) {
    case "pending":
      return activity === null ? "Accepted; it begins in a moment." : `It goes on in a moment with ${doing[activity]}.`;
    case "running":
      if (pause !== undefined && activity !== null) {
        return `Waits until ${time(pause.until)} because ${pause.service} asks, then goes on ${doing[activity]}.`;
      }
      return activity === null ? "Under way." : `Now ${doing[activity]}.`;
    case "waiting_auth":
      return login === null ? "Waits for the agent's login." : waiting(login);
    case "completed":
      return "Ready: put a card into the board's first column.";
    case "failed":
      return error === null ? "Stopped." : `Stopped while ${doing[error.activity]}: ${sentence(error.message)}`;
  }
}

function waiting({ mode, deviceUrl, userCode, command, runner }: LoginPrompt): string {
  switch (mode) {
    case "api-key":
      return "Waits for the agent's key: push one, and it goes on by itself.";
    case "runner":
      return `Waits for the agent's login on ${runner ?? "the runner"}: run \`${command ?? "its login command"}\` there, and it goes on by itself.`;
    case "device":
      return deviceUrl === undefined
        ? "Waits for the agent's device login."
        : `Waits for the code ${userCode ?? ""} to be typed at ${deviceUrl}; it goes on by itself.`;
  }
}

function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
