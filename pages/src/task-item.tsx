import type { JSX } from "preact";
import type { TaskView } from "../../core/project/views.ts";
import { OutsideName } from "./outside-name.tsx";
import { renderSpan, Ago } from "./when.tsx";
import { OutsideText } from "./outside-text.tsx";
import { TaskStatus } from "./task-status.tsx";
import { WorkLink } from "./work-link.tsx";

interface Props {
  readonly task: TaskView;
  /** Told from this agent's side: how its own last attempt went. */
  readonly of?: string;
}

/** One task in a list: what a row has in it. */
export function TaskItem({ task, of }: Props): JSX.Element {
  const last = task.attempts.findLast(({ agent }) => of === undefined || agent === of);
  const error = of === undefined ? task.error : (last?.error ?? null);
  return (
    <>
      <div class="run-head">
        <TaskStatus status={of === undefined ? task.status : (last?.status ?? task.status)} />
        <a href={`#/tasks/${encodeURIComponent(task.id)}`}>
          <code>
            <OutsideName text={task.capability} most={80} />
          </code>
          <span class="unseen"> {task.id}</span>
        </a>
        <span class="quiet">
          <WorkLink task={task} />
          {of === undefined && last && (
            <>
              {" · "}
              <OutsideName text={last.agent} most={80} />
            </>
          )}
          {task.attempts.length > 1 && ` · ${task.attempts.length} attempts`}
          {last?.startedAt != null && last.endedAt !== null && ` · took ${renderSpan(last.endedAt - last.startedAt)}`} ·{" "}
          <Ago at={task.submittedAt} />
        </span>
      </div>
      {error && (
        <p class="refusal">
          <OutsideName text={error.kind} most={80} />: <OutsideText text={error.message} most={200} />
        </p>
      )}
    </>
  );
}
