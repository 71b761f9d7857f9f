import { computed, signal } from "@preact/signals";
import type { OnboardingView } from "../../core/onboarding/view.ts";
import { get, type ApiFailure, type Listed } from "./api.ts";

/** Everything known of onboardings, by id: fetched, or said by the live socket. */
export const onboardings = signal<ReadonlyMap<string, OnboardingView>>(new Map());
/** Where the list goes on; null at its end, undefined until it was fetched. */
export const olderOnboardings = signal<string | null | undefined>(undefined);
/** Why the last fetch failed. */
export const onboardingFailure = signal<ApiFailure | undefined>(undefined);

/** Newest first: ids sort by when they were made. */
export const onboardingsInOrder = computed(() => [...onboardings.value.values()].toSorted((one, other) => (one.id < other.id ? 1 : -1)));

/** How many wait for a person to log in. */
export const waitingOnboardings = computed(() => onboardingsInOrder.value.filter(({ status }) => status === "waiting_auth").length);

/** Shows what was said, unless something later is shown already. */
export function hearOnboarding(view: OnboardingView): void {
  const known = onboardings.value.get(view.id);
  if (known && known.updatedAt > view.updatedAt) return;
  onboardings.value = new Map(onboardings.value).set(view.id, view);
}

/** Fetches the newest, or those after what is shown. */
export async function loadOnboardings(after?: string): Promise<void> {
  const answer = await get<Listed<OnboardingView>>(`/onboard${after === undefined ? "" : `?cursor=${encodeURIComponent(after)}`}`);
  onboardingFailure.value = answer.ok ? undefined : answer.error;
  if (!answer.ok) return;
  for (const view of answer.value.items) hearOnboarding(view);
  const { cursor } = answer.value;
  if (after !== undefined || olderOnboardings.value === undefined) olderOnboardings.value = cursor === null ? null : String(cursor);
}

/** Fetches one. */
export async function loadOnboarding(id: string): Promise<void> {
  const answer = await get<OnboardingView>(`/onboard/${encodeURIComponent(id)}`);
  onboardingFailure.value = answer.ok ? undefined : answer.error;
  if (answer.ok) hearOnboarding(answer.value);
}

/** After a logout. */
export function forgetOnboardings(): void {
  onboardings.value = new Map();
  olderOnboardings.value = undefined;
  onboardingFailure.value = undefined;
}
