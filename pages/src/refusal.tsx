import type { JSX } from "preact";
import type { ApiFailure } from "./api.ts";

/** Why a command was refused, with each fault that has no field of its own to be shown at. */
export function Refusal({
  failure,
  shown = [],
}: {
  readonly failure: ApiFailure | undefined;
  readonly shown?: readonly string[];
}): JSX.Element {
  const rest = (failure?.issues ?? []).filter(({ path }) => !shown.includes(path));
  return (
    <div role="alert" class="refusal">
      {failure && <p>{failure.detail}</p>}
      {rest.length > 0 && (
        <ul>
          {rest.map(({ path, message }) => (
            <li key={path}>
              {path !== "" && <code>{path}</code>} {message}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
