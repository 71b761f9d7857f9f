import type { JSX } from "preact";
import { useRef } from "preact/hooks";
import { AnswerForm } from "./answer-form.tsx";
import { answeringOf } from "./answering.ts";
import { OutsideText } from "./outside-text.tsx";
import { PhaseBadge } from "./phase-badge.tsx";
import { asker, isOpen, waitsMeanwhile, type LiveQuestion } from "./question-list.ts";
import { QuestionOutcome, Receipt } from "./question-outcome.tsx";
import { runAddress } from "./run-address.ts";
import { Ago } from "./when.tsx";

interface Props extends LiveQuestion {
  /** Shown inside its run, which already says where it belongs. */
  readonly inRun?: boolean;
}

/** A question from its asking to the agent's going on: answered in place, and told live what came of it. */
export function QuestionCard({ question, run, inRun = false }: Props): JSX.Element {
  const card = useRef<HTMLElement>(null);
  const { state, refusal } = answeringOf(question);
  const open = isOpen(question);
  const settledHere = state === "accepted" || state === "too-late";
  const form = () => <AnswerForm question={question} project={run.project} onSent={() => card.current?.focus()} />;
  return (
    <article class={`question${open ? " open" : ""}`} ref={card} tabIndex={-1} aria-label={`Question about #${run.issue}`}>
      {!inRun && (
        <header class="run-head">
          <PhaseBadge phase={run.phase} />
          <h3>
            <a href={runAddress(run)}>
              <span class="number">
                {run.name}#{run.issue}
              </span>{" "}
              <bdi>{run.title.slice(0, 300)}</bdi>
            </a>
          </h3>
        </header>
      )}
      <p class="quiet">
        <strong>{asker(question)}</strong>{" "}
        {question.status === "with-architect" ? "waits for the architect" : open ? "waits for you" : "asked"} ·{" "}
        <Ago at={question.askedAt} />
        {open && ` · ${waitsMeanwhile({ question, run })}`}
      </p>
      {open && !settledHere && question.status === "with-human" && form()}
      {open && !settledHere && question.status === "with-architect" && (
        <>
          <Texts question={question} />
          <details>
            <summary>Answer instead of the architect</summary>
            {form()}
          </details>
        </>
      )}
      {(!open || settledHere) && <Texts question={question} />}
      {!open && <QuestionOutcome question={question} />}
      <p role="status" class="receipt">
        {open ? state === "accepted" && "Accepted." : <Receipt question={question} />}
      </p>
      <p role="alert" class="refusal">
        {refusal}
      </p>
    </article>
  );
}

function Texts({ question }: Pick<Props, "question">): JSX.Element {
  return (
    <>
      {question.items.map(({ text }, place) => (
        <p key={place} class="asked">
          <OutsideText text={text} block />
        </p>
      ))}
    </>
  );
}
