import type { TaskView } from "../../core/project/views.ts";
import { loadByAgent } from "./agent-load.ts";
import type { Listed } from "./api.ts";
import { changes } from "./changes.ts";
import { useAnswer, type Answer } from "./use-answer.ts";

interface Load {
  /** How many attempts an agent has now; undefined until that is known. */
  readonly of: (agent: string) => number | undefined;
  /** What it is counted from. */
  readonly answers: readonly Answer<Listed<TaskView>>[];
}

/** How much each agent has to do now. */
export function useLoad(): Load {
  const change = changes.tasks.value;
  const running = useAnswer<Listed<TaskView>>("/tasks?status=running&limit=200", change);
  const dispatched = useAnswer<Listed<TaskView>>("/tasks?status=dispatched&limit=200", change);
  const [these, those] = [running.value.value, dispatched.value.value];
  const load = these && those && loadByAgent([...these.items, ...those.items]);
  return { of: (agent) => load && (load.get(agent) ?? 0), answers: [running, dispatched] };
}
