import type { JSX } from "preact";
import type { RunView } from "../../core/project/views.ts";
import { OutsideName } from "./outside-name.tsx";
import { addressWith } from "./place.ts";
import { PhaseBadge } from "./phase-badge.tsx";
import { renderUsd } from "./project-list.ts";
import { Standing } from "./standing.tsx";
import { lookOfPhase } from "./state-looks.ts";
import { useAnswer } from "./use-answer.ts";

interface Spent {
  readonly usd: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
}

interface Usage {
  readonly total: Spent;
  readonly byPhase: readonly (Spent & { readonly phase: string })[];
  readonly byAgent: readonly (Spent & { readonly agent: string | null })[];
}

/** What an issue has cost, by phase and by who spent it; asked for again when the run has spent more. */
export function RunCost({ run }: { readonly run: RunView }): JSX.Element {
  const path = `/usage?${new URLSearchParams({ project: run.name, issue: String(run.issue) }).toString()}`;
  const answer = useAnswer<Usage>(path, Math.round(run.usd * 1_000));
  const usage = answer.value.value;
  return (
    <section class="panel cost" aria-labelledby="run-cost">
      <h3 id="run-cost">Cost by phase</h3>
      <Standing answer={answer} what="the cost" rows={3} />
      {usage && usage.byPhase.length === 0 && <p class="quiet">Nothing was spent yet.</p>}
      {usage && usage.byPhase.length > 0 && (
        <table class="sums">
          <caption class="unseen">What issue #{run.issue} has cost in each phase, over all its runs</caption>
          <thead>
            <tr>
              <th scope="col">Phase</th>
              <th scope="col" class="wide-only">
                Share
              </th>
              <th scope="col" class="figure">
                Cost
              </th>
              <th scope="col" class="figure">
                Tokens
              </th>
            </tr>
          </thead>
          <tbody>
            {usage.byPhase.map(({ phase, usd, inputTokens, outputTokens }) => (
              <tr key={phase}>
                <th scope="row">
                  <PhaseBadge phase={phase} />
                </th>
                <td class="wide-only">
                  <span class="bar-room" aria-hidden="true">
                    <span
                      class={`bar tone-${lookOfPhase(phase).tone}`}
                      style={{ inlineSize: `${(100 * usd) / Math.max(usage.total.usd, 0.000_001)}%` }}
                    />
                  </span>
                  <span class="unseen">{Math.round((100 * usd) / Math.max(usage.total.usd, 0.000_001))} %</span>
                </td>
                <td class="figure">{renderUsd(usd)}</td>
                <td class="figure">{(inputTokens + outputTokens).toLocaleString()}</td>
              </tr>
            ))}
          </tbody>
          <tfoot>
            <tr>
              <th scope="row">all runs of #{run.issue}</th>
              <td class="wide-only" />
              <td class="figure">{renderUsd(usage.total.usd)}</td>
              <td class="figure">{(usage.total.inputTokens + usage.total.outputTokens).toLocaleString()}</td>
            </tr>
          </tfoot>
        </table>
      )}
      {usage && usage.byAgent.length > 0 && (
        <p class="quiet">
          By{" "}
          {usage.byAgent.map(({ agent, usd }, place) => (
            <span key={agent}>
              {place > 0 && ", "}
              {agent === null ? (
                "models the mesh asked"
              ) : (
                <a href={`#/agents/${encodeURIComponent(agent)}`}>
                  <OutsideName text={agent} most={80} />
                </a>
              )}{" "}
              {renderUsd(usd)}
            </span>
          ))}
          . <a href={addressWith("/cost", { project: run.name })}>Cost of the project</a>
        </p>
      )}
    </section>
  );
}
