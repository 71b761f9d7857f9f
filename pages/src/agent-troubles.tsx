import type { JSX } from "preact";
import type { AgentView } from "../../core/pool/views.ts";
import { troublesOf } from "./agent-trouble.ts";
import { OutsideText } from "./outside-text.tsx";

/** What is wrong with an agent, each with what to do about it; nothing when it is well. */
export function AgentTroubles({ agent }: { readonly agent: AgentView }): JSX.Element {
  return (
    <>
      {troublesOf(agent).map(({ why, mend, meant }) => (
        <p key={why} class={meant ? "notice" : "notice bad"}>
          <strong>
            <OutsideText text={`${why.charAt(0).toUpperCase()}${why.slice(1)}.`} most={300} />
          </strong>{" "}
          {mend}
        </p>
      ))}
    </>
  );
}
