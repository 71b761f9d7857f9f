import type { CleanedUp } from "../core/cleaned-up.ts";
import type { CredentialHealth, CredentialPush, CredentialRecord, CredentialView } from "../core/credentials/credential.ts";
import type { Diagnosis } from "../core/diagnosis.ts";
import type { JournalPage } from "../core/events.ts";
import type { OperatorCommand, ProjectProfile } from "../core/inputs.ts";
import type { OnboardingView } from "../core/onboarding/view.ts";
import type { Policy } from "../core/policy.ts";
import type { AgentView, ScoreView } from "../core/pool/views.ts";
import type { ProbeEntry } from "../core/protocol/probe-work.ts";
import type { ProjectView, RunView, TaskView } from "../core/project/views.ts";
import type { AgentResult } from "../drizzle/queries/list-agent-history.ts";
import type { SessionSnapshot, SessionView } from "../core/sessions/views.ts";
import type { EventRow } from "../drizzle/queries/list-events.ts";
import type { PastQuestion } from "../drizzle/queries/list-questions.ts";
import type { Usage } from "../core/usage.ts";
import type { ReconcileReport } from "../workers/scheduled/report.ts";
import type * as Answers from "./answers.ts";
import type { MeshAccess } from "./configuration.ts";
import { send, type MeshRequest } from "./send.ts";

type Query = MeshRequest["query"];
export type Page<T> = Answers.Page<T>;

/** Work that takes the mesh longer than a read: backups, re-wrapping keys, reading every board. */
const longMs = 10 * 60_000;

/**
 * The mesh's HTTP interface as its operators use it. Every method throws a `Failure` unless the mesh did what was asked. `owner/name` is written
 * as people write it.
 */
export class MeshApi {
  readonly access: MeshAccess;

  constructor(access: MeshAccess) {
    this.access = access;
  }

  session = (): Promise<Answers.Session> => this.#get("/session");

  agents = (): Promise<Page<AgentView>> => this.#get("/agents");
  agent = (id: string): Promise<AgentView & { readonly mailbox: unknown }> => this.#get(`/agents/${encodeURIComponent(id)}`);
  agentHistory = (id: string, query: Query): Promise<Page<AgentResult>> => this.#get(`/agents/${encodeURIComponent(id)}/history`, query);
  scores = (capability: string): Promise<Page<ScoreView>> => this.#get(`/agents/score/${encodeURIComponent(capability)}`);
  agentTokens = (): Promise<Page<Answers.AgentTokenView>> => this.#get("/agents/tokens");
  makeAgentToken = (grant: Answers.AgentGrantRequest): Promise<Answers.NewAgentToken> => this.#post("/agents", grant);
  bindAgentToken = (id: string, grant: Omit<Answers.AgentGrantRequest, "id">): Promise<Answers.AgentTokenView> =>
    this.#ask({ method: "PATCH", path: `/agents/${encodeURIComponent(id)}/token`, body: grant });
  revokeAgentToken = (id: string): Promise<void> => this.#ask({ method: "DELETE", path: `/agents/${encodeURIComponent(id)}/token` });
  removeAgent = (id: string): Promise<void> => this.#ask({ method: "DELETE", path: `/agents/${encodeURIComponent(id)}` });
  drainAgent = (id: string, draining: boolean): Promise<{ id: string; draining: boolean }> =>
    this.#post(`/agents/${encodeURIComponent(id)}/drain`, { draining });

  probeAgent = (id: string, action: object): Promise<void> => this.#post(`/agents/${encodeURIComponent(id)}/probe`, action);
  probedEntries = (id: string, query: Query): Promise<Page<ProbeEntry>> => this.#get(`/agents/${encodeURIComponent(id)}/probe`, query);

  tasks = (query: Query): Promise<Page<TaskView>> => this.#get("/tasks", query);
  task = (id: string): Promise<TaskView> => this.#get(`/tasks/${encodeURIComponent(id)}`);
  submitTasks = (tasks: unknown, idempotencyKey?: string): Promise<Answers.SubmittedTasks> =>
    this.#ask({ method: "POST", path: "/tasks", body: tasks, idempotencyKey });
  cancelTask = (id: string): Promise<TaskView> => this.#ask({ method: "DELETE", path: `/tasks/${encodeURIComponent(id)}` });

  runs = (query: Query): Promise<Page<RunView>> => this.#get("/runs", query);
  run = (project: string, issue: number, run?: number): Promise<RunView> => this.#get(`/runs/${project}/${issue}`, { run });
  explain = (project: string, issue: number): Promise<Answers.Explained> => this.#get(`/runs/${project}/${issue}/explain`);
  commandRun = (project: string, issue: number, command: OperatorCommand, reason: string): Promise<{ status: string; run: RunView }> =>
    this.#ask({ method: "POST", path: `/runs/${project}/${issue}/${command}`, body: { reason } });

  questions = (query: Query): Promise<Page<Answers.ListedQuestion>> => this.#get("/questions", query);
  pastQuestions = (query: Query): Promise<Page<PastQuestion>> => this.#get("/questions/history", query);
  answerQuestion = (id: string, answers: readonly string[]): Promise<Answers.AnswerTaken> =>
    this.#ask({ method: "POST", path: `/questions/${encodeURIComponent(id)}/answer`, body: { answers } });

  sessions = (query: Query): Promise<Page<SessionView>> => this.#get("/sessions", query);
  oneSession = (id: string): Promise<SessionView> => this.#get(`/sessions/${encodeURIComponent(id)}`);
  snapshots = (id: string): Promise<Page<SessionSnapshot>> => this.#get(`/sessions/${encodeURIComponent(id)}/snapshots`);
  recording = (id: string, version: 2 | 3): Promise<string> =>
    this.#text(`/sessions/${encodeURIComponent(id)}/recording.cast`, { version });
  transcript = (id: string): Promise<string> => this.#text(`/sessions/${encodeURIComponent(id)}/transcript`);
  /** Where a session is watched from a byte on, and what the request has to carry. */
  liveAddress = (id: string, from: number): [url: string, options: { headers: Record<string, string> }] => [
    `${this.access.url.replace(/^http/, "ws")}/sessions/${encodeURIComponent(id)}/live?from=${from}`,
    { headers: this.access.token === null ? {} : { authorization: `Bearer ${this.access.token}` } },
  ];

  events = (query: Query): Promise<Page<EventRow>> => this.#get("/events", query);
  readModel = (): Promise<Answers.ReadModel> => this.#get("/read-model");
  usage = (query: Query): Promise<Usage> => this.#get("/usage", query);
  costs = (): Promise<Answers.PlatformCosts> => this.#get("/ops/costs");

  projects = (): Promise<Page<ProjectProfile>> => this.#get("/projects");
  project = (name: string): Promise<{ profile: ProjectProfile; policy: Policy; view: ProjectView }> => this.#get(`/projects/${name}`);
  board = (name: string): Promise<Answers.BoardState> => this.#get(`/projects/${name}/board`);
  registerProject = (registration: object): Promise<Answers.Registered> => this.#post("/projects", registration);
  setProject = (name: string, overrides: object): Promise<{ profile: ProjectProfile; policy: Policy }> =>
    this.#ask({ method: "PATCH", path: `/projects/${name}`, body: { overrides } });
  deleteProject = (name: string, history: "keep" | "forget"): Promise<Answers.ProjectDeleted> =>
    this.#ask({ method: "DELETE", path: `/projects/${name}`, query: { history }, timeLimitMs: longMs });
  rotateWebhook = (name: string): Promise<Answers.WebhooksRotated> => this.#post(`/projects/${name}/webhooks/rotate`, {});

  settings = (): Promise<Answers.SettingsShown> => this.#get("/settings");
  setSettings = (overrides: object): Promise<Answers.SettingsShown> => this.#ask({ method: "PATCH", path: "/settings", body: overrides });

  onboard = (request: Answers.OnboardingAsked): Promise<OnboardingView> => this.#ask({ method: "POST", path: "/onboard", body: request });
  onboardings = (query: Query): Promise<Page<OnboardingView>> => this.#get("/onboard", query);
  onboarding = (id: string): Promise<OnboardingView> => this.#get(`/onboard/${encodeURIComponent(id)}`);
  retryOnboarding = (id: string): Promise<OnboardingView> => this.#post(`/onboard/${encodeURIComponent(id)}/retry`, {});
  /** Without variables: "I have logged in, look now". */
  tellLogin = (id: string, variables?: Readonly<Record<string, string>>): Promise<unknown> =>
    this.#post(`/onboard/${encodeURIComponent(id)}/auth-callback`, variables === undefined ? {} : { variables });

  pushCredential = (project: string, push: Partial<CredentialPush> & Pick<CredentialPush, "variables">): Promise<CredentialView> =>
    this.#post(`/projects/${project}/credentials`, push);
  credentialHealth = (project: string): Promise<CredentialHealth> => this.#get(`/projects/${project}/credentials/health`);
  credentialHistory = (project: string, query: Query): Promise<Page<CredentialRecord>> =>
    this.#get(`/projects/${project}/credentials/history`, query);
  refreshCredential = (project: string, name: string | undefined): Promise<CredentialView> =>
    this.#post(`/projects/${project}/credentials/refresh`, name === undefined ? {} : { name });
  removeCredential = (project: string, name: string): Promise<void> =>
    this.#ask({ method: "DELETE", path: `/projects/${project}/credentials/${encodeURIComponent(name)}` });
  rotateVault = (): Promise<Answers.VaultRotated> => this.#long("/ops/vault/rotate", {});

  stop = (reason: string | undefined): Promise<Answers.Commanded> => this.#long("/ops/stop", reason === undefined ? {} : { reason });
  start = (): Promise<Answers.Commanded> => this.#long("/ops/start", {});
  state = (): Promise<Answers.MeshState> => this.#get("/ops/state");
  reconcile = (due: boolean): Promise<ReconcileReport> =>
    this.#ask({ method: "POST", path: "/ops/reconcile", query: { due: due ? 1 : 0 }, body: {}, timeLimitMs: longMs });
  cleanUp = (dryRun: boolean): Promise<CleanedUp> => this.#long("/ops/cleanup", { dryRun });
  backUp = (): Promise<Answers.BackupMade> => this.#long("/ops/backup", {});
  backups = (): Promise<Page<Answers.BackupListed>> => this.#get("/ops/backups");
  backupObjects = (name: string): Promise<Page<Answers.BackupObject>> => this.#get(`/ops/backups/${encodeURIComponent(name)}/objects`);
  backupObject = async (name: string, object: string): Promise<Uint8Array<ArrayBuffer>> => {
    const path = `/ops/backups/${encodeURIComponent(name)}/${encodeURIComponent(object)}`;
    const { response } = await send(this.access, { method: "GET", path, timeLimitMs: longMs });
    return new Uint8Array(await response.arrayBuffer());
  };
  putBackupObject = async (name: string, object: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> => {
    const path = `/ops/backups/${encodeURIComponent(name)}/${encodeURIComponent(object)}`;
    await send(this.access, { method: "PUT", path, bytes, timeLimitMs: longMs });
  };
  deleteBackup = (name: string): Promise<void> => this.#ask({ method: "DELETE", path: `/ops/backups/${encodeURIComponent(name)}` });
  restore = (name: string): Promise<Record<string, unknown>> => this.#long("/ops/restore", { name });

  archive = (query: Query): Promise<Page<Answers.ArchivedJournal>> => this.#get("/ops/archive", query);
  /** One object of the archive: JSON lines. */
  archivedJournal = async (project: string, place: string): Promise<string> => {
    const { response } = await send(this.access, { method: "GET", path: `/ops/archive/${project}/${place}`, timeLimitMs: longMs });
    return response.text();
  };
  journal = (project: string, after: number): Promise<JournalPage> => this.#get(`/projects/${project}/journal`, { after, limit: 1_000 });

  diagnosis = (): Promise<Diagnosis> => this.#get("/ops/diagnosis");

  async #ask<T>(request: MeshRequest): Promise<T> {
    const { response, status } = await send(this.access, request);
    return (status === 204 ? undefined : await response.json()) as T;
  }

  async #text(path: string, query?: Query): Promise<string> {
    const { response } = await send(this.access, { method: "GET", path, query, timeLimitMs: longMs });
    return response.text();
  }

  #get<T>(path: string, query?: Query): Promise<T> {
    return this.#ask<T>({ method: "GET", path, query });
  }

  #post<T>(path: string, body: unknown): Promise<T> {
    return this.#ask<T>({ method: "POST", path, body });
  }

  #long<T>(path: string, body: unknown): Promise<T> {
    return this.#ask<T>({ method: "POST", path, body, timeLimitMs: longMs });
  }
}
