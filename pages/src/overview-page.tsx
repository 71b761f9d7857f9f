import type { JSX } from "preact";
import { answering } from "./answering.ts";
import { LiveFailure } from "./live-failure.tsx";
import { LoadingState } from "./loading-state.tsx";
import { failure, projects } from "./mesh-store.ts";
import { NoProject } from "./no-project.tsx";
import { inOrder } from "./project-list.ts";
import { QuestionCard } from "./question-card.tsx";
import { byUrgency, liveQuestions } from "./question-list.ts";
import { RunCard } from "./run-card.tsx";

/** What waits for whoever looks, and what runs, over all projects. */
export function OverviewPage(): JSX.Element {
  const shown = projects.value;
  if (shown?.length === 0) return <NoProject />;
  const waiting = byUrgency(
    liveQuestions(shown ?? []).filter(({ question }) => question.status === "with-human" || answering.value.has(question.id)),
  );
  const asked = new Set(waiting.map(({ run }) => run.id));
  const runs = inOrder((shown ?? []).flatMap((project) => project.runs)).filter(({ endedAt, id }) => endedAt === null && !asked.has(id));
  return (
    <>
      <LiveFailure />
      {!shown && !failure.value && <LoadingState what="what runs" rows={3} />}
      {shown && (
        <>
          <section class="questions" aria-labelledby="waits">
            <h2 id="waits">Waits for you</h2>
            {waiting.length === 0 && <p class="quiet">Nothing waits for you.</p>}
            {waiting.map(({ question, run }) => (
              <QuestionCard key={question.id} question={question} run={run} />
            ))}
          </section>
          <section class="stack" aria-labelledby="runs-now">
            <h2 id="runs-now">Runs now</h2>
            {runs.length === 0 && <p class="quiet">{asked.size > 0 ? "No other run is under way." : "No run is under way."}</p>}
            <ul class="runs">
              {runs.map((run) => (
                <RunCard key={run.id} run={run} />
              ))}
            </ul>
          </section>
        </>
      )}
    </>
  );
}
