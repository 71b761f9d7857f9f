import { WorkflowEntrypoint } from "cloudflare:workers";
import type { WorkflowEvent, WorkflowStep } from "cloudflare:workers";
import { onboardingActivities } from "../../core/onboarding/view.ts";
import { composition } from "../clients.ts";
import { loginEvent } from "./instances.ts";
import { perform, tries } from "./perform.ts";
import type { AttemptRef, Performed } from "./perform.ts";

const stepConfig = {
  retries: { limit: tries.most - 1, delay: tries.firstPauseMs, backoff: "exponential" },
  timeout: "5 minutes",
} as const;

/**
 * Takes a repository to ready: every activity in its order, each as a step that writes down in the orchestrator of `mesh` what it found. What is
 * written there decides what is still to be done, so that an instance may be lost at any moment and the next goes on.
 */
export class OnboardingWorkflow extends WorkflowEntrypoint<Env, AttemptRef> {
  override async run({ payload }: WorkflowEvent<AttemptRef>, step: WorkflowStep): Promise<void> {
    for (const activity of onboardingActivities) {
      for (let round = 1; ; round += 1) {
        const performed: Performed = await step.do(`${activity} ${round}`, stepConfig, ({ attempt }) =>
          perform(this.env, composition.createClients(this.env), payload, activity, attempt),
        );
        if (performed.next === "stop") return;
        if (performed.next === "on") break;
        const name = `${activity} waits ${round}`;
        if (performed.forLogin) await toldOrOver(step, name, performed.forMs);
        else await step.sleep(name, performed.forMs);
      }
    }
  }
}

/** Waits until someone says that the login is there, at most so long. */
async function toldOrOver(step: WorkflowStep, name: string, forMs: number): Promise<void> {
  try {
    await step.waitForEvent(name, { type: loginEvent, timeout: forMs });
  } catch (error) {
    if (!(error instanceof Error && /timed out/i.test(`${error.name} ${error.message}`))) throw error;
  }
}
