import type { ComponentChildren, JSX } from "preact";
import type { PointsLeft } from "../../core/points-left.ts";
import type { AgentView } from "../../core/pool/views.ts";
import type { Listed } from "./api.ts";
import { OutsideName } from "./outside-name.tsx";
import { renderPoints, troubled, type MeshState, type Usage } from "./overview.ts";
import { renderUsd } from "./project-list.ts";
import { Shape } from "./state-badge.tsx";
import type { ShapeName, Tone } from "./state-looks.ts";
import type { Answer } from "./use-answer.ts";
import { Ago } from "./when.tsx";

interface Props {
  readonly mesh: Answer<MeshState>;
  readonly agents: Answer<Listed<AgentView>>;
  readonly usage: Answer<Usage>;
  readonly points: Answer<Listed<PointsLeft>>;
  readonly running: number;
  readonly waiting: number;
}

/** So many agents that are not well are named. */
const mostNamed = 3;

/** The whole mesh in five lines: whether it works, what runs, who works, what today costs, and what GitHub still lets it ask. */
export function OverviewGlance({ mesh, agents, usage, points, running, waiting }: Props): JSX.Element {
  return (
    <section aria-label="At a glance">
      <dl class="glance">
        <MeshLine mesh={mesh} />
        <Line name="Runs" address="#/projects" shape={waiting > 0 ? "bubble" : "play"} tone={waiting > 0 ? "warn" : "work"}>
          {running + waiting} under way{waiting > 0 && `, ${waiting} ${waiting === 1 ? "waits" : "wait"} for you`}
        </Line>
        <AgentsLine agents={agents} />
        <SpendLine usage={usage} mesh={mesh} />
        <PointsLine points={points} />
      </dl>
    </section>
  );
}

function MeshLine({ mesh }: Pick<Props, "mesh">): JSX.Element {
  const stopped = mesh.value.value?.stopped;
  if (stopped) {
    return (
      <Line name="Mesh" address="#/settings" shape="bars" tone="warn">
        stopped by <OutsideName text={stopped.by} most={80} /> · <Ago at={stopped.at} />
      </Line>
    );
  }
  return (
    <Line name="Mesh" address="#/settings" {...lookOf(mesh, "check", "good")}>
      {told(mesh, () => "at work")}
    </Line>
  );
}

function AgentsLine({ agents }: Pick<Props, "agents">): JSX.Element {
  const items = agents.value.value?.items;
  const broken = troubled(items ?? []).filter(({ agent }) => agent.status !== "draining");
  const remote = (items ?? []).filter(({ kind }) => kind === "remote");
  if (items && remote.length === 0 && broken.length === 0) {
    return (
      <Line name="Runners" address="#/agents" shape="ring" tone="idle">
        none has registered
      </Line>
    );
  }
  const look = broken.length > 0 ? ({ shape: "cross", tone: "bad" } as const) : lookOf(agents, "disc", "good");
  return (
    <Line name="Runners" address="#/agents" {...look}>
      {told(agents, () => {
        const online = remote.filter(({ status }) => status === "online").length;
        return (
          <>
            {online} of {remote.length} online
            {broken.slice(0, mostNamed).map(({ agent }, place) => (
              <span key={agent.id}>
                {place === 0 ? ": " : ", "}
                <OutsideName text={agent.id} most={60} /> {agent.status === "online" ? "unwell" : agent.status}
              </span>
            ))}
            {broken.length > mostNamed && ` and ${broken.length - mostNamed} more`}
          </>
        );
      })}
    </Line>
  );
}

function SpendLine({ usage, mesh }: Pick<Props, "usage" | "mesh">): JSX.Element {
  const day = mesh.value.value?.day ?? null;
  const look = day?.reached ? ({ shape: "bars", tone: "bad" } as const) : lookOf(usage, "diamond", "plan");
  return (
    <Line name="Today" address="#/cost?range=today" {...look}>
      {day
        ? `${renderUsd(day.usd)} of ${renderUsd(day.capUsd)}${day.reached ? ": no session begins" : ""}`
        : told(usage, ({ total }) => `${renderUsd(total.usd)} spent`)}
    </Line>
  );
}

function PointsLine({ points }: Pick<Props, "points">): JSX.Element {
  const rendered = renderPoints(points.value.value?.items ?? []);
  return (
    <Line name="GitHub points" {...(rendered?.low ? ({ shape: "triangle", tone: "warn" } as const) : lookOf(points, "ring", "idle"))}>
      {told(points, () => rendered?.text ?? "no project asks GitHub yet")}
    </Line>
  );
}

/** What an answer says, or that it is on its way or did not come. */
function told<T>(answer: Answer<T>, say: (value: T) => ComponentChildren): ComponentChildren {
  const value = answer.value.value;
  if (value !== undefined) return say(value);
  return answer.failure.value ? `not known: ${answer.failure.value.detail}` : "…";
}

function lookOf(answer: Omit<Answer<unknown>, "show">, shape: ShapeName, tone: Tone): { readonly shape: ShapeName; readonly tone: Tone } {
  if (answer.failure.value) return { shape: "gap", tone: "warn" };
  return answer.value.value === undefined ? { shape: "ring", tone: "idle" } : { shape, tone };
}

interface LineProps {
  readonly name: string;
  readonly address?: string;
  readonly shape: ShapeName;
  readonly tone: Tone;
  readonly children: ComponentChildren;
}

function Line({ name, address, shape, tone, children }: LineProps): JSX.Element {
  return (
    <div>
      <dt>{address === undefined ? name : <a href={address}>{name}</a>}</dt>
      <dd>
        <span class={`tone-${tone}`}>
          <Shape name={shape} />
        </span>
        <span>{children}</span>
      </dd>
    </div>
  );
}
