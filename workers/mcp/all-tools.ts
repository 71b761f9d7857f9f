import { listAgents, listProjects } from "./mesh-tools.ts";
import { getOnboardingStatus, onboardProject, submitOauthCode } from "./onboarding-tools.ts";
import { answerQuestion, listQuestions } from "./question-tools.ts";
import { controlRun, explainRun, getRun } from "./run-tools.ts";
import { getTask, submitTask } from "./task-tools.ts";
import type { Tool } from "./tool.ts";

/** What the MCP server offers, in the order in which it is listed. */
export const allTools: readonly Tool[] = [
  onboardProject,
  getOnboardingStatus,
  submitOauthCode,
  submitTask,
  getTask,
  listAgents,
  listProjects,
  getRun,
  explainRun,
  controlRun,
  listQuestions,
  answerQuestion,
];
