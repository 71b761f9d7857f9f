import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import type { QuestionView } from "../../core/project/views.ts";
import { post } from "./api.ts";
import { refetch } from "./mesh-store.ts";
import { Ago } from "./when.tsx";

/** A question that waits, with its choices to tap or a text to write when a person is asked. */
export function OpenQuestion({ question }: { readonly question: QuestionView }): JSX.Element {
  const answers = useSignal<readonly string[]>(question.items.map(() => ""));
  const refusal = useSignal<string | undefined>(undefined);
  const busy = useSignal(false);
  const choose = (place: number, text: string) => (answers.value = answers.value.map((answer, at) => (at === place ? text : answer)));
  async function submit(event: Event): Promise<void> {
    event.preventDefault();
    busy.value = true;
    const answer = await post<{ status: string; answered?: string }>(`/questions/${encodeURIComponent(question.id)}/answer`, {
      answers: answers.value,
    });
    busy.value = false;
    refusal.value = answer.ok ? (answer.value.status === "already-answered" ? "It was answered already." : undefined) : answer.error.detail;
    await refetch();
  }
  const waits = question.status === "with-human" ? "asks you" : "is with the architect";
  return (
    <form class="question" onSubmit={(event) => void submit(event)}>
      <p class="quiet">
        <strong>{question.purpose === "session" ? "The session" : `A ${question.purpose}`}</strong> {waits} · <Ago at={question.askedAt} />
        {question.parked ? " · session parked" : ""}
      </p>
      {question.items.map((item, place) => (
        <fieldset key={place} disabled={busy.value || question.status !== "with-human"}>
          <legend>{item.text}</legend>
          <div class="choices">
            {item.options.map(({ label, description }) => (
              <button
                type="button"
                class="choice"
                title={description}
                aria-pressed={answers.value[place] === label}
                onClick={() => choose(place, label)}
              >
                {label}
              </button>
            ))}
          </div>
          <input
            type="text"
            aria-label={`Answer to: ${item.text}`}
            placeholder="Answer"
            required
            value={answers.value[place] ?? ""}
            onInput={(event) => choose(place, event.currentTarget.value)}
          />
        </fieldset>
      ))}
      {question.guess && (
        <p class="quiet">
          The architect would say “{question.guess.answers.join(" · ")}” ({Math.round(question.guess.confidence * 100)} %).
        </p>
      )}
      {question.status === "with-human" && (
        <button type="submit" disabled={busy.value}>
          {busy.value ? "Sending…" : "Answer"}
        </button>
      )}
      <p role="alert" class="refusal">
        {refusal.value}
      </p>
    </form>
  );
}
