import type { EventType, JournalEvent, JournalPage } from "../core/events.ts";
import type { AgentId, IssueKey, ProjectKey, ProjectName, QuestionId, RunId, TaskId } from "../core/ids.ts";
import type { ProjectProfile } from "../core/inputs.ts";
import type { QuestionView, RunView, TaskView } from "../core/project/views.ts";

/** Made-up journals for tests of the read model. */
export const start = Date.UTC(2026, 10, 23, 12);
export const todo = "R_todo" as ProjectKey;
export const todoName = "acme/todo-app" as ProjectName;
export const agent = "runner.one" as AgentId;

export function eventOf(seq: number, type: EventType, more: Partial<JournalEvent> = {}): JournalEvent {
  return { project: todo, seq, at: start + seq * 1_000, type, trace: "1.1", inputId: `in-${seq}`, data: {}, ...more };
}

export function pageOf(events: readonly JournalEvent[], project: ProjectKey = todo, name: ProjectName | null = todoName): JournalPage {
  return { project, name, events, upTo: events.at(-1)?.seq ?? 0, more: false };
}

export function runChanged(seq: number, view: Partial<RunView> = {}): JournalEvent {
  const whole = runOf(view);
  return eventOf(seq, "run-changed", { issue: whole.issue, run: whole.run, trace: `${whole.issue}.${whole.run}`, data: { view: whole } });
}

export function runOf(more: Partial<RunView> = {}): RunView {
  const { issue = 1, run = 1, name = todoName } = more;
  return {
    project: todo,
    name,
    key: `${name}#${issue}` as IssueKey,
    id: `${name}#${issue}.${run}` as RunId,
    issue,
    run,
    title: "Fix the list",
    url: `https://github.com/${name}/issues/${issue}`,
    phase: "PLANNING",
    column: "Planning",
    awaiting: "session",
    explain: "The session works on the plan.",
    branch: `mesh/${issue}.${run}`,
    pullRequest: null,
    cycles: { planning: 0, qa: 0, review: 0 },
    bugIssues: [],
    usd: 0,
    inputTokens: 0,
    outputTokens: 0,
    startedAt: start + issue * 1_000,
    phaseSince: start + issue * 1_000,
    endedAt: null,
    endedBecause: null,
    phases: [{ phase: "PLANNING", at: start }],
    session: { id: `${todo}.s${issue}`, conversationId: null, agent },
    failures: [],
    questions: [],
    ...more,
  };
}

export function questionOf(more: Partial<QuestionView> = {}): QuestionView {
  return {
    id: `${todo}.q1` as QuestionId,
    purpose: "session",
    items: [{ text: "Blue or green?", options: [{ label: "Blue" }, { label: "Green" }], multiple: false }],
    status: "with-human",
    askedAt: start,
    guess: null,
    answer: null,
    late: [],
    appliedAt: null,
    parked: false,
    ...more,
  };
}

export function taskOf(more: Partial<TaskView> = {}): TaskView {
  return {
    id: `${todo}.t1` as TaskId,
    project: todo,
    run: "1.1",
    capability: "code",
    status: "pending",
    priority: 5,
    timeoutSeconds: 120,
    maxAttempts: 3,
    attempts: [],
    submittedAt: start,
    endedAt: null,
    error: null,
    ...more,
  };
}

export function profileOf(more: Partial<ProjectProfile> = {}): ProjectProfile {
  return {
    key: todo,
    name: todoName,
    repositoryUrl: `https://github.com/${todoName}`,
    cloneUrl: `https://github.com/${todoName}.git`,
    defaultBranch: "main",
    board: {
      id: "PVT_1",
      number: 1,
      url: "https://github.com/orgs/acme/projects/1",
      owner: "acme",
      ownerKind: "organization",
      observedBy: "webhook",
    },
    credential: { kind: "token" },
    overrides: {},
    ...more,
  };
}
