import type { JSX } from "preact";
import type { OnboardingView } from "../../core/onboarding/view.ts";
import type { RunView } from "../../core/project/views.ts";
import { OnboardingLine } from "./onboarding-line.tsx";
import { RunCard } from "./run-card.tsx";
import { RunRetry } from "./run-retry.tsx";

interface Props {
  readonly runs: readonly RunView[];
  readonly onboardings: readonly OnboardingView[];
  /** Says nothing when nothing waits. */
  readonly quiet: boolean;
}

/** What goes on only when a person does something; questions are answered here. */
export function OverviewWaits({ runs, onboardings, quiet }: Props): JSX.Element | null {
  const nothing = runs.length === 0 && onboardings.length === 0;
  if (nothing && quiet) return null;
  return (
    <section class="stack" aria-labelledby="waits">
      <h2 id="waits">Waits for you</h2>
      {nothing && <p class="quiet">Nothing waits for you.</p>}
      {onboardings.length > 0 && (
        <ul class="past">
          {onboardings.map((view) => (
            <OnboardingLine key={view.id} view={view} />
          ))}
        </ul>
      )}
      {runs.length > 0 && (
        <ul class="runs">
          {runs.map((run) => (
            <RunCard key={run.id} run={run} named>
              {run.awaiting === "effect" && <RunRetry run={run} />}
            </RunCard>
          ))}
        </ul>
      )}
    </section>
  );
}
