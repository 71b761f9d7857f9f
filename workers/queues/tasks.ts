import { createRecall } from "../agents/architect-memory.ts";
import { workBuiltIn } from "../agents/work-built-in.ts";
import { now } from "../../platform/clock.ts";
import { errorText, log } from "../../platform/log.ts";
import type { TaskMessage } from "../../platform/queue-messages.ts";
import type { Clients } from "../clients.ts";
import { orchestrator } from "../../durable-objects/remote.ts";

const redeliverySeconds = 5;

/** Has the built-in agents do their attempts, all of a batch at once, and reports what came of each. */
export async function consumeTasks(batch: MessageBatch<TaskMessage>, env: Env, clients: Clients): Promise<void> {
  await Promise.all(batch.messages.map((message) => work(message, env, clients)));
}

async function work(message: Message<TaskMessage>, env: Env, clients: Clients): Promise<void> {
  const { project, task, attempt } = message.body;
  const owner = orchestrator(env, project);
  try {
    const given = await owner.taskWork(task, attempt);
    if (!given) return message.ack();
    const { agent, ...asked } = given;
    const ended = await workBuiltIn({ project, ...asked }, { ...clients, recall: createRecall(clients.openDatabase) });
    await owner.apply({ id: `${task}:${attempt}:ended`, at: now(), type: "attempt-ended", task, attempt, agent, ...ended });
    message.ack();
  } catch (error) {
    log("warn", "attempt not settled; delivered again", { project, task, attempt, error: errorText(error) });
    message.retry({ delaySeconds: redeliverySeconds });
  }
}
