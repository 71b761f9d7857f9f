import type { JSX } from "preact";
import type { PointsLeft } from "../../core/points-left.ts";
import type { AgentView } from "../../core/pool/views.ts";
import type { TaskView } from "../../core/project/views.ts";
import { answering } from "./answering.ts";
import type { Listed } from "./api.ts";
import { changes } from "./changes.ts";
import { LiveFailure } from "./live-failure.tsx";
import { LoadingState } from "./loading-state.tsx";
import { failure, projects } from "./mesh-store.ts";
import { NoProject } from "./no-project.tsx";
import { onboardingsInOrder } from "./onboarding-store.ts";
import { OnboardingsFailure } from "./onboardings-failure.tsx";
import { OverviewFailed } from "./overview-failed.tsx";
import { OverviewGlance } from "./overview-glance.tsx";
import { OverviewSpend } from "./overview-spend.tsx";
import { OverviewWaits } from "./overview-waits.tsx";
import { dayBegin, runsByNeed, type MeshState, type Usage } from "./overview.ts";
import { RunLine } from "./run-line.tsx";
import { useAnswer } from "./use-answer.ts";
import { now } from "./when.tsx";

const minuteMs = 60_000;
const shownTasks = 5;

/**
 * What waits for whoever looks, what runs, what failed and what today costs, over all projects. Runs, questions and onboardings are those
 * of the live socket; five more requests are made, and made again once a minute at most.
 */
export function OverviewPage(): JSX.Element {
  const minute = Math.floor(now.value / minuteMs);
  const today = dayBegin(now.value);
  const mesh = useAnswer<MeshState>("/ops/state", minute);
  // An agent that falls silent says nothing: that it is away comes with time.
  const agents = useAnswer<Listed<AgentView>>("/agents", changes.agents.value + minute);
  const usage = useAnswer<Usage>(`/usage?since=${today}`, minute);
  const points = useAnswer<Listed<PointsLeft>>("/ops/points", Math.floor(minute / 5));
  const tasks = useAnswer<Listed<TaskView>>(`/tasks?status=failed&limit=${shownTasks}&since=${today - 24 * 60 * minuteMs}`, minute);
  const shown = projects.value;
  const { waiting, running, failed } = runsByNeed(shown ?? [], now.value);
  // A question stays where it was answered until that was seen.
  const inHand = running.filter(({ questions }) => questions.some(({ id }) => answering.value.has(id)));
  const others = running.filter((run) => !inHand.includes(run));
  const onboardings = onboardingsInOrder.value;
  return (
    <>
      <LiveFailure />
      <OnboardingsFailure />
      <OverviewGlance mesh={mesh} agents={agents} usage={usage} points={points} running={running.length} waiting={waiting.length} />
      {!shown && !failure.value && <LoadingState what="what runs" rows={3} />}
      {shown?.length === 0 && <NoProject />}
      {shown && (
        <>
          <OverviewWaits
            runs={[...waiting, ...inHand]}
            onboardings={onboardings.filter(({ status }) => status === "waiting_auth")}
            quiet={shown.length === 0}
          />
          {shown.length > 0 && (
            <section class="stack" aria-labelledby="runs-now">
              <h2 id="runs-now">Runs now</h2>
              {others.length === 0 ? (
                <p class="quiet">{waiting.length + inHand.length > 0 ? "Nothing else is under way." : "No run is under way."}</p>
              ) : (
                <ul class="past">
                  {others.map((run) => (
                    <RunLine key={run.id} run={run} />
                  ))}
                </ul>
              )}
            </section>
          )}
          <OverviewFailed
            runs={failed}
            tasks={tasks}
            agents={agents}
            onboardings={onboardings.filter(({ status }) => status === "failed")}
          />
          {shown.length > 0 && <OverviewSpend usage={usage} day={mesh.value.value?.day ?? null} />}
        </>
      )}
    </>
  );
}
