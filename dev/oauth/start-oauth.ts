import { randomBytes } from "node:crypto";
import { createStandInApp, listen, StandInControl, type Fault } from "../stand-in/stand-in.ts";

export interface OAuthOptions {
  port?: number;
  /** The public client that is known; `mesh-client` unless told. */
  clientId?: string;
  /** Seconds an access token lives; 3600 unless told, 0 = not told to the client. */
  expiresIn?: number;
  /** Each refresh ends the refresh token it was made with, and the one who uses it again ends the whole login; true unless told. */
  rotates?: boolean;
}

export interface OAuthProvider {
  url: string;
  tokenUrl: string;
  /** A person logs in: a refresh token. */
  login(): string;
  /** The login is ended by its owner: none of its refresh tokens is taken any more. */
  revoke(refreshToken: string): void;
  /** Whether an access token is the newest of its login. */
  isCurrent(accessToken: string): boolean;
  plan(fault: Fault): void;
  readonly refreshes: number;
  close(): Promise<void>;
}

interface Login {
  live: boolean;
  access: string | undefined;
}

/**
 * A provider's token endpoint in memory, as RFC 6749 has it (sections 5 and 6): form encoding only, a known public client, refresh tokens that change
 * with each use, and are found out when used twice (RFC 9700, section 4.14.2). `POST /__login` gives a refresh token.
 */
export async function startOAuth(options: OAuthOptions = {}): Promise<OAuthProvider> {
  const { clientId = "mesh-client", expiresIn = 3_600, rotates = true } = options;
  const control = new StandInControl();
  const app = createStandInApp(control);
  const tokens = new Map<string, { login: Login; used: boolean }>();
  let refreshes = 0;

  const issue = (login: Login): string => {
    const token = `refresh-${randomBytes(24).toString("base64url")}`;
    tokens.set(token, { login, used: false });
    return token;
  };
  const login = (): string => issue({ live: true, access: undefined });

  app.post("/__login", (c) => c.json({ refreshToken: login(), clientId }));
  app.post("/token", async (c) => {
    const refuse = (error: string, status: 400 | 401 = 400) => c.json({ error }, status, { "cache-control": "no-store" });
    if (c.req.header("content-type")?.split(";")[0]?.trim() !== "application/x-www-form-urlencoded") return refuse("invalid_request");
    const form = new URLSearchParams(await c.req.text());
    const given = ["grant_type", "refresh_token", "client_id"].map((name) => form.getAll(name));
    const [type = [], refreshToken = [], client = []] = given;
    if (type.length !== 1 || refreshToken.length !== 1 || client.length !== 1) return refuse("invalid_request");
    if (type[0] !== "refresh_token") return refuse("unsupported_grant_type");
    if (client[0] !== clientId) return refuse("invalid_client", 401);
    const known = tokens.get(refreshToken[0] ?? "");
    if (!known?.login.live) return refuse("invalid_grant");
    if (known.used) {
      known.login.live = false;
      return refuse("invalid_grant");
    }
    known.used = rotates;
    refreshes += 1;
    known.login.access = `access-${randomBytes(24).toString("base64url")}`;
    const answer = {
      access_token: known.login.access,
      token_type: "Bearer",
      ...(expiresIn > 0 ? { expires_in: expiresIn } : {}),
      ...(rotates ? { refresh_token: issue(known.login) } : {}),
    };
    return c.json(answer, 200, { "cache-control": "no-store" });
  });

  const listening = await listen(app, options.port);
  return {
    url: listening.url,
    tokenUrl: `${listening.url}/token`,
    login,
    revoke(refreshToken) {
      const known = tokens.get(refreshToken);
      if (known) known.login.live = false;
    },
    isCurrent: (accessToken) => [...tokens.values()].some(({ login: one }) => one.live && one.access === accessToken),
    plan: (fault) => control.plan(fault),
    get refreshes() {
      return refreshes;
    },
    close: listening.close,
  };
}
