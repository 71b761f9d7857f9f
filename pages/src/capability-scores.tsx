import type { JSX } from "preact";
import type { ScoreView } from "../../core/pool/views.ts";
import { AgentStatus } from "./agent-status.tsx";
import type { Listed } from "./api.ts";
import { Fact } from "./fact.tsx";
import { OutsideName } from "./outside-name.tsx";
import { Standing } from "./standing.tsx";
import { useAnswer } from "./use-answer.ts";

interface Props {
  readonly capability: string;
  readonly change: number;
  /** Only this agent's, and its place among all. */
  readonly only?: string;
}

/** The scores of a capability, best first, each with the factors it is the product of. */
export function CapabilityScores({ capability, change, only }: Props): JSX.Element {
  const scores = useAnswer<Listed<ScoreView>>(`/agents/score/${encodeURIComponent(capability)}`, change);
  const all = scores.value.value?.items ?? [];
  return (
    <>
      <Standing answer={scores} what="scores" />
      {scores.value.value && all.length === 0 && <p class="quiet">No agent offers it now.</p>}
      <ol class="scores">
        {all.map((view, place) =>
          only === undefined || only === view.agent ? (
            <li key={view.agent} class="score">
              <div class="run-head">
                {only === undefined && <AgentStatus status={view.status} />}
                <strong>
                  {only === undefined ? (
                    <a href={`#/agents/${encodeURIComponent(view.agent)}`}>
                      <OutsideName text={view.agent} most={80} />
                    </a>
                  ) : (
                    <code>{capability}</code>
                  )}
                </strong>
                <span>{view.score.toFixed(3)}</span>
                {only !== undefined && (
                  <span class="quiet">
                    place {place + 1} of {all.length}
                  </span>
                )}
              </div>
              <Factors view={view} />
            </li>
          ) : null,
        )}
      </ol>
    </>
  );
}

function Factors({ view }: { readonly view: ScoreView }): JSX.Element {
  const { weight, health, success, recent, preferred, results } = view;
  return (
    <dl class="facts">
      <Fact name="Weight">{weight}</Fact>
      <Fact name="× health">{health === 1 ? "1" : "0: a check it needs fails"}</Fact>
      <Fact name="× success">
        {success.toFixed(3)} {results === 0 ? "(nothing done yet)" : `(of the last ${results})`}
      </Fact>
      <Fact name="× recent">{recent > 1 ? `${recent}: the last three succeeded` : recent}</Fact>
      <Fact name="× preferred">{preferred}</Fact>
    </dl>
  );
}
