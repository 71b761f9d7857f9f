import type { JSX } from "preact";
import type { OnboardingView } from "../../core/onboarding/view.ts";
import type { AgentView } from "../../core/pool/views.ts";
import type { RunView, TaskView } from "../../core/project/views.ts";
import { AgentStatus } from "./agent-status.tsx";
import type { Listed } from "./api.ts";
import { FailedState } from "./failed-state.tsx";
import { LoadingState } from "./loading-state.tsx";
import { OnboardingLine } from "./onboarding-line.tsx";
import { OutsideName } from "./outside-name.tsx";
import { OutsideText } from "./outside-text.tsx";
import { troubled } from "./overview.ts";
import { RunLine } from "./run-line.tsx";
import { RunRetry } from "./run-retry.tsx";
import { TaskStatus } from "./task-status.tsx";
import type { Answer } from "./use-answer.ts";
import { Ago } from "./when.tsx";

interface Props {
  readonly runs: readonly RunView[];
  readonly onboardings: readonly OnboardingView[];
  readonly agents: Answer<Listed<AgentView>>;
  readonly tasks: Answer<Listed<TaskView>>;
}

/** What failed lately, each with where to mend it. */
export function OverviewFailed({ runs, onboardings, agents, tasks }: Props): JSX.Element {
  const unwell = troubled(agents.value.value?.items ?? []);
  const failedTasks = tasks.value.value?.items ?? [];
  const nothing = runs.length + onboardings.length + unwell.length + failedTasks.length === 0;
  const isKnown = [agents, tasks].every(({ value, failure }) => value.value !== undefined && !failure.value);
  const isComing = [agents, tasks].some(({ value, failure }) => value.value === undefined && !failure.value);
  return (
    <section class="stack" aria-labelledby="failed-lately">
      <h2 id="failed-lately">Failed</h2>
      {agents.failure.value && <FailedState what="agents" failure={agents.failure.value} old={unwell.length > 0} again={agents.again} />}
      {tasks.failure.value && (
        <FailedState what="failed tasks" failure={tasks.failure.value} old={failedTasks.length > 0} again={tasks.again} />
      )}
      {nothing && isComing && <LoadingState what="what failed" low />}
      {nothing && isKnown && (
        <p class="quiet">Nothing has failed lately{agents.value.value?.items.length === 0 ? "" : ", and every agent is well"}.</p>
      )}
      {!nothing && (
        <ul class="past">
          {unwell.map(({ agent, why }) => (
            <li key={agent.id} class="run-line">
              <AgentStatus status={agent.status} />
              <a class="past-title" href={`#/agents/${encodeURIComponent(agent.id)}`}>
                <OutsideName text={agent.id} />
              </a>
              <span class="quiet">
                last contact <Ago at={agent.lastContactAt} />
              </span>
              <span class="why">
                <OutsideText text={why} most={300} />
              </span>
            </li>
          ))}
          {runs.map((run) => (
            <RunLine key={run.id} run={run}>
              <RunRetry run={run} />
            </RunLine>
          ))}
          {onboardings.map((view) => (
            <OnboardingLine key={view.id} view={view} />
          ))}
          {failedTasks.map((task) => (
            <li key={task.id} class="run-line">
              <TaskStatus status={task.status} />
              <a class="past-title" href={`#/tasks/${encodeURIComponent(task.id)}`}>
                <code>
                  <OutsideName text={task.capability} most={80} />
                </code>{" "}
                {task.run}
              </a>
              <span class="quiet">
                <Ago at={task.endedAt ?? task.submittedAt} />
              </span>
              {task.error && (
                <span class="why">
                  <OutsideName text={task.error.kind} most={80} />: <OutsideText text={task.error.message} most={200} />
                </span>
              )}
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
