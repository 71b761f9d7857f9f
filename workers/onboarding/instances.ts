import { meshProject } from "../../core/ids.ts";
import type { OnboardingId } from "../../core/ids.ts";
import type { Onboarding } from "../../core/onboarding/state.ts";
import { orchestrator } from "../../durable-objects/remote.ts";
import { errorText, log } from "../../platform/log.ts";
import { forgetRest } from "../scheduled/rest-memory.ts";

/** What a waiting workflow listens to; it carries a credential's name at most, and means: look now. */
export const loginEvent = "oauth-code-received";

/** Each attempt has a workflow instance of its own. */
export function instanceId({ id, attempt }: Pick<Onboarding, "id" | "attempt">): string {
  return `${id}-${attempt}`;
}

/** Has the present attempt carried out; one that is carried out already goes on undisturbed. When this dies half way, the watchdog does the rest. */
export async function startInstance(env: Env, of: Pick<Onboarding, "id" | "attempt">): Promise<void> {
  await forgetRest(env);
  try {
    await env.ONBOARDING.create({ id: instanceId(of), params: { onboarding: of.id, attempt: of.attempt } });
  } catch (error) {
    if (!saysAlreadyThere(error)) throw error;
  }
}

/** Tells the workflow to look now. One that does not hear it looks by itself, a minute later at most. */
export async function tellInstance(env: Env, of: Pick<Onboarding, "id" | "attempt">, credential: string | null): Promise<void> {
  try {
    const instance = await env.ONBOARDING.get(instanceId(of));
    await instance.sendEvent({ type: loginEvent, payload: { credential } });
  } catch (error) {
    log("warn", "the workflow of an onboarding was not told to look", { onboarding: of.id, attempt: of.attempt, error: errorText(error) });
  }
}

/** The onboarding as its orchestrator has it. */
export function onboardingOf(env: Env, id: OnboardingId): Promise<Onboarding | null> {
  return orchestrator(env, meshProject).onboarding(id);
}

function saysAlreadyThere(error: unknown): boolean {
  return error instanceof Error && error.message.includes("instance.already_exists");
}

/** It was never made, has ended, or was ended. */
export function saysGone(error: unknown): boolean {
  return error instanceof Error && /instance\.(?:not_found|invalid_status|terminated)|not.?found|finite state/i.test(error.message);
}
