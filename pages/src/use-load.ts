import type { TaskView } from "../../core/project/views.ts";
import { loadByAgent } from "./agent-load.ts";
import type { Listed } from "./api.ts";
import { changes } from "./changes.ts";
import { useAnswer } from "./use-answer.ts";

/** How many attempts an agent has now; undefined until that is known. */
export function useLoad(): (agent: string) => number | undefined {
  const change = changes.tasks.value;
  const running = useAnswer<Listed<TaskView>>("/tasks?status=running&limit=200", change).value.value;
  const dispatched = useAnswer<Listed<TaskView>>("/tasks?status=dispatched&limit=200", change).value.value;
  const load = running && dispatched && loadByAgent([...running.items, ...dispatched.items]);
  return (agent) => load && (load.get(agent) ?? 0);
}
