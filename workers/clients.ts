import { createGitHubFrom, createGitHubParts } from "../clients/github/create-github.ts";
import { createRepositoryPreparation } from "../clients/github/create-repository-preparation.ts";
import type { GitHub } from "../clients/github/github.ts";
import type { RepositoryPreparation } from "../clients/github/repository-preparation.ts";
import { createHttpCheck } from "../clients/http-check/http-check.ts";
import type { HttpCheck } from "../clients/http-check/http-check.ts";
import { createChatCompletions } from "../clients/model/chat-completions.ts";
import type { CompletionRequest, Model } from "../clients/model/model.ts";
import { createModelBudget } from "../clients/model-budget/create-model-budget.ts";
import type { ModelBudget } from "../clients/model-budget/model-budget.ts";
import { createOAuth } from "../clients/oauth/oauth.ts";
import type { OAuth } from "../clients/oauth/oauth.ts";
import { createNtfy } from "../clients/ntfy/ntfy.ts";
import type { Ntfy } from "../clients/ntfy/ntfy.ts";
import { openDatabase } from "../drizzle/database.ts";
import type { Database } from "../drizzle/database.ts";
import { now } from "../platform/clock.ts";
import { settingsOf } from "../platform/config.ts";
import { signingKeys } from "../platform/keys.ts";
import type { SigningKeys } from "../platform/keys.ts";
import { countWorker } from "../platform/worker-counts.ts";
import { createProjectDiscovery } from "../clients/github/discover-project.ts";
import type { ProjectDiscovery } from "../clients/github/discover-project.ts";
import { createProjectWebhooks } from "../clients/github/project-webhooks.ts";
import type { ProjectWebhooks } from "../clients/github/project-webhooks.ts";

/** Everything that speaks to the outside world, and the settings that go with a call. */
export interface Clients {
  readonly github: GitHub;
  readonly discovery: ProjectDiscovery;
  readonly webhooks: ProjectWebhooks;
  readonly preparation: RepositoryPreparation;
  readonly model: Model;
  readonly gateway: Pick<CompletionRequest<unknown>, "baseUrl" | "apiKey" | "model">;
  readonly ntfy: Ntfy;
  /** The topic of those who have none of their own. */
  readonly topic: string;
  /** Whether only those who may can read the topics: without that nothing is approved by a button. */
  readonly topicsAreGuarded: boolean;
  /** Signs reply links and buttons. */
  readonly signingKeys: SigningKeys;
  /** Where the Worker is reached from outside; without a trailing slash. */
  readonly publicUrl: string;
  readonly httpCheck: HttpCheck;
  /** Keys and budgets of projects at the model gateway; without one it makes and knows nothing. */
  readonly modelBudget: ModelBudget;
  /** Renews access tokens of projects' credentials. */
  readonly oauth: OAuth;
  readonly openDatabase: () => Database;
  /** Where people look; without a trailing slash. */
  readonly dashboardUrl: string;
  /** Whether there is an App, whose failed deliveries can be asked for. */
  readonly hasApp: boolean;
}

export type CreateClients = (env: Env) => Clients;

const clientsByEnv = new WeakMap<Env, Clients>();

/** Where the Worker takes its clients from; a test puts others here before anything is delivered. */
export const composition: { createClients: CreateClients } = { createClients };

/** The real clients, one set per isolate: they hold installation tokens and the write lanes. Throws a ConfigurationError when settings are missing. */
function createClients(env: Env): Clients {
  const known = clientsByEnv.get(env);
  if (known) return known;
  const clients = connect(env);
  clientsByEnv.set(env, clients);
  return clients;
}

function connect(env: Env): Clients {
  const settings = settingsOf(env);
  const outside = { now, sleep: (ms: number) => scheduler.wait(ms) };
  const { GITHUB_APP_ID: appId, GITHUB_PRIVATE_KEY: privateKeyPem } = settings;
  const secrets = {
    app:
      appId !== undefined && privateKeyPem !== undefined
        ? { appId, privateKeyPem: privateKeyPem.replaceAll(String.raw`\n`, "\n") }
        : undefined,
    token: settings.GITHUB_TOKEN,
    boardToken: settings.GITHUB_BOARD_TOKEN,
    gitToken: settings.GITHUB_GIT_TOKEN,
    lendToken: settings.GITHUB_LEND_TOKEN,
  };
  const parts = createGitHubParts({
    ...outside,
    apiUrl: settings.GITHUB_API_URL,
    credentials: secrets,
    writeSpacingMs: settings.GITHUB_WRITE_SPACING_MS,
  });
  const { transport, credentials } = parts;
  return {
    github: createGitHubFrom(parts),
    preparation: createRepositoryPreparation(parts),
    discovery: createProjectDiscovery(transport, credentials),
    webhooks: createProjectWebhooks(transport, credentials, signingKeys(settings), settings.PUBLIC_URL),
    model: createChatCompletions(outside),
    gateway: { baseUrl: settings.LLM_BASE_URL, apiKey: settings.LLM_API_KEY, model: settings.LLM_MODEL },
    ntfy: createNtfy({ ...outside, url: settings.NTFY_URL, token: settings.NTFY_TOKEN }),
    topic: settings.NTFY_TOPIC,
    topicsAreGuarded: settings.NTFY_TOKEN !== undefined,
    signingKeys: signingKeys(settings),
    publicUrl: settings.PUBLIC_URL,
    openDatabase: () =>
      openDatabase({
        url: settings.DATABASE_URL,
        fetchEndpoint: settings.DATABASE_FETCH_ENDPOINT,
        onStatement: () => countWorker("sqlStatements"),
      }),
    oauth: createOAuth({ ...outside, allowPrivate: settings.ALLOW_PRIVATE_ADDRESSES }),
    httpCheck: createHttpCheck({ now, allowPrivate: settings.ALLOW_PRIVATE_ADDRESSES }),
    modelBudget: createModelBudget({
      ...outside,
      litellm: { url: settings.LITELLM_URL, adminKey: settings.LITELLM_ADMIN_KEY },
      aiGateway: { account: settings.AI_GATEWAY_ACCOUNT_ID, token: settings.AI_GATEWAY_API_TOKEN },
    }),
    dashboardUrl: settings.DASHBOARD_URL ?? settings.PUBLIC_URL,
    hasApp: secrets.app !== undefined,
  };
}
