import type { LoginMode } from "../core/onboarding/view.ts";

export type { LoginMode };

/** The ways in which agents get their login. */
export const loginModes: readonly LoginMode[] = ["api-key", "runner", "device"];
