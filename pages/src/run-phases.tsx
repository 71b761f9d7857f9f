import type { JSX } from "preact";
import type { RunView } from "../../core/project/views.ts";
import { PhaseBadge } from "./phase-badge.tsx";
import { phaseSpans } from "./run-story.ts";
import { lookOfPhase } from "./state-looks.ts";
import { now, renderSpan } from "./when.tsx";

/** The phases of a run, in order, each with how long it took and its share of the whole. */
export function RunPhases({ run }: { readonly run: RunView }): JSX.Element {
  const spans = phaseSpans(run, now.value);
  return (
    <section class="panel" aria-labelledby="run-phases">
      <h3 id="run-phases">Phases</h3>
      <ol class="spans">
        {spans.map(({ phase, at, ms, share, isNow }) => (
          <li key={`${phase} ${at}`} aria-current={isNow ? "step" : undefined}>
            <PhaseBadge phase={phase} />
            <span class="bar-room" aria-hidden="true">
              <span class={`bar tone-${lookOfPhase(phase).tone}`} style={{ inlineSize: `${Math.max(1, share * 100)}%` }} />
            </span>
            <span class="quiet">
              {renderSpan(ms)}
              {isNow && " so far"}
            </span>
          </li>
        ))}
      </ol>
      {run.failures.length > 0 && (
        <details>
          <summary>
            {run.failures.length} {run.failures.length === 1 ? "failure" : "failures"} on the way
          </summary>
          <ul class="failures">
            {run.failures.map(({ phase, reason, at }) => (
              <li key={at}>
                <PhaseBadge phase={phase.toUpperCase()} /> <bdi>{reason.slice(0, 500)}</bdi>
              </li>
            ))}
          </ul>
        </details>
      )}
    </section>
  );
}
