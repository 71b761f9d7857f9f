import type { JSX } from "preact";
import type { QuestionView } from "../../core/project/views.ts";
import { OutsideText } from "./outside-text.tsx";
import { renderBy } from "./question-list.ts";
import { Ago } from "./when.tsx";

/** What came of a question: the answer, whose it was and how sure, what the agent made of it, and what came too late. */
export function QuestionOutcome({ question }: { readonly question: QuestionView }): JSX.Element {
  const { answer, late, status } = question;
  return (
    <div class="outcome">
      {status === "withdrawn" && <p>Withdrawn: the run went on or ended without an answer.</p>}
      {answer && (
        <>
          <ul class="answers">
            {answer.answers.map((text, place) => (
              <li key={place}>
                <OutsideText text={text} most={600} block />
              </li>
            ))}
          </ul>
          <p class="quiet">
            {answer.via === "silence" ? (
              <strong class="tag silence">Best guess after silence — nobody answered</strong>
            ) : (
              <>
                Answered by <OutsideText text={renderBy(answer)} most={120} />
              </>
            )}
            {answer.confidence !== undefined && ` · ${Math.round(answer.confidence * 100)} % sure`}
            {answer.overruled && (
              <>
                {" · "}
                <strong class="tag">otherwise than the architect's guess{guessText(question)}</strong>
              </>
            )}{" "}
            · <Ago at={answer.at} />
          </p>
        </>
      )}
      {late.map((one, place) => (
        <p key={place} class="quiet">
          Too late, by <OutsideText text={renderBy(one)} most={120} />, <Ago at={one.at} />:{" "}
          <OutsideText text={one.answers.join(" · ")} most={300} />
        </p>
      ))}
    </div>
  );
}

/** How far an answer has come: accepted, then the agent has gone on with it. */
export function Receipt({ question }: { readonly question: QuestionView }): JSX.Element | null {
  if (question.status === "withdrawn") return null;
  if (question.purpose !== "session") return <>Accepted. The mesh goes on with it.</>;
  if (question.appliedAt === null) return <>Accepted. The agent has yet to go on.</>;
  return (
    <>
      The agent has gone on · <Ago at={question.appliedAt} />
    </>
  );
}

function guessText({ guess }: QuestionView): string {
  const text = guess?.answers.join(" · ") ?? "";
  return text === "" ? "" : ` “${text.length > 80 ? `${text.slice(0, 80)}…` : text}”`;
}
