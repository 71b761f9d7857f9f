import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import type { OnboardingView } from "../../core/onboarding/view.ts";
import { EmptyState } from "./empty-state.tsx";
import { FailedState } from "./failed-state.tsx";
import { LoadingState } from "./loading-state.tsx";
import { regained, role } from "./mesh-store.ts";
import { OnboardingDetails } from "./onboarding-details.tsx";
import { OnboardingForm } from "./onboarding-form.tsx";
import {
  loadOnboarding,
  loadOnboardings,
  olderOnboardings,
  onboardingFailure,
  onboardings,
  onboardingsInOrder,
} from "./onboarding-store.ts";
import { OnboardingStatus } from "./onboarding-status.tsx";
import { Up } from "./up.tsx";
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
        <Failure what="onboardings" old={shown.length > 0} again={() => void loadOnboardings()} />
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
      <p class="explain">{view.explain}</p>
      <p class="quiet">
        {view.attempt > 1 && `try ${view.attempt} · `}by {view.requestedBy} · <Ago at={view.createdAt} />
      </p>
    </li>
  );
}

/** One onboarding, as it happens. */
export function OnboardingPage({ id }: { readonly id: string }): JSX.Element {
  useEffect(() => void loadOnboarding(id), [id, regained.value]);
  const view = onboardings.value.get(id);
  const unknown = onboardingFailure.value?.status === 404;
  return (
    <>
      <Up to="#/onboarding">All onboardings</Up>
      {unknown ? (
        <p class="notice">This onboarding is not known.</p>
      ) : (
        <Failure what="the onboarding" old={view !== undefined} again={() => void loadOnboarding(id)} />
      )}
      {!view && !onboardingFailure.value && <LoadingState what="the onboarding" />}
      {view && <OnboardingDetails view={view} />}
    </>
  );
}

interface FailureProps {
  readonly what: string;
  readonly old: boolean;
  readonly again: () => void;
}

function Failure({ what, old, again }: FailureProps): JSX.Element | null {
  const failure = onboardingFailure.value;
  if (!failure) return null;
  return <FailedState what={what} failure={failure} old={old} again={again} />;
}
