import { createHash, createPublicKey, randomBytes } from "node:crypto";
import { jwtVerify } from "jose";
import { ANONYMOUS, type Actor } from "./access.ts";
import { Refusal } from "./refusal.ts";
import type { App, Token } from "./state.ts";
import type { World } from "./world.ts";

/**
 * Who is behind an `Authorization` header: `Bearer` or `token` with a token or an App's JWT, or Basic with the token as password
 * (what git sends). No header is anonymous. @throws 401 when the credentials are wrong, expired or revoked.
 */
export async function authenticate(world: World, header: string | null | undefined): Promise<Actor> {
  if (!header) return ANONYMOUS;
  const [scheme = "", credentials = ""] = header.split(/\s+/, 2);
  switch (scheme.toLowerCase()) {
    case "basic": {
      const [name = "", password = ""] = Buffer.from(credentials, "base64").toString("utf8").split(":", 2);
      return actorOf(world, password || name);
    }
    case "bearer":
    case "token":
      return credentials.split(".").length === 3 ? appActor(await verifyAppJwt(world, credentials)) : actorOf(world, credentials);
    default:
      throw badCredentials();
  }
}

/** A token in the form GitHub gives its kind. */
export function newTokenValue(kind: Token["kind"]): string {
  const prefix = { classic: "ghp_", "fine-grained": "github_pat_", installation: "ghs_" }[kind];
  return prefix + randomBytes(27).toString("hex").slice(0, 36);
}

export function hashToken(token: string): string {
  return createHash("sha256").update(token).digest("hex");
}

function actorOf(world: World, value: string): Actor {
  const hash = hashToken(value);
  const token = world.state.tokens.find((candidate) => candidate.hash === hash);
  if (!token || token.revoked || (token.expiresAt !== null && Date.parse(token.expiresAt) <= Date.now())) throw badCredentials();
  const installation = world.state.installations.find((candidate) => candidate.id === token.installationId);
  return {
    kind: token.kind,
    login: token.login,
    tokenId: token.id,
    scopes: token.scopes,
    permissions: token.permissions,
    repositories: token.repositories,
    installationId: token.installationId,
    appId: installation?.appId ?? null,
    fencedRefs: token.fencedRefs,
  };
}

function appActor(app: App): Actor {
  return { ...ANONYMOUS, kind: "app", login: `${app.slug}[bot]`, appId: app.id };
}

/** RS256, issued by the App's id or client id, alive for at most ten minutes. */
async function verifyAppJwt(world: World, jwt: string): Promise<App> {
  const claims = unverifiedClaims(jwt);
  const app = world.state.apps.find((candidate) => String(candidate.id) === String(claims.iss) || candidate.clientId === claims.iss);
  if (!app) throw new Refusal(401, "FORBIDDEN", "Integration not found");
  try {
    const { payload } = await jwtVerify(jwt, createPublicKey(app.publicKeyPem), { algorithms: ["RS256"] });
    if (payload.exp === undefined) throw new Refusal(401, "FORBIDDEN", "Missing 'expiration' claim ('exp') in assertion");
    if (payload.exp > Date.now() / 1000 + 660) {
      throw new Refusal(401, "FORBIDDEN", "'Expiration time' claim ('exp') is too far in the future");
    }
    if (payload.iat !== undefined && payload.iat > Date.now() / 1000 + 60) {
      throw new Refusal(
        401,
        "FORBIDDEN",
        "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued",
      );
    }
    return app;
  } catch (error) {
    if (error instanceof Refusal) throw error;
    throw new Refusal(401, "FORBIDDEN", "A JSON web token could not be decoded");
  }
}

function unverifiedClaims(jwt: string): { iss?: string | number } {
  try {
    return JSON.parse(Buffer.from(jwt.split(".")[1] ?? "", "base64url").toString("utf8"));
  } catch {
    throw new Refusal(401, "FORBIDDEN", "A JSON web token could not be decoded");
  }
}

function badCredentials(): Refusal {
  return new Refusal(401, "FORBIDDEN", "Bad credentials");
}
