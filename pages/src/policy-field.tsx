import type { JSX } from "preact";
import { rangeOf, type Field } from "./policy-fields.ts";

interface Props {
  readonly field: Field;
  readonly text: string;
  readonly isSet: boolean;
  /** What holds where it is not set here, in words. */
  readonly below: string;
  readonly fault: string | undefined;
  readonly readOnly: boolean;
  readonly onText: (text: string) => void;
  readonly onReset: () => void;
}

/** One setting with its words and range, whether it is set here, and a way back to what lies below. */
export function PolicyField(props: Props): JSX.Element {
  const { field, isSet, below, fault, readOnly, onReset } = props;
  const id = `setting-${field.path}`;
  const range = rangeOf(field);
  return (
    <div class="field setting">
      <label for={id}>{field.label}</label>
      <Control {...props} id={id} />
      {field.about !== "" && (
        <p class="quiet" id={`${id}-about`}>
          {field.about}
          {range !== "" && ` · ${range}`}
        </p>
      )}
      <p class="quiet">
        {isSet && <span class="tag">set here · </span>}
        {isSet && !readOnly ? (
          <button type="button" class="more" onClick={onReset}>
            use {below}
            <span class="unseen"> for {field.label}</span>
          </button>
        ) : (
          below
        )}
      </p>
      <p class="refusal" id={`${id}-fault`}>
        {fault}
      </p>
    </div>
  );
}

function Control({ field, text, fault, readOnly, onText, id }: Props & { readonly id: string }): JSX.Element {
  const common = {
    id,
    disabled: readOnly,
    "aria-describedby": field.about === "" ? `${id}-fault` : `${id}-about ${id}-fault`,
    "aria-invalid": fault !== undefined,
  };
  const write = (event: { currentTarget: { value: string } }) => onText(event.currentTarget.value);
  switch (field.kind) {
    case "choice":
      return (
        <select {...common} value={text} onChange={write}>
          {field.choices.map((choice) => (
            <option key={choice} value={choice}>
              {choice.replaceAll("-", " ")}
            </option>
          ))}
        </select>
      );
    case "flag":
      return (
        <select {...common} value={text} onChange={write}>
          <option value="true">yes</option>
          <option value="false">no</option>
        </select>
      );
    case "topics":
      return <textarea {...common} rows={2} placeholder="person: topic" value={text} onInput={write} />;
    case "time":
      return <input {...common} type="time" value={text} onInput={write} />;
    default:
      return (
        <input
          {...common}
          type="text"
          inputMode={field.kind === "number" ? "decimal" : undefined}
          autocomplete="off"
          spellcheck={false}
          value={text}
          placeholder={field.nullable ? "none" : ""}
          onInput={write}
        />
      );
  }
}
