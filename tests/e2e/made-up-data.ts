import * as z from "zod";
import type { EventType } from "../../core/events.ts";
import { parsePolicy, policySchema } from "../../core/policy.ts";
import type { AgentId, IssueKey, OnboardingId, ProjectKey, ProjectName, QuestionId, RunId, TaskId } from "../../core/ids.ts";
import type { OnboardingView } from "../../core/onboarding/view.ts";
import type { AgentView, ScoreView } from "../../core/pool/views.ts";
import type { ProjectView, QuestionView, RunView, TaskView } from "../../core/project/views.ts";
import type { SessionView } from "../../core/sessions/views.ts";
import type { Answers } from "./made-up-mesh.ts";

/** Makes a text that comes from outside (an issue's title, an agent's words, an error) out of a calm one. */
export type Outside = (calm: string) => string;

/** Makes an address that comes from outside out of a calm one. */
export type OutsideAddress = (calm: string) => string;

export const project = "R_kgDOtodo" as ProjectKey;
export const projectName = "acme/todo-app" as ProjectName;
export const sessionId = "R_kgDOtodo.s12-1";
export const taskId = "R_kgDOtodo.a7-1";
export const agentId = "my-laptop";
export const onboardingId = "o0mwxyz";
export const questionId = "R_kgDOtodo.q3-1";

const minute = 60_000;
const spent = (usd: number) => ({ usd, inputTokens: usd * 90_000, outputTokens: usd * 4_000 });
const list = (items: readonly unknown[]) => ({ items, cursor: null });

/** What a mesh with something of everything answers, `GET` by `GET`. */
export function madeUpAnswers(outside: Outside = (calm) => calm, address: OutsideAddress = (calm) => calm, now = Date.now()): Answers {
  const made = madeUpViews(outside, address, now);
  const { view, session, task, failedTask, agents, onboardings, past } = made;
  const policy = parsePolicy({});
  if (!policy.ok) throw new Error("the defaults are no policy");
  const settings = { overrides: { budget: { perIssueUsd: 8 }, qa: { testCommand: outside("npm test") } }, policy: policy.value };
  const profile = {
    key: project,
    name: projectName,
    repositoryUrl: address("https://github.com/acme/todo-app"),
    cloneUrl: "https://github.com/acme/todo-app.git",
    defaultBranch: outside("main"),
    board: { url: address("https://github.com/orgs/acme/projects/1"), number: 1, owner: "acme", observedBy: "webhook" },
    overrides: { qa: { testCommand: outside("npm test") } },
  };
  const score: ScoreView = {
    agent: agentId as AgentId,
    status: "online",
    score: 0.982,
    weight: 0.9,
    health: 1,
    success: 0.945,
    recent: 1.1,
    preferred: 1.05,
    results: 20,
  };
  const credential = {
    name: "agent",
    version: 3,
    variables: ["ANTHROPIC_API_KEY"],
    expiresAt: now + 90 * minute,
    hasRefreshToken: true,
    pushedBy: outside("operator"),
    pushedAt: now - 300 * minute,
    lastRefreshAt: now - 30 * minute,
    invalidatedAt: null,
  };
  const sessionPath = `/sessions/${encodeURIComponent(sessionId)}`;
  return {
    "GET /session": { role: "operator", by: outside("ada@example.com"), via: "access", until: null, logoutUrl: null },
    "GET /read-model": { asOf: now, projects: [{ project, seq: view.seq, updatedAt: now }], refusals: { count: 0 } },
    "GET /projects": list([{ key: project, name: projectName }]),
    [`GET /projects/${projectName}`]: { view, profile, policy: policy.value },
    [`GET /projects/${projectName}/credentials/health`]: {
      hasValidCredential: true,
      expiresAt: credential.expiresAt,
      expiresInMs: 90 * minute,
      hasRefreshToken: true,
      lastRefreshAt: credential.lastRefreshAt,
      activeBundleId: null,
      credentials: [credential],
    },
    [`GET /projects/${projectName}/credentials/history`]: list([]),
    "GET /settings": settings,
    "GET /settings/schema": z.toJSONSchema(policySchema, { io: "input" }),
    "GET /ops/state": { stopped: null, day: { usd: 4.5, capUsd: 20, reached: false, until: now + 300 * minute } },
    "GET /ops/points": list([{ projects: [projectName], left: 4_210, limit: 5_000, resetAt: now + 20 * minute }]),
    "GET /usage": {
      total: { usd: 41.2, inputTokens: 9_400_000, outputTokens: 310_000 },
      byDay: [
        { day: new Date(now).toISOString().slice(0, 10), ...spent(4.5) },
        { day: new Date(now - 1_440 * minute).toISOString().slice(0, 10), ...spent(12.4) },
      ],
      byHour: [{ hour: Math.floor(now / 3_600_000) * 3_600_000, ...spent(4.5) }],
      byIssue: [{ project, name: projectName, issue: 14, title: made.reviewRun.title, ...spent(2.31) }],
      byProject: [{ project, name: projectName, ...spent(4.5) }],
      byPhase: [
        { phase: "IMPLEMENTATION", ...spent(0.6) },
        { phase: "PLANNING", ...spent(0.24) },
      ],
      byAgent: [
        { agent: outside(agentId), ...spent(0.8) },
        { agent: null, ...spent(0.04) },
      ],
    },
    "GET /onboard": list(onboardings),
    [`GET /onboard/${onboardingId}`]: onboardings[0],
    "GET /agents": list(agents),
    [`GET /agents/${agentId}`]: {
      ...agents[0],
      mailbox: { connected: true, lastContactAt: now - minute, working: 1, asking: 1, parked: 2, slots: 2 },
    },
    "GET /agents/score/implement": list([score, { ...score, agent: "build-host", status: "offline", score: 0, health: 0 }]),
    "GET /tasks": list([task, failedTask]),
    [`GET /tasks/${encodeURIComponent(taskId)}`]: {
      ...failedTask,
      payload: { prompt: outside("Resize the picture") },
      result: { said: outside("Nothing came of it") },
    },
    "GET /sessions": list([
      session,
      { ...session, id: "R_kgDOtodo.s9-1", issue: 9, state: "ended", step: null, endedAt: now - 5 * minute },
    ]),
    [`GET ${sessionPath}`]: session,
    [`GET ${sessionPath}/snapshots`]: list([
      { seq: 1, at: now - 9 * minute, kind: "start", screen: outside("$ claude"), cols: 100, rows: 30 },
    ]),
    [`GET ${sessionPath}/checkpoints`]: list([
      {
        seq: 1,
        at: now - 8 * minute,
        branch: outside("mesh/12.1"),
        commit: "0123456789abcdef0123456789abcdef01234567",
        subject: outside("Sort the list"),
        files: 3,
      },
    ]),
    [`GET /read-model/runs/${projectName}/12/1`]: made.waitingRun,
    [`GET /runs/${projectName}/12`]: made.waitingRun,
    [`GET /runs/${projectName}/12/events`]: list(made.events),
    [`GET /runs/${projectName}/12/history`]: list([made.waitingRun]),
    [`GET /projects/${projectName}/board`]: {
      board: view.board,
      polledAt: now - 2 * minute,
      cards: 12,
      redacted: 0,
      points: { hourFrom: now - 20 * minute, used: 14, limit: 5_000 },
    },
    [`GET /projects/${projectName}/webhooks`]: list([
      { kind: "repository", number: 1, lastDelivery: { at: now - 4 * minute, event: "issues", statusCode: 202 }, failed: 0 },
      { kind: "organization", number: null, lastDelivery: null, failed: 0 },
    ]),
    "GET /events": list(made.events),
    [`GET /projects/${projectName}/budget`]: { kind: "litellm", budget: { alias: "mesh-six/acme/todo-app", limitUsd: 50, spentUsd: 12.3 } },
    "GET /ops/costs": {
      total: { workerRequests: 9_650, requests: 22_775, rowsWritten: 30_325, rowsRead: 90_000, queueOperations: 14_025, gbSeconds: 600 },
    },
    "GET /runs": list([made.endedRun, made.failedRun]),
    "GET /questions/history": list([past]),
    [`GET /questions/${questionId}`]: {
      name: projectName,
      key: `${projectName}#12` as IssueKey,
      title: made.waitingRun.title,
      url: made.waitingRun.url,
      active: true,
      question: made.question,
      context: outside("It was choosing the colours."),
      guessReason: outside("Both are used."),
      withdrawnBecause: null,
    },
  };
}

/** The views that the answers are made of. */
export function madeUpViews(outside: Outside, address: OutsideAddress, now: number) {
  const runOf = (issue: number, title: string, more: Partial<RunView>): RunView => ({
    project,
    name: projectName,
    key: `${projectName}#${issue}` as IssueKey,
    id: `${projectName}#${issue}.1` as RunId,
    issue,
    run: 1,
    title: outside(title),
    url: address(`https://github.com/${projectName}/issues/${issue}`),
    phase: "PLANNING",
    column: outside("Planning"),
    awaiting: "session",
    explain: outside("The session works on the plan."),
    branch: outside(`mesh/${issue}.1`),
    pullRequest: null,
    cycles: { planning: 0, qa: 0, review: 0 },
    bugIssues: [],
    usd: 0.42,
    inputTokens: 120_400,
    outputTokens: 8_210,
    startedAt: now - 40 * minute,
    phaseSince: now - 12 * minute,
    endedAt: null,
    endedBecause: null,
    phases: [
      { phase: "INTAKE", at: now - 40 * minute },
      { phase: "PLANNING", at: now - 39 * minute },
    ],
    session: null,
    failures: [],
    questions: [],
    ...more,
  });
  const question: QuestionView = {
    id: questionId as QuestionId,
    purpose: "session",
    items: [
      {
        header: outside("Colours"),
        text: outside("Which colour shall the button have?"),
        options: [{ label: outside("Blue"), description: outside("As the links.") }, { label: "Green" }],
        multiple: false,
      },
    ],
    status: "with-human",
    askedAt: now - 6 * minute,
    guess: { answers: [outside("Blue")], confidence: 0.62 },
    answer: null,
    late: [],
    appliedAt: null,
    parked: false,
  };
  const waitingRun = runOf(12, "Choose a colour for the button", {
    phase: "IMPLEMENTATION",
    column: outside("In progress"),
    awaiting: "question",
    explain: outside("Waits for a person to answer."),
    questions: [question],
    session: { id: sessionId, conversationId: "0199-abcd", agent: agentId as AgentId },
    usd: 0.84,
  });
  const reviewRun = runOf(14, "Sort the list by date, and keep what was chosen when the page is loaded again", {
    phase: "REVIEW",
    column: outside("In review"),
    awaiting: "checks",
    explain: outside("Waits for GitHub's checks of pull request #9."),
    pullRequest: { number: 9, url: address("https://github.com/acme/todo-app/pull/9"), merged: false, commits: 3 },
    cycles: { planning: 1, qa: 2, review: 0 },
    bugIssues: [15],
    usd: 2.31,
  });
  const failedRun = runOf(6, "Make the tests pass on Windows", {
    phase: "FAILED",
    awaiting: "nothing",
    explain: outside("Failed: the tests failed three times."),
    endedAt: now - 20 * minute,
    endedBecause: outside("the tests failed three times"),
    failures: [],
  });
  const endedRun = runOf(2, "Say how many are left", {
    phase: "ACCEPTED",
    column: outside("Done"),
    awaiting: "nothing",
    explain: outside("Merged and deployed."),
    endedAt: now - 200 * minute,
    endedBecause: outside("merged"),
    pullRequest: { number: 5, url: address("https://github.com/acme/todo-app/pull/5"), merged: true, commits: 2 },
  });
  const refusedRun = runOf(16, "Push to the protected branch", {
    awaiting: "effect",
    explain: outside("An outside service refused: the branch is protected"),
  });
  const view: ProjectView = {
    key: project,
    name: projectName,
    repositoryUrl: address("https://github.com/acme/todo-app"),
    board: { url: address("https://github.com/orgs/acme/projects/1"), observedBy: "webhook" },
    runs: [waitingRun, refusedRun, reviewRun, runOf(17, "Plan the search", {}), failedRun, endedRun],
    tasks: { pending: 1, dispatched: 0, running: 2 },
    outbox: 0,
    seq: 40,
    filtered: [{ issue: 4, reason: outside("label excluded: wontfix"), at: now - 60 * minute, title: outside("Not for us") }],
  };
  const event = (seq: number, type: EventType, data: Record<string, unknown>) => ({
    ...{ project, seq, at: now - (40 - seq) * minute, type, trace: "12.1", inputId: `in-${seq}`, data },
    ...{ issue: 12, run: 1, task: null, agent: null },
  });
  const events = [
    event(30, "session-nudged", {}),
    event(28, "bug-issue-opened", { number: 15, url: address("https://github.com/acme/todo-app/issues/15") }),
    event(26, "pull-request-opened", { number: 9, url: address("https://github.com/acme/todo-app/pull/9") }),
    event(20, "deployment-checked", { check: "deployment", healthy: false, detail: outside("503 of /health") }),
    event(12, "operator-commanded", { command: "retry", by: outside("ada@example.com"), reason: outside("the network was away") }),
  ];
  const session: SessionView = {
    id: sessionId,
    project,
    name: projectName,
    issue: 12,
    run: 1,
    agent: agentId as AgentId,
    driver: outside("claude"),
    conversationId: outside("0199-abcd"),
    state: "asking",
    step: outside("implement"),
    startedAt: now - 12 * minute,
    lastSeenAt: now - minute,
    endedAt: null,
    inputTokens: 120_400,
    outputTokens: 8_210,
    usd: 0.84,
    outputBytes: 14_000,
    cols: 100,
    rows: 30,
  };
  const error = { kind: outside("agent-error"), message: outside("The picture could not be read.") };
  const taskOf = (id: string, more: Partial<TaskView>): TaskView => ({
    id: id as TaskId,
    project,
    run: "12.1",
    capability: outside("resize-image"),
    status: "running",
    priority: 5,
    timeoutSeconds: 600,
    maxAttempts: 3,
    attempts: [],
    submittedAt: now - 15 * minute,
    endedAt: null,
    error: null,
    ...more,
  });
  const attempt = {
    number: 1,
    agent: outside(agentId) as AgentId,
    score: 0.982,
    status: "running",
    dispatchedAt: now - 14 * minute,
    startedAt: now - 14 * minute,
    endedAt: null,
    error: null,
  } as const;
  const task = taskOf("R_kgDOtodo.a8-1", { attempts: [attempt] });
  const failedTask = taskOf(taskId, {
    status: "failed",
    endedAt: now - 3 * minute,
    error: error as TaskView["error"],
    attempts: [{ ...attempt, status: "failed", endedAt: now - 3 * minute, error: error as TaskView["error"] }],
  });
  const agentOf = (id: string, more: Partial<AgentView>): AgentView => ({
    id: id as AgentId,
    kind: "remote",
    status: "online",
    capabilities: [
      {
        name: "implement",
        weight: 0.9,
        preferred: true,
        requirements: [outside("docker")],
        score: 0.982,
        results: 20,
        successes: 18,
        failedInRow: 0,
        slots: null,
      },
    ],
    slots: 3,
    connected: true,
    lastContactAt: now - minute,
    registeredAt: now - 1_440 * minute,
    draining: false,
    refusal: null,
    projects: "all",
    metadata: { host: outside("laptop.example"), version: outside("1.6.0") },
    health: [{ name: outside("docker"), url: address("https://laptop.example/health"), ok: true, at: now - minute }],
    ...more,
  });
  const agents = [
    agentOf(agentId, {}),
    agentOf(outside("build-host"), { status: "offline", connected: false, lastContactAt: now - 90 * minute }),
    agentOf("built-in.architect", { kind: "built-in", metadata: {}, health: [], slots: 1_000_000 }),
  ];
  const onboarding: OnboardingView = {
    id: onboardingId as OnboardingId,
    repository: "acme/shop" as ProjectName,
    request: {
      repository: "acme/shop" as ProjectName,
      overrides: {},
      login: "runner",
      skipAuth: false,
      skipLiteLLM: false,
      skipDevContainer: false,
      skipTrial: false,
      actionsRunner: false,
    },
    status: "failed",
    phase: "environment",
    activity: "trial",
    completed: [
      { activity: "validate", summary: outside("acme/shop, branch main; the App may do everything."), at: now - 30 * minute },
      { activity: "board", summary: outside("Made “shop” with 7 columns and 4 fields."), at: now - 29 * minute },
    ],
    error: {
      activity: "trial",
      reason: "tests-failed",
      message: outside("npm test ended with 1: expected 3, got 4"),
      fix: outside("Mend the tests on the branch main, then run:\n  mesh onboard retry o0mwxyz"),
    },
    login: null,
    pause: null,
    permissions: [
      { name: "contents-write", result: "works", detail: outside("a branch was made and taken away") },
      {
        name: "organization-webhooks-write",
        result: "degraded",
        detail: outside("The board is polled instead."),
        fix: outside("Give the App “Webhooks”."),
      },
    ],
    project: null,
    board: {
      url: address("https://github.com/orgs/acme/projects/2"),
      number: 2,
      owner: "acme",
      ownerKind: "organization",
      id: "PVT_2",
      observedBy: "poll",
    },
    explain: outside("It stopped: the tests failed."),
    attempt: 2,
    requestedBy: outside("ada@example.com"),
    createdAt: now - 31 * minute,
    updatedAt: now - 25 * minute,
  };
  const waitingOnboarding: OnboardingView = {
    ...onboarding,
    id: "o0mwxyw" as OnboardingId,
    repository: "acme/blog" as ProjectName,
    status: "waiting_auth",
    phase: "login-and-settings",
    activity: "login",
    error: null,
    login: { mode: "runner", runner: outside(agentId), command: outside("claude login") },
    explain: outside("It waits for the agent's login."),
  };
  const past = {
    ...question,
    id: "R_kgDOtodo.q2-1",
    status: "answered",
    answer: { answers: [outside("Green")], by: outside("ada@example.com"), via: "dashboard", at: now - 190 * minute },
    late: [],
    appliedAt: now - 189 * minute,
    run: `${projectName}#2.1`,
    project: projectName,
    issue: 2,
    title: endedRun.title,
    url: endedRun.url,
  };
  return {
    view,
    question,
    waitingRun,
    reviewRun,
    failedRun,
    endedRun,
    session,
    task,
    failedTask,
    agents,
    onboardings: [onboarding, waitingOnboarding],
    past,
    events,
  };
}
