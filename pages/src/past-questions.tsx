import type { JSX } from "preact";
import { EmptyState } from "./empty-state.tsx";
import { OutsideText } from "./outside-text.tsx";
import { PagedList } from "./paged-list.tsx";
import { pastQuestions, type LiveQuestion, type PastQuestion } from "./question-list.ts";
import { QuestionOutcome } from "./question-outcome.tsx";
import { runAddressOf } from "./run-address.ts";
import { Standing } from "./standing.tsx";
import { useList } from "./use-list.ts";
import { Ago } from "./when.tsx";

/** What became of earlier questions, from the read model as far back as one scrolls; what is live is added at once. */
export function PastQuestions({ live }: { readonly live: readonly LiveQuestion[] }): JSX.Element {
  const past = useList<PastQuestion>("/questions/history", {}, 0, { keyOf: ({ id }) => id });
  const loaded = past.value.value;
  const shown = pastQuestions(live, loaded?.items ?? [], loaded === undefined || loaded.cursor !== null);
  return (
    <section class="history" aria-labelledby="past-questions">
      <h2 id="past-questions">Earlier questions</h2>
      <Standing answer={past} what="earlier questions" rows={4} />
      {past.failure.value && shown.length > 0 && <p class="quiet">Only the latest are shown.</p>}
      {loaded?.cursor === null && shown.length === 0 && <EmptyState small>No question has been settled yet.</EmptyState>}
      <PagedList
        list={past}
        items={shown}
        keyOf={({ id }) => id}
        row={(question) => <Entry question={question} />}
        estimate={120}
        label="Earlier questions, newest first"
        class="past-question"
      />
    </section>
  );
}

function Entry({ question }: { readonly question: PastQuestion }): JSX.Element {
  return (
    <>
      <p class="quiet">
        <a href={runAddressOf(question.project, question.run.slice(question.run.indexOf("#") + 1))}>
          {question.project}#{question.issue}
        </a>{" "}
        <bdi>{question.title.slice(0, 300)}</bdi> · <Ago at={question.askedAt} />
      </p>
      {question.items.map(({ text }, place) => (
        <p key={place} class="asked">
          <OutsideText text={text} most={300} block />
        </p>
      ))}
      <QuestionOutcome question={question} />
      {question.purpose === "session" && question.answer && (
        <p class="quiet">
          {question.appliedAt === null ? (
            "The agent has not gone on with it."
          ) : (
            <>
              The agent went on · <Ago at={question.appliedAt} />
            </>
          )}
        </p>
      )}
    </>
  );
}
