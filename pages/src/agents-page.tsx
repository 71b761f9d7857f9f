import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import type { AgentView } from "../../core/pool/views.ts";
import { AgentStatus } from "./agent-status.tsx";
import { troublesOf } from "./agent-trouble.ts";
import { AgentTroubles } from "./agent-troubles.tsx";
import type { Listed } from "./api.ts";
import { CapabilityScores } from "./capability-scores.tsx";
import { changes } from "./changes.ts";
import { EmptyState } from "./empty-state.tsx";
import { Fact } from "./fact.tsx";
import { LoadFailure } from "./load-failure.tsx";
import { OutsideName } from "./outside-name.tsx";
import { addressWith } from "./place.ts";
import { Standing } from "./standing.tsx";
import { useAnswer } from "./use-answer.ts";
import { useLoad } from "./use-load.ts";
import { Ago } from "./when.tsx";

/** Who takes tasks: how each stands, what it offers, how well it does, and how much it has. */
export function AgentsPage(): JSX.Element {
  const agents = useAnswer<Listed<AgentView>>("/agents", changes.agents.value);
  const load = useLoad();
  const items = agents.value.value?.items;
  // Whoever needs somebody to see to it comes first.
  const shown = items?.toSorted((one, other) => Number(isUnwell(other)) - Number(isUnwell(one)));
  const capabilities = [...new Set(shown?.flatMap((agent) => agent.capabilities.map(({ name }) => name)))].toSorted();
  return (
    <>
      <section class="stack" aria-labelledby="agents">
        <h2 id="agents">Agents</h2>
        <Standing answer={agents} what="agents" />
        <LoadFailure answers={load.answers} />
        {shown?.length === 0 && (
          <EmptyState>
            No agent has registered yet. <code>mesh agents token</code> makes a token for one, and <code>mesh runner</code> starts one.
          </EmptyState>
        )}
        <ul class="runs">
          {shown?.map((agent) => (
            <Summary key={agent.id} agent={agent} load={load.of(agent.id)} />
          ))}
        </ul>
      </section>
      {capabilities.length > 0 && <Ranking capabilities={capabilities} change={changes.agents.value + changes.tasks.value} />}
    </>
  );
}

function isUnwell(agent: AgentView): boolean {
  return troublesOf(agent).some(({ meant }) => meant !== true);
}

function Summary({ agent, load }: { readonly agent: AgentView; readonly load: number | undefined }): JSX.Element {
  const remote = agent.kind === "remote";
  const { host, version } = agent.metadata;
  return (
    <li class="run">
      <div class="run-head">
        <AgentStatus status={agent.status} />
        <h3>
          <a href={`#/agents/${encodeURIComponent(agent.id)}`}>
            <OutsideName text={agent.id} most={80} />
          </a>
        </h3>
        {!remote && <span class="quiet">of the mesh itself</span>}
      </div>
      <AgentTroubles agent={agent} />
      <ul class="offers">
        {agent.capabilities.map(({ name, score, results, successes }) => (
          <li key={name}>
            <code>{name}</code> {score.toFixed(2)}
            {results > 0 && (
              <span class="quiet">
                {" "}
                {successes} of {results}
              </span>
            )}
          </li>
        ))}
      </ul>
      {agent.capabilities.length === 0 && <p class="quiet">It offers nothing.</p>}
      <dl class="facts">
        <Fact name="Running">
          <a href={addressWith("/tasks", { agent: agent.id, status: "running" })}>
            {load === undefined ? "…" : remote ? `${load} of ${agent.slots}` : load}
          </a>
        </Fact>
        {host !== undefined && (
          <Fact name="Host">
            <OutsideName text={host} />
          </Fact>
        )}
        {version !== undefined && (
          <Fact name="Version">
            <OutsideName text={version} most={80} />
          </Fact>
        )}
        {remote && (
          <Fact name="Last contact">
            <Ago at={agent.lastContactAt} />
          </Fact>
        )}
      </dl>
    </li>
  );
}

function Ranking({ capabilities, change }: { readonly capabilities: readonly string[]; readonly change: number }): JSX.Element {
  const chosen = useSignal("");
  const capability = capabilities.includes(chosen.value) ? chosen.value : (capabilities[0] ?? "");
  return (
    <section class="panel" aria-labelledby="ranking">
      <h2 id="ranking">Who is asked first</h2>
      <div class="line">
        <label for="ranked">For</label>
        <select id="ranked" value={capability} onChange={(event) => (chosen.value = event.currentTarget.value)}>
          {capabilities.map((name) => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
        </select>
      </div>
      <CapabilityScores capability={capability} change={change} />
    </section>
  );
}
