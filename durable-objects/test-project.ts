import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { vi } from "vitest";
import type { JournalEvent } from "../core/events.ts";
import type { AgentId, ProjectKey, TaskId } from "../core/ids.ts";
import type { Applied, InputBody, ProjectInput } from "../core/inputs.ts";
import { cardOf, profileWith, taskOf } from "../core/project/project-fixture.ts";
import { registration } from "../core/protocol/frames.ts";
import type { TaskSpec } from "../core/task/state.ts";
import { now } from "../platform/clock.ts";
import type { ProjectOrchestrator } from "./project-orchestrator.ts";
import { orchestrator, pool } from "./remote.ts";
import { TestAgent } from "./test-agent.ts";

let made = 0;

/** For tests: a project of its own for each test, with its own capability, so that tests do not share agents. */
export function createProject() {
  made += 1;
  const key = `P_${made}` as ProjectKey;
  const stub = env.ORCHESTRATORS.getByName(key) as unknown as DurableObjectStub<ProjectOrchestrator>;
  const project = orchestrator(env, key);
  const capability = `work-${made}`;
  const task = (name: string, more: Partial<TaskSpec> = {}): TaskSpec =>
    taskOf(name, { id: `${key}.${name}` as TaskId, capability, ...more });
  const say = (id: string, body: InputBody): Promise<Applied> => project.apply({ id, at: now(), ...body } as ProjectInput);
  return {
    key,
    stub,
    project,
    capability,
    task,
    id: (name: string) => `${key}.${name}` as TaskId,
    say,
    submit: (...tasks: TaskSpec[]) => say(`s-${tasks[0]?.id.slice(key.length + 1)}`, { type: "tasks-submitted", tasks }),
    configure: () => say("configure", { type: "project-configured", profile: { ...profileWith(), key }, meshOverrides: {} }),
    card: (issue: number) => say(`card-${issue}-${now()}`, { type: "card-observed", card: cardOf(issue, { observedAt: now() }) }),
    events: async (): Promise<readonly JournalEvent[]> => (await project.journalSince(0, 10_000)).events,
    /** Rows of tables written so far, without the alarms set, which come when they like. */
    rows: async (): Promise<number> => {
      const { rowsWritten, alarmsSet } = await project.costs();
      return rowsWritten - alarmsSet;
    },
    restart: () => evictDurableObject(stub),
    sql: <T>(query: string): Promise<T[]> => runInDurableObject(stub, (_, state) => state.storage.sql.exec(query).toArray() as T[]),
  };
}
export type Project = ReturnType<typeof createProject>;

/** Registers an agent for the project's capability and connects it. */
export async function connect(project: Project, slots = 10): Promise<{ agent: AgentId; socket: TestAgent }> {
  const agent = `agent-${made}-${slots}` as AgentId;
  const grant = { agent, capabilities: "any", projects: "all" } as const;
  await pool(env).grant(grant, `hash-${agent}`);
  await pool(env).register(agent, registration.parse({ capabilities: [{ name: project.capability }], slots }), grant, now());
  return { agent, socket: await TestAgent.connect(agent, { journal: `journal-${agent}` }) };
}

/** Settles when the check does: for what no event tells. */
export const until = (check: () => Promise<void>) => vi.waitFor(check, { timeout: 8_000, interval: 20 });
