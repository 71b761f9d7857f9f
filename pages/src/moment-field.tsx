import type { JSX } from "preact";
import { isoOf, localMoment } from "./local-moment.ts";

interface Props {
  readonly label: string;
  /** ISO 8601, or empty. */
  readonly value: string;
  readonly onValue: (iso: string) => void;
}

/** A date and time to choose, in the browser's zone; it counts once the field is left. */
export function MomentField({ label, value, onValue }: Props): JSX.Element {
  return (
    <label>
      {label}
      <input
        type="datetime-local"
        max="9999-12-31T23:59"
        value={localMoment(value)}
        onBlur={(event) => {
          const iso = isoOf(event.currentTarget.value);
          if (iso !== "" || event.currentTarget.value === "") if (localMoment(iso) !== localMoment(value)) onValue(iso);
        }}
      />
    </label>
  );
}
