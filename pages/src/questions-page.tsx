import type { JSX } from "preact";
import { answering } from "./answering.ts";
import type { Listed } from "./api.ts";
import { EmptyState } from "./empty-state.tsx";
import { LiveFailure } from "./live-failure.tsx";
import { lazyPage } from "./lazy-page.tsx";
import { LoadingState } from "./loading-state.tsx";
import { failure, projects } from "./mesh-store.ts";
import { OutsideLink } from "./outside-link.tsx";
import { OutsideName } from "./outside-name.tsx";
import { OutsideText } from "./outside-text.tsx";
import { QuestionCard } from "./question-card.tsx";
import { byUrgency, isOpen, liveQuestions, type PastQuestion } from "./question-list.ts";
import { QuestionOutcome, Receipt } from "./question-outcome.tsx";
import { Standing } from "./standing.tsx";
import { Up } from "./up.tsx";
import { useAnswer } from "./use-answer.ts";
import { Ago } from "./when.tsx";

/** Its long list's code is not needed for the first page. */
const PastQuestions = lazyPage(() => import("./past-questions.tsx").then((module) => module.PastQuestions));

/** Open questions of all projects, to be answered in place, and below them what became of the others. */
export function QuestionsPage(): JSX.Element {
  const live = liveQuestions(projects.value ?? []);
  const inSight = byUrgency(live.filter(({ question }) => isOpen(question) || answering.value.has(question.id)));
  return (
    <>
      <LiveFailure />
      <section class="questions" aria-labelledby="open-questions">
        <h2 id="open-questions">Open questions</h2>
        {!projects.value && !failure.value && <LoadingState what="questions" rows={2} />}
        {projects.value && inSight.length === 0 && <EmptyState>Nobody waits for an answer.</EmptyState>}
        {inSight.map(({ question, run }) => (
          <QuestionCard key={question.id} question={question} run={run} />
        ))}
      </section>
      {(projects.value || failure.value) && <PastQuestions live={live.filter(({ question }) => !answering.value.has(question.id))} />}
    </>
  );
}

/** One question, as notifications link to it; a long past one comes from the history. */
export function QuestionPage({ id }: { readonly id: string }): JSX.Element {
  const live = liveQuestions(projects.value ?? []).find(({ question }) => question.id === id);
  const missing = projects.value !== undefined && live === undefined;
  return (
    <>
      <LiveFailure />
      <Up to="#/questions">All questions</Up>
      {live ? (
        <section class="questions" aria-label="Question">
          <h2>Question</h2>
          <QuestionCard question={live.question} run={live.run} />
        </section>
      ) : missing ? (
        <Earlier id={id} />
      ) : (
        !failure.value && <LoadingState what="the question" />
      )}
    </>
  );
}

/** A question that is asked no more. */
function Earlier({ id }: { readonly id: string }): JSX.Element {
  const answer = useAnswer<Listed<PastQuestion>>(`/questions/history?id=${encodeURIComponent(id)}`);
  const told = answer.value.value;
  const question = told?.items[0];
  return (
    <>
      <Standing answer={answer} what="the question" />
      {question && <Past question={question} />}
      {told && !question && <EmptyState title="This question is not known">It was never asked here, or its project is gone.</EmptyState>}
    </>
  );
}

function Past({ question }: { readonly question: PastQuestion }): JSX.Element {
  return (
    <article class="question" aria-labelledby="past-question">
      <h2 id="past-question">
        <OutsideLink to={question.url}>
          {question.project}#{question.issue} <OutsideName text={question.title} />
        </OutsideLink>
      </h2>
      <p class="quiet">
        Asked · <Ago at={question.askedAt} />
      </p>
      {question.items.map(({ text }, place) => (
        <p key={place} class="asked">
          <OutsideText text={text} block />
        </p>
      ))}
      <QuestionOutcome question={question} />
      <p class="receipt">
        <Receipt question={question} />
      </p>
    </article>
  );
}
