import type { JSX } from "preact";
import type { TaskView } from "../../core/project/views.ts";
import { changes } from "./changes.ts";
import { EmptyState } from "./empty-state.tsx";
import { PagedList } from "./paged-list.tsx";
import { placeQuery, showQuery } from "./place.ts";
import { Standing } from "./standing.tsx";
import { parseTaskFilter, TaskFilterForm } from "./task-filter.tsx";
import { TaskItem } from "./task-item.tsx";
import { useList } from "./use-list.ts";

/** Every task, newest first, as far as the filter lets it through; that is in the address. */
export function TasksPage(): JSX.Element {
  const filter = parseTaskFilter(placeQuery.value);
  const tasks = useList<TaskView>("/tasks", { ...filter }, changes.tasks.value, { keyOf: ({ id }) => id });
  const shown = tasks.value.value?.items;
  const filtered = Object.values(filter).some((value) => value !== "");
  return (
    <section class="history" aria-labelledby="tasks">
      <h2 id="tasks">Tasks</h2>
      <TaskFilterForm filter={filter} onFilter={(next) => showQuery("/tasks", { ...next })} />
      <Standing answer={tasks} what="tasks" />
      {shown?.length === 0 &&
        (filtered ? (
          <EmptyState small>
            No task is like that. <a href="#/tasks">Show all</a>
          </EmptyState>
        ) : (
          <EmptyState>No task was submitted yet.</EmptyState>
        ))}
      {shown && shown.length > 0 && (
        <PagedList
          list={tasks}
          items={shown}
          keyOf={({ id }) => id}
          row={(task) => <TaskItem task={task} />}
          estimate={52}
          label="Tasks, newest first"
          class="task"
        />
      )}
    </section>
  );
}
