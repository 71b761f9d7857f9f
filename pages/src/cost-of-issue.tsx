import type { JSX } from "preact";
import type { Usage } from "../../core/usage.ts";
import { agentWord, phaseWord } from "./cost-words.ts";
import { renderTokens } from "./cost-table.tsx";
import { OutsideName } from "./outside-name.tsx";
import { renderUsd } from "./project-list.ts";
import { Standing } from "./standing.tsx";
import { useAnswer } from "./use-answer.ts";

/** Where the money of one issue went: by phase, and by who spent it. `path`: what to ask. */
export function CostOfIssue({ path }: { readonly path: string }): JSX.Element {
  const usage = useAnswer<Usage>(path);
  const shown = usage.value.value;
  return (
    <div class="split">
      <Standing answer={usage} what="what the issue has cost" rows={2} />
      {shown && (
        <>
          <Part title="By phase" rows={shown.byPhase.map((row) => ({ ...row, what: phaseWord(row.phase) }))} />
          <Part title="By agent" rows={shown.byAgent.map((row) => ({ ...row, what: agentWord(row.agent) }))} />
        </>
      )}
    </div>
  );
}

interface Row {
  readonly what: string;
  readonly usd: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
}

function Part({ title, rows }: { readonly title: string; readonly rows: readonly Row[] }): JSX.Element {
  return (
    <dl>
      <dt class="quiet">{title}</dt>
      {rows.map(({ what, usd, inputTokens, outputTokens }) => (
        <dd key={what}>
          <OutsideName text={what} most={80} /> {renderUsd(usd)}{" "}
          <span class="quiet">
            {renderTokens(inputTokens)} / {renderTokens(outputTokens)}
          </span>
        </dd>
      ))}
    </dl>
  );
}
