import type { JSX } from "preact";
import type { RunView } from "../../core/project/views.ts";
import type { SessionView } from "../../core/sessions/views.ts";
import { projects } from "./mesh-store.ts";
import { QuestionCard } from "./question-card.tsx";
import { Standing } from "./standing.tsx";
import { useAnswer } from "./use-answer.ts";

/** What was asked in a session's run, and answered or still open; live while the run is. */
export function SessionQuestions({ session }: { readonly session: SessionView }): JSX.Element {
  const live = projects.value?.flatMap(({ runs }) => runs).find((run) => run.session?.id === session.id);
  return (
    <section class="stack" aria-labelledby="session-questions">
      <h2 id="session-questions">Questions</h2>
      {live ? <Cards run={live} /> : projects.value && <Past session={session} />}
    </section>
  );
}

/** From the read model, when the mesh does not show the run any more. */
function Past({ session }: { readonly session: SessionView }): JSX.Element {
  const path = `/read-model/runs/${session.name}/${session.issue}/${session.run}`;
  const answer = useAnswer<RunView>(path);
  return (
    <>
      <Standing answer={answer} what="questions" unknown="The history has not come so far yet." />
      {answer.value.value && <Cards run={answer.value.value} />}
    </>
  );
}

function Cards({ run }: { readonly run: RunView }): JSX.Element {
  if (run.questions.length === 0) return <p class="quiet">Nothing was asked.</p>;
  return (
    <>
      {run.questions.map((question) => (
        <QuestionCard key={question.id} question={question} run={run} inRun />
      ))}
    </>
  );
}
