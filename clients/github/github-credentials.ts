import { importPKCS8, SignJWT } from "jose";
import * as z from "zod";
import type { ProjectProfile } from "../../core/inputs.ts";
import type { Moment } from "../../core/time.ts";
import { hourMs, minuteMs } from "../../core/time.ts";
import { ClientError } from "../client-error.ts";
import type { Credential, GitHubTransport } from "./github-transport.ts";

export interface GitHubCredentialSettings {
  /** `GITHUB_APP_ID` and `GITHUB_PRIVATE_KEY` (PKCS#8). */
  readonly app?: { readonly appId: string; readonly privateKeyPem: string } | undefined;
  /** `GITHUB_TOKEN`; serves the projects whose credential is the token. It stays in the Worker. */
  readonly token?: string | undefined;
  /** Classic token with scope `project` (and `repo` when the repository is private) for user-owned boards. It stays in the Worker. */
  readonly boardToken?: string | undefined;
  /**
   * `GITHUB_GIT_TOKEN`: what runners push with where there is no App, best a fine-grained token with contents:write on the onboarded
   * repositories only. Without it a runner gets nothing, unless `lendToken` says that `GITHUB_TOKEN` itself may be given out.
   */
  readonly gitToken?: string | undefined;
  readonly lendToken?: boolean | undefined;
}

/** For git's credential helper. After `expiresAt` it is asked for again. */
export interface GitCredential {
  readonly username: "x-access-token";
  readonly password: string;
  readonly expiresAt: Moment;
}

export interface GitHubCredentials {
  /** Reads and writes the repository; boards of organisations too. */
  forRepository(profile: ProjectProfile): Promise<Credential>;
  /** Reads and moves cards: the board token for a user-owned board, else the repository's credential. */
  forBoard(profile: ProjectProfile): Promise<Credential>;
  /** The App itself; null when there is none. Lists its deliveries. */
  forApp(): Promise<Credential | null>;
  /** What a runner clones (`read`) or pushes (`push`) with: this repository's contents and nothing else. */
  forGit(profile: ProjectProfile, purpose: "read" | "push"): Promise<GitCredential>;
}

const installationToken = z.object({ token: z.string().min(1), expires_at: z.iso.datetime({ offset: true }) });
type CachedToken = { readonly token: string; readonly expiresAt: Moment };

/** A call that asks for a token has ended by then; whoever waits for it longer asks for itself. */
const askedLimitMs = 16_000;
const lookEveryMs = 25;

/**
 * Installation tokens are kept until 5 min before they expire. Callers that come while one is asked for wait for it by looking: a promise of another
 * invocation may never settle in a Worker, so none is shared; who has waited for 16 s asks for itself.
 */
export function createGitHubCredentials(
  settings: GitHubCredentialSettings,
  transport: GitHubTransport,
  now: () => Moment,
  sleep: (ms: number) => Promise<void>,
): GitHubCredentials {
  const cached = new Map<string, CachedToken>();
  /** Since when a token is being asked for. */
  const asked = new Map<string, Moment>();
  let key: CryptoKey | undefined;

  async function forApp(): Promise<Credential | null> {
    if (!settings.app) return null;
    const { appId, privateKeyPem } = settings.app;
    key ??= await importPKCS8(privateKeyPem, "RS256").catch(() => {
      throw misconfigured("GITHUB_PRIVATE_KEY is not a PKCS#8 key; convert it with: openssl pkcs8 -topk8 -nocrypt");
    });
    const at = Math.floor(now() / 1_000);
    const signed = await new SignJWT()
      .setProtectedHeader({ alg: "RS256", typ: "JWT" })
      .setIssuer(appId)
      .setIssuedAt(at - 60)
      .setExpirationTime(at + 540)
      .sign(key);
    return { lane: "app", token: signed };
  }

  async function fresh(installation: number, narrowedTo?: object): Promise<CachedToken> {
    const app = await forApp();
    if (!app) throw misconfigured("GITHUB_APP_ID and GITHUB_PRIVATE_KEY are missing, and this project is served by an App");
    const path = `/app/installations/${installation}/access_tokens`;
    const { value } = await transport.rest(app, "POST", path, { ...(narrowedTo ? { body: narrowedTo } : {}), answer: installationToken });
    return { token: value.token, expiresAt: Date.parse(value.expires_at) };
  }

  async function installationTokenOf(installation: number, scope: string, narrowedTo?: object): Promise<CachedToken> {
    const name = `${installation} ${scope}`;
    for (;;) {
      const known = cached.get(name);
      if (known && known.expiresAt - 5 * minuteMs > now()) return known;
      const since = asked.get(name);
      if (since === undefined || now() - since >= askedLimitMs) break;
      await sleep(lookEveryMs);
    }
    const since = now();
    asked.set(name, since);
    try {
      const token = await fresh(installation, narrowedTo);
      cached.set(name, token);
      return token;
    } finally {
      if (asked.get(name) === since) asked.delete(name);
    }
  }

  async function forRepository(profile: ProjectProfile): Promise<Credential> {
    if (profile.credential.kind === "app") {
      const { installation } = profile.credential;
      return { lane: `installation:${installation}`, token: (await installationTokenOf(installation, "all")).token };
    }
    if (!settings.token) throw misconfigured("GITHUB_TOKEN is missing, and this project is served by it");
    return { lane: "token", token: settings.token };
  }

  return {
    forRepository,
    forApp,
    async forBoard(profile) {
      if (profile.board?.ownerKind === "user" && settings.boardToken) return { lane: "board-token", token: settings.boardToken };
      if (profile.board?.ownerKind === "user" && profile.credential.kind === "app" && !settings.token) {
        throw misconfigured("a user-owned board cannot be reached by an App; set GITHUB_BOARD_TOKEN to a classic token with scope project");
      }
      if (profile.board?.ownerKind === "user" && settings.token) return { lane: "token", token: settings.token };
      return forRepository(profile);
    },
    async forGit(profile, purpose) {
      if (profile.credential.kind === "app") {
        const repository = profile.name.split("/")[1] ?? "";
        const narrowedTo = {
          repositories: [repository],
          permissions: { contents: purpose === "push" ? "write" : "read", metadata: "read" },
        };
        const { token, expiresAt } = await installationTokenOf(profile.credential.installation, `${purpose} ${profile.name}`, narrowedTo);
        return { username: "x-access-token", password: token, expiresAt };
      }
      const password = settings.gitToken ?? (settings.lendToken ? settings.token : undefined);
      if (!password) {
        throw misconfigured(
          "runners have nothing to push with: set GITHUB_GIT_TOKEN to a fine-grained token with contents:write, or use a GitHub App",
        );
      }
      return { username: "x-access-token", password, expiresAt: now() + hourMs };
    },
  };
}

function misconfigured(message: string): ClientError {
  return new ClientError("GitHub", message, { code: "configuration", retryable: false });
}
