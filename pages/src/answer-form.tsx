import type { JSX } from "preact";
import type { ProjectKey } from "../../core/ids.ts";
import type { QuestionView } from "../../core/project/views.ts";
import type { QuestionItem } from "../../core/protocol/frames.ts";
import { answeringOf, redraft, send } from "./answering.ts";
import { guessed, pick, pickOwn, takesOwnWords, write, type ItemDraft } from "./draft.ts";
import { OutsideText } from "./outside-text.tsx";

/** The most an answer may have, in characters. */
const mostCharacters = 20_000;

interface Props {
  readonly question: QuestionView;
  readonly project: ProjectKey;
  /** Called when it was sent and the form will go. */
  readonly onSent: () => void;
}

/** The items of an open question with their choices and room for own words. */
export function AnswerForm({ question, project, onSent }: Props): JSX.Element {
  const { draft, state } = answeringOf(question);
  const own = takesOwnWords(question);
  const { guess } = question;
  async function submit(event: Event): Promise<void> {
    event.preventDefault();
    await send(question, project);
    if (answeringOf(question).state !== "writing") onSent();
  }
  return (
    <form noValidate onSubmit={(event) => void submit(event)}>
      {question.items.map((item, place) => (
        <Item
          key={place}
          name={`${question.id}-${place}`}
          item={item}
          own={own}
          busy={state === "sending"}
          draft={draft[place]}
          onDraft={(changed) =>
            redraft(
              question,
              draft.map((other, at) => (at === place ? changed : other)),
            )
          }
        />
      ))}
      {guess && (
        <p class="guess">
          <span>
            The architect guesses <OutsideText text={`“${guess.answers.join(" · ")}”`} most={600} /> and is{" "}
            {Math.round(guess.confidence * 100)} % sure.
          </span>
          <button type="button" class="plain" onClick={() => redraft(question, guessed(question.items, guess.answers))}>
            Take this guess
          </button>
        </p>
      )}
      <button type="submit" disabled={state === "sending"}>
        {state === "sending" ? "Sending…" : "Answer"}
      </button>
    </form>
  );
}

interface ItemProps {
  readonly name: string;
  readonly item: QuestionItem;
  readonly own: boolean;
  readonly busy: boolean;
  readonly draft: ItemDraft | undefined;
  readonly onDraft: (draft: ItemDraft) => void;
}

function Item({ name, item, own, busy, draft, onDraft }: ItemProps): JSX.Element | null {
  if (!draft) return null;
  const { options, multiple } = item;
  const type = multiple ? "checkbox" : "radio";
  return (
    <fieldset disabled={busy}>
      <legend>
        {item.header && (
          <span class="quiet">
            <OutsideText text={item.header} block />
          </span>
        )}
        <OutsideText text={item.text} block />
        {multiple && <span class="quiet"> Several may be chosen.</span>}
      </legend>
      {options.map(({ label, description }, option) => (
        <label key={option} class="choice">
          <input type={type} name={name} checked={draft.chosen.includes(option)} onChange={() => onDraft(pick(draft, option, multiple))} />
          <span>
            <OutsideText text={label} block />
            {description && (
              <span class="quiet">
                <OutsideText text={description} most={600} block />
              </span>
            )}
          </span>
        </label>
      ))}
      {own && options.length > 0 && (
        <label class="choice">
          <input
            type={type}
            name={name}
            checked={draft.useOwn}
            onChange={(event) => onDraft(pickOwn(draft, event.currentTarget.checked, multiple))}
          />
          <span>In my own words</span>
        </label>
      )}
      {own && (
        <textarea
          aria-label="Answer in your own words"
          aria-keyshortcuts="Control+Enter"
          dir="auto"
          rows={2}
          maxLength={mostCharacters}
          placeholder={options.length > 0 ? "Something else" : "Your answer"}
          value={draft.own}
          onInput={(event) => onDraft(write(draft, event.currentTarget.value, multiple))}
          onKeyDown={(event) => {
            if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) event.currentTarget.form?.requestSubmit();
          }}
        />
      )}
    </fieldset>
  );
}
