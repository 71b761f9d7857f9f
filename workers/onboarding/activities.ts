import type { OnboardingActivity } from "../../core/onboarding/view.ts";
import type { Activity } from "./activity.ts";
import { board } from "./board.ts";
import { devContainer } from "./dev-container.ts";
import { login } from "./login.ts";
import { modelBudget } from "./model-budget.ts";
import { registry } from "./registry.ts";
import { runner } from "./runner.ts";
import { settings } from "./settings.ts";
import { storage } from "./storage.ts";
import { trial } from "./trial.ts";
import { validate } from "./validate.ts";
import { webhook } from "./webhook.ts";

/** What each activity does. All of them may be carried out any number of times with the same end. */
export const activities: Readonly<Record<OnboardingActivity, Activity>> = {
  validate,
  board,
  registry,
  webhook,
  storage,
  "dev-container": devContainer,
  runner,
  trial,
  login,
  "model-budget": modelBudget,
  settings,
};
