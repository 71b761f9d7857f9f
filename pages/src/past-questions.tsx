import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { get, type ApiFailure, type Listed } from "./api.ts";
import { LoadingState } from "./loading-state.tsx";
import { OutsideText } from "./outside-text.tsx";
import { pastQuestions, type LiveQuestion, type PastQuestion } from "./question-list.ts";
import { QuestionOutcome } from "./question-outcome.tsx";
import { runAddressOf } from "./run-address.ts";
import { Ago } from "./when.tsx";

/** What became of earlier questions, page by page from the read model; what is live is added at once. */
export function PastQuestions({ live }: { readonly live: readonly LiveQuestion[] }): JSX.Element {
  const loaded = useSignal<readonly PastQuestion[] | undefined>(undefined);
  const cursor = useSignal<string | number | null>(null);
  const failure = useSignal<ApiFailure | undefined>(undefined);
  const busy = useSignal(false);

  async function load(after: string | number | null): Promise<void> {
    busy.value = true;
    const answer = await get<Listed<PastQuestion>>(
      `/questions/history?limit=20${after === null ? "" : `&cursor=${encodeURIComponent(after)}`}`,
    );
    busy.value = false;
    failure.value = answer.ok ? undefined : answer.error;
    if (!answer.ok) return;
    loaded.value = [...(after === null ? [] : (loaded.value ?? [])), ...answer.value.items];
    cursor.value = answer.value.cursor;
  }
  useEffect(() => void load(null), []);

  const shown = pastQuestions(live, loaded.value ?? [], cursor.value !== null);
  return (
    <section class="history" aria-labelledby="past-questions">
      <h2 id="past-questions">Earlier questions</h2>
      {failure.value && (
        <p role="alert" class="notice">
          {shown.length > 0 ? "Only the latest are shown. " : ""}
          {failure.value.detail}{" "}
          <button class="plain" onClick={() => void load(cursor.value)}>
            Load again
          </button>
        </p>
      )}
      {!loaded.value && !failure.value && <LoadingState what="earlier questions" rows={4} low />}
      {loaded.value && shown.length === 0 && <p class="quiet">No question has been settled yet.</p>}
      {shown.length > 0 && (
        <ul class="past">
          {shown.map((question) => (
            <Entry key={question.id} question={question} />
          ))}
        </ul>
      )}
      {cursor.value !== null && !failure.value && (
        <button class="plain" disabled={busy.value} onClick={() => void load(cursor.value)}>
          {busy.value ? "Loading…" : "Older"}
        </button>
      )}
    </section>
  );
}

function Entry({ question }: { readonly question: PastQuestion }): JSX.Element {
  return (
    <li class="past-question">
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
    </li>
  );
}
