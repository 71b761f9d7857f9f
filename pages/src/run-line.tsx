import type { ComponentChildren, JSX } from "preact";
import type { RunView } from "../../core/project/views.ts";
import { OutsideName } from "./outside-name.tsx";
import { OutsideText } from "./outside-text.tsx";
import { PhaseBadge } from "./phase-badge.tsx";
import { renderUsd } from "./project-list.ts";
import { runAddress } from "./run-address.ts";
import { Ago } from "./when.tsx";

/** One run in a line: where it stands, why it is not moving or what happens now, since when, and what it has cost. */
export function RunLine({ run, children }: { readonly run: RunView; readonly children?: ComponentChildren }): JSX.Element {
  const { phase, name, issue, title, explain, usd, session, endedAt, phaseSince } = run;
  return (
    <li class="run-line">
      <PhaseBadge phase={phase} />
      <a class="past-title" href={runAddress(run)}>
        <span class="number">
          {name}#{issue}
        </span>{" "}
        <OutsideName text={title} />
      </a>
      <span class="quiet">
        {renderUsd(usd)} · <Ago at={endedAt ?? phaseSince} />
        {session && endedAt === null && (
          <>
            {" · "}
            <a href={`#/sessions/${encodeURIComponent(session.id)}`}>
              watch<span class="unseen"> the session of #{issue}</span>
            </a>
          </>
        )}
      </span>
      <span class="why">
        <OutsideText text={explain} most={300} />
      </span>
      {children}
    </li>
  );
}
