import { signal } from "@preact/signals";
import type { JSX } from "preact";
import type { TaskView } from "../../core/project/views.ts";
import { changes } from "./changes.ts";
import { EmptyState } from "./empty-state.tsx";
import { Older } from "./older.tsx";
import { Standing } from "./standing.tsx";
import { everyTask, TaskFilterForm, type TaskFilter } from "./task-filter.tsx";
import { TaskItem } from "./task-item.tsx";
import { useList } from "./use-list.ts";

/** It outlives a look at one task. */
const filter = signal<TaskFilter>(everyTask);

/** Every task, newest first, as far as the filter lets it through. */
export function TasksPage(): JSX.Element {
  const tasks = useList<TaskView>("/tasks", { ...filter.value }, changes.tasks.value);
  const shown = tasks.value.value?.items;
  const filtered = Object.values(filter.value).some((value) => value !== "");
  return (
    <section class="history" aria-labelledby="tasks">
      <h2 id="tasks">Tasks</h2>
      <TaskFilterForm filter={filter.value} onFilter={(next) => (filter.value = next)} />
      <Standing answer={tasks} what="tasks" />
      {shown?.length === 0 &&
        (filtered ? (
          <p class="quiet">
            No task is like that.{" "}
            <button class="more" onClick={() => (filter.value = everyTask)}>
              Show all
            </button>
          </p>
        ) : (
          <EmptyState>No task was submitted yet.</EmptyState>
        ))}
      {shown && shown.length > 0 && (
        <ul class="past">
          {shown.map((task) => (
            <TaskItem key={task.id} task={task} />
          ))}
        </ul>
      )}
      <Older list={tasks} />
    </section>
  );
}
