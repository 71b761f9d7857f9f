import { createExecutionContext, createMessageBatch, getQueueResult, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { neonConfig } from "@neondatabase/serverless";
import { createInMemoryGitHub } from "../clients/github/in-memory-github.ts";
import { createInMemoryPreparation } from "../clients/github/in-memory-preparation.ts";
import { createInMemoryWebhooks } from "../clients/github/in-memory-webhooks.ts";
import { createScriptedHttpCheck } from "../clients/http-check/scripted-http-check.ts";
import { createInMemoryModelBudget } from "../clients/model-budget/in-memory-model-budget.ts";
import { createScriptedModel } from "../clients/model/scripted-model.ts";
import { createScriptedOAuth } from "../clients/oauth/scripted-oauth.ts";
import { createRecordedNtfy } from "../clients/ntfy/recorded-ntfy.ts";
import type { ProjectKey, ProjectName } from "../core/ids.ts";
import type { ProjectProfile } from "../core/inputs.ts";
import { openDatabase } from "../drizzle/database.ts";
import { now } from "../platform/clock.ts";
import type { Clients } from "./clients.ts";
import { createWorker } from "./create-worker.ts";
import type { ProjectRequest } from "../clients/github/discover-project.ts";

export const operatorToken = "operator-token-of-the-tests";
export const viewerToken = "viewer-token-of-the-tests";
export const signingKey = "a-signing-key-of-32-characters-01";

const settings = {
  OPERATOR_TOKEN: operatorToken,
  VIEWER_TOKEN: viewerToken,
  SIGNING_KEY: signingKey,
  MASTER_KEY: "a-master-key-of-32-characters-001",
  DATABASE_URL: "postgresql://mesh:database-password-of-the-tests@db.invalid/mesh",
  PUBLIC_URL: "https://mesh.test",
  DASHBOARD_URL: "https://dashboard.test",
  GITHUB_TOKEN: "ghp_of_the_tests",
  NTFY_URL: "https://ntfy.test",
  NTFY_TOPIC: "mesh",
  LLM_BASE_URL: "https://model.test/v1",
  LLM_API_KEY: "llm-api-key-of-the-tests",
  LLM_MODEL: "model",
};

/** What of the settings must be seen nowhere. */
export const settingSecrets = {
  OPERATOR_TOKEN: settings.OPERATOR_TOKEN,
  VIEWER_TOKEN: settings.VIEWER_TOKEN,
  SIGNING_KEY: settings.SIGNING_KEY,
  MASTER_KEY: settings.MASTER_KEY,
  DATABASE_URL: "database-password-of-the-tests",
  GITHUB_TOKEN: settings.GITHUB_TOKEN,
  LLM_API_KEY: settings.LLM_API_KEY,
};

/** The database is away: what stands on it must go on, and says so. */
neonConfig.fetchFunction = async () => new Response("away", { status: 503 });

/** A message that was put into a queue instead of being delivered. */
export interface Queued {
  readonly queue: string;
  readonly body: unknown;
}

/** For tests: the Worker with real Durable Objects and buckets, clients in memory, and its own queue messages kept for the test to deliver. */
export function createTestMesh(more: Readonly<Record<string, string>> = {}) {
  const github = createInMemoryGitHub({ now });
  const preparation = createInMemoryPreparation();
  const [model, ntfy, httpCheck] = [createScriptedModel(), createRecordedNtfy(), createScriptedHttpCheck()];
  const modelBudget = createInMemoryModelBudget();
  const oauth = createScriptedOAuth();
  const profiles = new Map<ProjectName, ProjectProfile>();
  const webhooks = createInMemoryWebhooks();
  const clients: Clients = {
    github,
    discovery: {
      async discover({ repository, board, overrides }: ProjectRequest) {
        const profile = profiles.get(repository);
        if (!profile) throw new Error(`the test knows no ${repository}`);
        const asked = preparation.boards.find(({ ref }) => ref.owner === board?.owner && ref.number === board.number);
        return { ...profile, board: asked?.ref ?? profile.board, overrides };
      },
      async refresh(profile: ProjectProfile) {
        const found = [...profiles.values()].find(({ key }) => key === profile.key) ?? profile;
        const { name, repositoryUrl, cloneUrl, defaultBranch, credential } = found;
        return { ...profile, name, repositoryUrl, cloneUrl, defaultBranch, credential };
      },
    },
    webhooks,
    preparation,
    model,
    gateway: { baseUrl: settings.LLM_BASE_URL, apiKey: settings.LLM_API_KEY, model: settings.LLM_MODEL },
    ntfy,
    topic: settings.NTFY_TOPIC,
    topicsAreGuarded: false,
    signingKeys: { current: signingKey },
    publicUrl: settings.PUBLIC_URL,
    httpCheck,
    modelBudget,
    oauth,
    openDatabase: () => openDatabase({ url: settings.DATABASE_URL }),
    dashboardUrl: settings.DASHBOARD_URL,
    hasApp: false,
  };
  const queued: Queued[] = [];
  const keeping = (queue: string) => ({ send: async (body: unknown) => void queued.push({ queue, body }) });
  const testEnv = {
    ...env,
    ...settings,
    ...more,
    INBOUND: keeping("mesh-inbound"),
    PROJECTIONS: keeping("mesh-projections"),
  } as unknown as Env;
  const worker = createWorker(() => clients);

  async function request(path: string, init: RequestInit & { readonly token?: string | null } = {}): Promise<Response> {
    const { token = operatorToken, ...rest } = init;
    const headers = new Headers(rest.headers);
    if (token !== null) headers.set("authorization", `Bearer ${token}`);
    const context = createExecutionContext();
    const response = await worker.fetch(
      new Request(`https://mesh.test${path}`, { ...rest, headers }) as Request<unknown, IncomingRequestCfProperties>,
      testEnv,
      context,
    );
    await waitOnExecutionContext(context);
    return response;
  }

  return {
    clients,
    github,
    preparation,
    model,
    ntfy,
    httpCheck,
    modelBudget,
    oauth,
    webhooks,
    queued,
    env: testEnv,
    request,
    send: (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) =>
      request(path, {
        method,
        headers: { "content-type": "application/json", ...headers },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
    /** Delivers messages to a queue's consumer and answers what became of them. */
    async deliver(queue: string, ...bodies: unknown[]) {
      const messages = bodies.map((body, index) => ({ id: `m${index}-${queued.length}`, timestamp: new Date(), attempts: 1, body }));
      const batch = createMessageBatch(queue, messages);
      const context = createExecutionContext();
      await worker.queue(batch, testEnv, context);
      const { explicitAcks, retryMessages, ackAll } = await getQueueResult(batch, context);
      return { acked: ackAll ? messages.map(({ id }) => id) : explicitAcks, retried: retryMessages.map(({ msgId }) => msgId) };
    },
    /** A repository that is at GitHub and not yet known to the mesh. */
    addRepository(name: string, change: Partial<ProjectProfile> = {}) {
      const profile = { ...profileOf(name), board: null, ...change };
      profiles.set(profile.name, profile);
      github.addProject(profile);
      return preparation.addRepository(profile);
    },
    /** A person renames or transfers a repository: GitHub tells it by another name from now on. */
    renameRepository(from: string, to: string) {
      const before = profiles.get(from as ProjectName);
      if (!before) throw new Error(`the test knows no ${from}`);
      profiles.delete(before.name);
      const { name, repositoryUrl, cloneUrl } = profileOf(to);
      profiles.set(name, { ...before, name, repositoryUrl, cloneUrl });
    },
    /** A repository with a board, registered through the API. */
    async addProject(name: string, change: Partial<ProjectProfile> = {}) {
      const profile = { ...profileOf(name), ...change };
      profiles.set(profile.name, profile);
      preparation.addRepository(profile);
      const repository = github.addProject(profile);
      const response = await request("/projects", {
        method: "POST",
        body: JSON.stringify({ repository: name, overrides: profile.overrides }),
      });
      if (response.status !== 201) throw new Error(`not registered: ${response.status} ${await response.text()}`);
      return repository;
    },
  };
}

export type TestMesh = ReturnType<typeof createTestMesh>;

function profileOf(name: string): ProjectProfile {
  const id = name.replaceAll(/[^a-z]/g, "");
  return {
    key: `R_${id}` as ProjectKey,
    name: name as ProjectName,
    repositoryUrl: `https://github.test/${name}`,
    cloneUrl: `https://github.test/${name}.git`,
    defaultBranch: "main",
    board: {
      id: `PVT_${id}`,
      number: 1,
      url: "https://github.test/orgs/acme/projects/1",
      owner: "acme",
      ownerKind: "organization",
      observedBy: "webhook",
    },
    credential: { kind: "token" },
    overrides: {},
  };
}

/** What a problem answer says. */
export async function problemOf(response: Response): Promise<{ status: number; reason: string; paths: string[] }> {
  const { status, reason, issues } = await response.json<{ status: number; reason: string; issues?: { path: string }[] }>();
  if (response.headers.get("content-type") !== "application/problem+json") throw new Error("not a problem");
  if (!response.headers.get("x-request-id")) throw new Error("no x-request-id");
  return { status, reason, paths: (issues ?? []).map(({ path }) => path) };
}
