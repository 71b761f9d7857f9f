import type { JSX } from "preact";
import type { AgentView } from "../../core/pool/views.ts";
import type { TaskView } from "../../core/project/views.ts";
import type { Moment } from "../../core/time.ts";
import { AgentControls } from "./agent-controls.tsx";
import { AgentStatus } from "./agent-status.tsx";
import { AgentTroubles } from "./agent-troubles.tsx";
import { CapabilityScores } from "./capability-scores.tsx";
import { changes } from "./changes.ts";
import { EmptyState } from "./empty-state.tsx";
import { Fact } from "./fact.tsx";
import { Mark } from "./mark.tsx";
import { projects, role } from "./mesh-store.ts";
import { OutsideName } from "./outside-name.tsx";
import { OutsideText } from "./outside-text.tsx";
import { PagedList } from "./paged-list.tsx";
import { addressWith } from "./place.ts";
import { Standing } from "./standing.tsx";
import { TaskItem } from "./task-item.tsx";
import { Up } from "./up.tsx";
import { useAnswer } from "./use-answer.ts";
import { useList } from "./use-list.ts";
import { useLoad } from "./use-load.ts";
import { Ago } from "./when.tsx";

interface Agent extends AgentView {
  readonly mailbox: {
    readonly connected: boolean;
    readonly lastContactAt: Moment | null;
    readonly working: number;
    readonly asking: number;
    readonly parked: number;
    readonly slots: number;
  };
}

/** One agent: what it offers and how well it does, its checks, and the tasks it had. */
export function AgentPage({ id }: { readonly id: string }): JSX.Element {
  const change = changes.agents.value + changes.tasks.value;
  const answer = useAnswer<Agent>(`/agents/${encodeURIComponent(id)}`, change);
  const agent = answer.value.value;
  return (
    <>
      <Up to="#/agents">All agents</Up>
      <Standing answer={answer} what="the agent" unknown="This agent is not known." />
      {agent && (
        <article class="onboarding" aria-label={`Agent ${agent.id}`}>
          <header class="run-head">
            <AgentStatus status={agent.status} />
            <h2>
              <OutsideName text={agent.id} />
            </h2>
            <span class="quiet">
              {agent.kind === "remote" ? (agent.mailbox.connected ? "connected" : "not connected") : "of the mesh itself"} · registered{" "}
              <Ago at={agent.registeredAt} />
            </span>
          </header>
          <AgentTroubles agent={agent} />
          <Facts agent={agent} />
          <p class="line">
            <a href={addressWith("/events", { agent: agent.id })}>Its events</a>
            <a href={addressWith("/tasks", { agent: agent.id, status: "running" })}>Its running tasks</a>
            <a href={addressWith("/tasks", { agent: agent.id, status: "failed" })}>Its failed tasks</a>
            <a href={addressWith("/cost", { agent: agent.id })}>What it has cost</a>
          </p>
          {agent.kind === "remote" && role.value === "operator" && <AgentControls agent={agent} changed={() => void answer.again()} />}
          <section class="panel" aria-labelledby="offers">
            <h2 id="offers">What it offers, and its score</h2>
            {agent.capabilities.length === 0 && <p class="quiet">It offers nothing.</p>}
            {agent.capabilities.map(({ name, requirements }) => (
              <div key={name} class="stack">
                <CapabilityScores capability={name} change={change} only={agent.id} />
                {requirements.length > 0 && (
                  <p class="quiet">
                    It needs <OutsideText text={requirements.join(", ")} most={300} />.
                  </p>
                )}
              </div>
            ))}
          </section>
          {agent.health.length > 0 && <Health agent={agent} />}
          <History id={agent.id} />
        </article>
      )}
    </>
  );
}

function Facts({ agent }: { readonly agent: Agent }): JSX.Element {
  const remote = agent.kind === "remote";
  const load = useLoad().of(agent.id);
  const names = new Map(projects.value?.map(({ key, name }) => [key, name ?? key]));
  return (
    <dl class="facts">
      {remote && (
        <Fact name="Running">
          {load ?? "…"} of {agent.slots}
        </Fact>
      )}
      {remote && agent.mailbox.asking + agent.mailbox.parked > 0 && (
        <Fact name="Sessions that wait for an answer">
          {agent.mailbox.asking} asking, {agent.mailbox.parked} parked
        </Fact>
      )}
      {remote && (
        <Fact name="Last contact">
          <Ago at={Math.max(agent.lastContactAt, agent.mailbox.lastContactAt ?? 0)} />
        </Fact>
      )}
      <Fact name="Projects">{agent.projects === "all" ? "all" : agent.projects.map((key) => names.get(key) ?? key).join(", ")}</Fact>
      {Object.entries(agent.metadata).map(([name, value]) => (
        <Fact key={name} name={name}>
          <OutsideText text={value} most={200} />
        </Fact>
      ))}
    </dl>
  );
}

function Health({ agent }: { readonly agent: Agent }): JSX.Element {
  return (
    <section class="panel" aria-labelledby="health">
      <h2 id="health">Health checks</h2>
      <ul class="activities">
        {agent.health.map(({ name, url, ok, at }) => (
          <li key={name}>
            <Mark standing={ok === null ? "next" : ok ? "done" : "failed"} word={ok === null ? "Not asked yet" : ok ? "Well" : "Failing"} />
            <span>
              <OutsideName text={name} />
              <span class="quiet">
                <OutsideName text={url} />
                {at !== null && (
                  <>
                    {" · "}
                    <Ago at={at} />
                  </>
                )}
              </span>
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

function History({ id }: { readonly id: string }): JSX.Element {
  const tasks = useList<TaskView>("/tasks", { agent: id }, changes.tasks.value, { keyOf: (task) => task.id });
  const shown = tasks.value.value?.items;
  return (
    <section class="history" aria-labelledby="agent-tasks">
      <h2 id="agent-tasks">Tasks it had</h2>
      <Standing answer={tasks} what="its tasks" />
      {shown?.length === 0 && <EmptyState small>It had none yet.</EmptyState>}
      {shown && shown.length > 0 && (
        <PagedList
          list={tasks}
          items={shown}
          keyOf={(task) => task.id}
          row={(task) => <TaskItem task={task} of={id} />}
          estimate={52}
          label="Tasks it had, newest first"
          class="task"
        />
      )}
    </section>
  );
}
