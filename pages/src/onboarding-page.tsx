import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import type { OnboardingView } from "../../core/onboarding/view.ts";
import { EmptyState } from "./empty-state.tsx";
import { LoadingState } from "./loading-state.tsx";
import { regained, role } from "./mesh-store.ts";
import { OnboardingDetails } from "./onboarding-details.tsx";
import { OnboardingForm } from "./onboarding-form.tsx";
import { OnboardingsFailure } from "./onboardings-failure.tsx";
import {
  hearOnboarding,
  loadOnboardings,
  olderOnboardings,
  onboardingFailure,
  onboardings,
  onboardingsInOrder,
} from "./onboarding-store.ts";
import { OnboardingStatus } from "./onboarding-status.tsx";
import { OutsideName } from "./outside-name.tsx";
import { OutsideText } from "./outside-text.tsx";
import { Standing } from "./standing.tsx";
import { Up } from "./up.tsx";
import { useAnswer } from "./use-answer.ts";
import { Ago } from "./when.tsx";

/** Repositories on their way to ready: begin with another, and how each stands. */
export function OnboardingsPage(): JSX.Element {
  useEffect(() => void loadOnboardings(), [regained.value]);
  const busy = useSignal(false);
  const older = olderOnboardings.value;
  async function more(): Promise<void> {
    if (older === null || older === undefined) return;
    busy.value = true;
    await loadOnboardings(older);
    busy.value = false;
  }
  const shown = onboardingsInOrder.value;
  return (
    <>
      {role.value === "operator" && <OnboardingForm />}
      <section class="stack" aria-labelledby="onboardings">
        <h2 id="onboardings">Onboardings</h2>
        <OnboardingsFailure />
        {older === undefined && !onboardingFailure.value && <LoadingState what="onboardings" rows={3} />}
        {older !== undefined && shown.length === 0 && <EmptyState>No repository was onboarded yet.</EmptyState>}
        <ul class="runs">
          {shown.map((view) => (
            <Summary key={view.id} view={view} />
          ))}
        </ul>
        {older && (
          <button disabled={busy.value} onClick={() => void more()}>
            {busy.value ? "Loading…" : "Older"}
          </button>
        )}
      </section>
    </>
  );
}

function Summary({ view }: { readonly view: OnboardingView }): JSX.Element {
  return (
    <li class="run">
      <div class="run-head">
        <OnboardingStatus view={view} />
        <h3>
          <a href={`#/onboarding/${encodeURIComponent(view.id)}`}>{view.repository}</a>
        </h3>
      </div>
      <p class="explain">
        <OutsideText text={view.explain} most={300} />
      </p>
      <p class="quiet">
        {view.attempt > 1 && `try ${view.attempt} · `}by <OutsideName text={view.requestedBy} most={80} /> · <Ago at={view.createdAt} />
      </p>
    </li>
  );
}

/** One onboarding, as it happens. */
export function OnboardingPage({ id }: { readonly id: string }): JSX.Element {
  const answer = useAnswer<OnboardingView>(`/onboard/${encodeURIComponent(id)}`);
  const fetched = answer.value.value;
  useEffect(() => void (fetched && hearOnboarding(fetched)), [fetched]);
  const view = onboardings.value.get(id) ?? fetched;
  return (
    <>
      <Up to="#/onboarding">All onboardings</Up>
      {(!view || answer.failure.value) && <Standing answer={answer} what="the onboarding" unknown="This onboarding is not known." />}
      {view && <OnboardingDetails view={view} />}
    </>
  );
}
