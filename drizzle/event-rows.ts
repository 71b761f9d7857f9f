import * as z from "zod";
import type { JournalEvent } from "../core/events.ts";
import type { ProjectProfile } from "../core/inputs.ts";
import type { OnboardingView } from "../core/onboarding/view.ts";
import type { RunView } from "../core/project/views.ts";
import { sessionOfRun } from "../core/sessions/session-of-run.ts";
import { createCredentialRows, type CredentialRows } from "./credential-rows.ts";
import { createLearningRows, type LearningRows } from "./learning-rows.ts";
import { onboardingRow, parseOnboardingView } from "./onboarding-row.ts";
import type { meshSixEvents } from "./schema/events.ts";
import type { onboardingRuns } from "./schema/onboardings.ts";
import type { projectionRefusals, repoRegistry } from "./schema/projects.ts";
import type { implementationSessions, issueRuns, sessionCheckpoints, sessionQuestions } from "./schema/runs.ts";
import { createTaskRows, type TaskRows } from "./task-rows.ts";
import { createUsageRows, type UsageRows } from "./usage-rows.ts";

type Row<T extends { $inferInsert: unknown }> = T["$inferInsert"];

/** The rows a page of events comes to, at most one per primary key and table. */
export interface EventRows extends TaskRows, LearningRows, CredentialRows, UsageRows {
  readonly events: readonly Row<typeof meshSixEvents>[];
  readonly projects: readonly Row<typeof repoRegistry>[];
  readonly runs: readonly Row<typeof issueRuns>[];
  readonly sessions: readonly Row<typeof implementationSessions>[];
  readonly questions: readonly Row<typeof sessionQuestions>[];
  readonly checkpoints: readonly Row<typeof sessionCheckpoints>[];
  readonly onboardings: readonly Row<typeof onboardingRuns>[];
  readonly refusals: readonly Row<typeof projectionRefusals>[];
}

/** Only what the mapping itself walks through; everything else is for Postgres to refuse. */
const runView = z.looseObject({
  issue: z.number(),
  run: z.number(),
  pullRequest: z.looseObject({}).nullable(),
  session: z.looseObject({}).nullable(),
  questions: z.array(z.looseObject({ id: z.string(), answer: z.looseObject({}).nullable() })),
});
const profile = z.looseObject({ key: z.string(), board: z.looseObject({}).nullable() });

/** What to write for these events of one project, in order; of several views of the same run or task the last counts. */
export function eventRows(events: readonly JournalEvent[]): EventRows {
  const page: Collected = {
    projects: new Map(),
    runs: new Map(),
    tasks: createTaskRows(),
    learned: createLearningRows(),
    credentials: createCredentialRows(),
    usage: createUsageRows(),
    checkpoints: [],
    onboardings: new Map(),
  };
  const rows: Row<typeof meshSixEvents>[] = [];
  const refusals: Row<typeof projectionRefusals>[] = [];
  for (const event of events) {
    const malformed = collect(event, page);
    if (malformed) refusals.push(refusalOf(event, malformed));
    else rows.push(eventRow(event));
  }
  const views = [...page.runs.values()];
  return {
    ...page.tasks.rows(),
    ...page.learned.rows(),
    ...page.credentials.rows(),
    ...page.usage.rows(),
    events: rows,
    projects: [...page.projects.values()],
    runs: views.map(({ view }) => runRow(view)),
    sessions: [...new Map(views.flatMap(({ view, at }) => sessionRow(view, at)).map((row) => [row.id, row])).values()],
    questions: views.flatMap(({ view }) => questionRows(view)),
    checkpoints: page.checkpoints,
    onboardings: [...page.onboardings.values()].map(onboardingRow),
    refusals,
  };
}

/** The row that keeps an event Postgres, or the mapping, would not take. */
export function refusalOf(event: JournalEvent, reason: string): Row<typeof projectionRefusals> {
  return { project: event.project, seq: event.seq, at: event.at, type: String(event.type), reason, event: JSON.stringify(event) };
}

interface Collected {
  readonly projects: Map<string, Row<typeof repoRegistry>>;
  readonly runs: Map<string, { readonly view: RunView; readonly at: number }>;
  readonly tasks: ReturnType<typeof createTaskRows>;
  readonly learned: ReturnType<typeof createLearningRows>;
  readonly credentials: ReturnType<typeof createCredentialRows>;
  readonly usage: ReturnType<typeof createUsageRows>;
  readonly checkpoints: Row<typeof sessionCheckpoints>[];
  readonly onboardings: Map<string, OnboardingView>;
}

/** Answers why the event cannot be used, if so. */
function collect(event: JournalEvent, page: Collected): string | undefined {
  const { data } = event;
  switch (event.type) {
    case "run-changed": {
      const view = runView.safeParse(data["view"]);
      if (!view.success) return `malformed run view: ${z.prettifyError(view.error)}`;
      page.runs.set(`${view.data.issue}.${view.data.run}`, { view: data["view"] as RunView, at: event.at });
      return undefined;
    }
    case "project-configured": {
      const parsed = profile.safeParse(data["profile"]);
      if (!parsed.success) return `malformed profile: ${z.prettifyError(parsed.error)}`;
      page.projects.set(parsed.data.key, projectRow(data["profile"] as ProjectProfile, event.at));
      return undefined;
    }
    case "checkpoint-taken": {
      const { project, seq, at, issue = 0, run = 0, task, agent } = event;
      page.checkpoints.push({ project, seq, at, issue, run, task, agent, data });
      return undefined;
    }
    case "onboarding-changed": {
      const view = parseOnboardingView(data["view"]);
      if (typeof view === "string") return view;
      page.onboardings.set(view.id, view);
      return undefined;
    }
    case "task-submitted":
    case "task-dispatched":
    case "task-started":
    case "attempt-ended":
    case "task-ended":
      return page.tasks.add(event);
    case "learning-noted":
    case "architect-consulted":
      return page.learned.add(event);
    case "usage-counted":
      return page.usage.add(event);
    case "credential-recorded":
      return page.credentials.add(event);
    default:
      return undefined;
  }
}

function eventRow(event: JournalEvent): Row<typeof meshSixEvents> {
  const { project, seq, at, type, issue, run, task, agent, inputId } = event;
  return { project, seq, at, type, trace: event.trace, issue, run, task, agent, inputId, data: kept(event) };
}

/** The view of a run, or of an onboarding, is kept in its own table; here only what queries over time need. */
function kept({ type, data }: JournalEvent): Readonly<Record<string, unknown>> {
  if (type === "run-changed") {
    const { phase, awaiting, explain, usd, inputTokens, outputTokens } = data["view"] as RunView;
    return { phase, awaiting, explain, usd, inputTokens, outputTokens };
  }
  if (type === "onboarding-changed") {
    const { id, repository, status, activity, attempt, error, explain } = data["view"] as OnboardingView;
    return { id, repository, status, activity, attempt, reason: error?.reason ?? null, explain };
  }
  return data;
}

function projectRow(profile: ProjectProfile, configuredAt: number): Row<typeof repoRegistry> {
  const { key, name, repositoryUrl, cloneUrl, defaultBranch, board, formerNames } = profile;
  return {
    project: key,
    name,
    repositoryUrl,
    cloneUrl,
    defaultBranch,
    boardId: board?.id,
    boardNumber: board?.number,
    boardUrl: board?.url,
    boardOwner: board?.owner,
    observedBy: board?.observedBy,
    formerNames: formerNames?.map((former) => former.name) ?? null,
    configuredAt,
  };
}

function runRow(view: RunView): Row<typeof issueRuns> {
  const { pullRequest, questions } = view;
  return {
    ...view,
    pullRequest: pullRequest?.number,
    merged: pullRequest?.merged ?? false,
    openQuestions: questions.filter(({ status }) => status === "with-architect" || status === "with-human").length,
    view,
  };
}

function sessionRow(run: RunView, seenAt: number): Row<typeof implementationSessions>[] {
  const view = sessionOfRun(run, seenAt);
  if (view === undefined) return [];
  const { lastSeenAt, cols: _, rows: __, ...row } = view;
  return [{ ...row, seenAt: lastSeenAt }];
}

function questionRows({ project, issue, run, questions }: RunView): Row<typeof sessionQuestions>[] {
  return questions.map((view) => ({
    id: view.id,
    project,
    issue,
    run,
    purpose: view.purpose,
    status: view.status,
    askedAt: view.askedAt,
    answeredAt: view.answer?.at,
    answeredBy: view.answer?.by,
    answeredVia: view.answer?.via,
    appliedAt: view.appliedAt,
    parked: view.parked,
    view,
  }));
}
