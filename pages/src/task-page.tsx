import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { renderWhy } from "../../core/pool/why-chosen.ts";
import type { TaskView } from "../../core/project/views.ts";
import { get, newKey, remove, type ApiResult } from "./api.ts";
import { changes } from "./changes.ts";
import { useCommand } from "./command.ts";
import { Fact } from "./fact.tsx";
import { role } from "./mesh-store.ts";
import { OutsideName } from "./outside-name.tsx";
import { OutsideText } from "./outside-text.tsx";
import { addressWith } from "./place.ts";
import { Refusal } from "./refusal.tsx";
import { Standing } from "./standing.tsx";
import { TaskStatus } from "./task-status.tsx";
import { Up } from "./up.tsx";
import { useAsked } from "./use-answer.ts";
import { Ago, renderSpan } from "./when.tsx";
import { WorkLink } from "./work-link.tsx";

/** One task with its attempts, live; from the read model when its project has let go of it. */
export function TaskPage({ id }: { readonly id: string }): JSX.Element {
  const answer = useAsked<TaskView>(id, changes.tasks.value, () => ask(id));
  const task = answer.value.value;
  return (
    <>
      <Up to="#/tasks">All tasks</Up>
      <Standing answer={answer} what="the task" unknown="This task is not known." />
      {task && (
        <article class="onboarding" aria-label={`Task ${task.id}`}>
          <header class="run-head">
            <TaskStatus status={task.status} />
            <h2>
              <code>
                <OutsideName text={task.capability} />
              </code>
            </h2>
            <span class="quiet">{task.id}</span>
          </header>
          {task.explain !== undefined && (
            <p class="explain">
              <OutsideText text={task.explain} most={600} />
            </p>
          )}
          <dl class="facts">
            <Fact name={task.run === null ? "Project" : "Run"}>
              <WorkLink task={task} />
            </Fact>
            {task.agent !== undefined && (
              <Fact name="Only for">
                <OutsideName text={task.agent} most={80} />
              </Fact>
            )}
            <Fact name="Priority">{task.priority}</Fact>
            <Fact name="Time limit">{renderSpan(task.timeoutSeconds * 1_000)}</Fact>
            <Fact name="Submitted">
              <Ago at={task.submittedAt} />
            </Fact>
            {task.endedAt !== null && (
              <Fact name="Ended">
                <Ago at={task.endedAt} />
              </Fact>
            )}
          </dl>
          {task.error && (
            <p class="notice bad">
              <OutsideName text={task.error.kind} most={80} />: <OutsideText text={task.error.message} />
            </p>
          )}
          {role.value === "operator" && task.endedAt === null && <Cancel task={task} shown={answer.show} />}
          <p>
            <a href={addressWith("/events", { task: task.id })}>Its events</a>
          </p>
          <Attempts task={task} />
          <Json name="Payload" value={task.payload} />
          <Json name="Result" value={task.result} />
        </article>
      )}
    </>
  );
}

async function ask(id: string): Promise<ApiResult<TaskView>> {
  const path = `/tasks/${encodeURIComponent(id)}`;
  const live = await get<TaskView>(path);
  return live.ok || live.error.status !== 404 ? live : get<TaskView>(`/read-model${path}`);
}

function Cancel({ task, shown }: { readonly task: TaskView; readonly shown: (task: TaskView) => void }): JSX.Element {
  const command = useCommand();
  const sure = useSignal(false);
  const key = useSignal(newKey());
  async function cancel(): Promise<void> {
    const cancelled = await command.run(() => remove<TaskView>(`/tasks/${encodeURIComponent(task.id)}`, key.value));
    sure.value = false;
    if (cancelled) shown(cancelled.value);
  }
  return (
    <div class="line">
      {sure.value ? (
        <>
          <button class="danger" disabled={command.busy.value} onClick={() => void cancel()}>
            {command.busy.value ? "Cancelling…" : "Yes, cancel this task"}
          </button>
          <button class="plain" onClick={() => (sure.value = false)}>
            No
          </button>
        </>
      ) : (
        <button class="danger" onClick={() => (sure.value = true)}>
          Cancel…
        </button>
      )}
      <Refusal failure={command.failure.value} />
    </div>
  );
}

function Attempts({ task }: { readonly task: TaskView }): JSX.Element {
  return (
    <section class="stack" aria-labelledby="attempts">
      <h2 id="attempts">
        Attempts{" "}
        <span class="quiet">
          {task.attempts.length} of at most {task.maxAttempts}
        </span>
      </h2>
      {task.attempts.length === 0 && <p class="quiet">No agent has it yet.</p>}
      {task.attempts.length > 0 && (
        <ol class="past">
          {task.attempts.map(({ number, agent, status, score, dispatchedAt, startedAt, endedAt, error, why }) => (
            <li key={number} class="task">
              <div class="run-head">
                <TaskStatus status={status} />
                <span>
                  {number}.{" "}
                  <a href={`#/agents/${encodeURIComponent(agent)}`}>
                    <OutsideName text={agent} most={80} />
                  </a>
                </span>
                <span class="quiet">
                  score {score.toFixed(3)}
                  {why && ` (${renderWhy(why)})`}
                  {startedAt !== null && endedAt !== null && ` · took ${renderSpan(endedAt - startedAt)}`} · <Ago at={dispatchedAt} />
                </span>
              </div>
              {error && (
                <p class="refusal">
                  <OutsideName text={error.kind} most={80} />: <OutsideText text={error.message} most={600} />
                </p>
              )}
            </li>
          ))}
        </ol>
      )}
    </section>
  );
}

function Json({ name, value }: { readonly name: string; readonly value: unknown }): JSX.Element | null {
  if (value === undefined || value === null) return null;
  return (
    <details class="panel">
      <summary>{name}</summary>
      <p>
        <code>
          <OutsideText text={JSON.stringify(value, null, 2)} most={4_000} block />
        </code>
      </p>
    </details>
  );
}
