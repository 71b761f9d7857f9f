import { computed, signal } from "@preact/signals";
import type { OnboardingView } from "../../core/onboarding/view.ts";
import { get, isPassing, type ApiFailure, type Listed } from "./api.ts";

/** Everything known of onboardings, by id: fetched, or said by the live socket. */
export const onboardings = signal<ReadonlyMap<string, OnboardingView>>(new Map());
/** Where the list goes on; null at its end, undefined until it was fetched. */
export const olderOnboardings = signal<string | null | undefined>(undefined);
/** Why the last fetch of the list failed. */
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

const againAfterMs = 2_000;
let again: ReturnType<typeof setTimeout> | undefined;

/** Fetches the newest, or those after what is shown; again by itself when what it failed of may pass. */
export async function loadOnboardings(after?: string): Promise<void> {
  clearTimeout(again);
  const answer = await get<Listed<OnboardingView>>(`/onboard${after === undefined ? "" : `?cursor=${encodeURIComponent(after)}`}`);
  onboardingFailure.value = answer.ok ? undefined : answer.error;
  if (!answer.ok) {
    clearTimeout(again);
    if (isPassing(answer.error)) again = setTimeout(() => void loadOnboardings(after), againAfterMs);
    return;
  }
  for (const view of answer.value.items) hearOnboarding(view);
  const { cursor } = answer.value;
  if (after !== undefined || olderOnboardings.value === undefined) olderOnboardings.value = cursor === null ? null : String(cursor);
}

/** After a logout. */
export function forgetOnboardings(): void {
  clearTimeout(again);
  onboardings.value = new Map();
  olderOnboardings.value = undefined;
  onboardingFailure.value = undefined;
}
