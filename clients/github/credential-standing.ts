import * as z from "zod";
import type { PermissionCheck } from "../../core/onboarding/view.ts";
import { failedWith } from "../client-error.ts";
import type { GitHubParts } from "./github-connection.ts";
import type { Credential } from "./github-transport.ts";

export type PermissionLevel = "read" | "write" | "admin";

/**
 * What a credential says of itself. An App tells its permissions and a classic token its scopes; a fine-grained token tells nothing, so that what
 * it may do is found out by writes that GitHub refuses as invalid only when they would have been allowed.
 */
export type Standing = { readonly credential: Credential; readonly setting: string } & (
  | {
      readonly kind: "app";
      readonly permissions: Readonly<Record<string, string>>;
      readonly events: readonly string[];
      readonly page: string;
    }
  | { readonly kind: "classic"; readonly scopes: readonly string[]; readonly login: string }
  | { readonly kind: "fine-grained"; readonly login: string }
);

const installation = z.object({
  permissions: z.record(z.string(), z.string()).catch({}),
  events: z.array(z.string()).catch([]),
  html_url: z.string(),
});
const user = z.object({ login: z.string() });
const settings: Readonly<Record<string, string>> = { token: "GITHUB_TOKEN", "board-token": "GITHUB_BOARD_TOKEN" };

/** Asks GitHub what kind of credential this is. */
export async function standingOf(parts: GitHubParts, credential: Credential): Promise<Standing> {
  const app = /^installation:(\d+)$/.exec(credential.lane)?.[1];
  const jwt = app === undefined ? null : await parts.credentials.forApp();
  if (app !== undefined && jwt) {
    const { value } = await parts.transport.rest(jwt, "GET", `/app/installations/${app}`, { answer: installation });
    return {
      credential,
      setting: "the GitHub App",
      kind: "app",
      permissions: value.permissions,
      events: value.events,
      page: value.html_url,
    };
  }
  const setting = settings[credential.lane] ?? credential.lane;
  try {
    const { value, headers } = await parts.transport.rest(credential, "GET", "/user", { answer: user });
    const scopes = headers.get("x-oauth-scopes");
    if (scopes === null) return { credential, setting, kind: "fine-grained", login: value.login };
    return { credential, setting, kind: "classic", scopes: scopes.split(/,\s*/).filter(Boolean), login: value.login };
  } catch (error) {
    if (!failedWith(error, "forbidden")) throw error;
    return { credential, setting, kind: "fine-grained", login: "its owner" };
  }
}

/** A scope of a classic token, or one that contains it. https://docs.github.com/apps/oauth-apps/building-oauth-apps/scopes-for-oauth-apps */
export function hasScope(scopes: readonly string[], ...anyOf: readonly string[]): boolean {
  return anyOf.some((scope) => scopes.includes(scope) || scopes.includes(scope.replace(/^(?:read|write):/, "admin:")));
}

export function hasPermission(permissions: Readonly<Record<string, string>>, name: string, level: PermissionLevel): boolean {
  const levels = ["read", "write", "admin"];
  return levels.indexOf(permissions[name] ?? "") >= levels.indexOf(level);
}

/** A permission as GitHub's pages name it. */
export interface PermissionLabel {
  readonly of: "repository" | "organization";
  readonly name: string;
  readonly level: PermissionLevel;
}

/** What a person clicks so that the App or fine-grained token has a permission. */
export function grantFix(standing: Standing, label: PermissionLabel, repository: string): string {
  const level = label.level === "read" ? "Read-only" : label.level === "write" ? "Read and write" : "Admin";
  const permission = `the ${label.of} permission "${label.name}: ${level}"`;
  if (standing.kind === "app")
    return `Give the GitHub App ${permission} (App settings → Permissions & events), then accept the change at ${standing.page}.`;
  const owner = repository.split("/")[0] ?? "";
  const where =
    label.of === "repository" ? `choose ${repository} and ${permission}` : `with ${owner} as resource owner, choose ${permission}`;
  return `Edit the fine-grained token of ${standing.setting} (Settings → Developer settings → Personal access tokens → Fine-grained tokens): ${where}.`;
}

/** What a person clicks so that the classic token has a scope. */
export function scopeFix(setting: string, scope: string): string {
  return `Give the token of ${setting} the scope ${scope} (Settings → Developer settings → Personal access tokens → Tokens (classic)), or set ${setting} to one that has it.`;
}

export function works<N extends string>(name: N, detail: string): PermissionCheck & { readonly name: N } {
  return { name, result: "works", detail };
}

export function missing<N extends string>(name: N, detail: string, fix: string): PermissionCheck & { readonly name: N } {
  return { name, result: "missing", detail, fix };
}

export function degraded<N extends string>(name: N, detail: string, fix: string): PermissionCheck & { readonly name: N } {
  return { name, result: "degraded", detail, fix };
}
