import { WorkflowEntrypoint } from "cloudflare:workers";
import type { WorkflowEvent, WorkflowStep } from "cloudflare:workers";

/** Which attempt of which onboarding an instance carries out. */
export interface OnboardingParams {
  readonly onboarding: string;
  readonly attempt: number;
}

/** Takes a repository to ready. */
export class OnboardingWorkflow extends WorkflowEntrypoint<Env, OnboardingParams> {
  override async run(_event: WorkflowEvent<OnboardingParams>, _step: WorkflowStep): Promise<void> {}
}
