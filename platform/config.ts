import * as z from "zod";
import { offlineAfterMs } from "../core/pool/agent-status.ts";
import type { Issue, Result } from "../core/result.ts";

const httpUrl = z.url({ protocol: /^https?$/ }).transform((url) => url.replace(/\/+$/, ""));
const secret = (least: number) => z.string().min(least, `at least ${least} characters`);
const flag = z.preprocess((value) => value === "1" || value === "true" || value === true, z.boolean());
const names = z
  .string()
  .transform((text) => text.split(",").map((name) => name.trim().toLowerCase()))
  .pipe(z.array(z.string().regex(/^[^\s,@]*@?[^\s,@]+$/, "e-mail addresses, @domains and service tokens, by commas")));
const optional = <S extends z.ZodType>(schema: S) => z.preprocess((value) => (value === "" ? undefined : value), schema.optional());
const required = <S extends z.ZodType>(schema: S) => z.preprocess((value) => (value === "" ? undefined : value), schema);

const number = (least: number, most: number, fallback: number) =>
  z.preprocess((value) => (value === "" || value === undefined ? fallback : Number(value)), z.number().int().min(least).max(most));

/** At least three heartbeats of an agent have to fit. */
const agentOfflineAfter = number(3_000, 3_600_000, offlineAfterMs);

const settingsSchema = z
  .object({
    OPERATOR_TOKEN: required(secret(16)),
    VIEWER_TOKEN: optional(secret(16)),
    SIGNING_KEY: required(secret(32)),
    SIGNING_KEY_PREVIOUS: optional(secret(32)),
    /** Seals the Vault's data keys; the one before it while rotating. */
    MASTER_KEY: required(secret(32)),
    MASTER_KEY_PREVIOUS: optional(secret(32)),
    DATABASE_URL: required(z.string().regex(/^postgres(ql)?:\/\//, "a postgresql:// URL")),
    DATABASE_FETCH_ENDPOINT: optional(httpUrl),
    PUBLIC_URL: required(httpUrl),
    DASHBOARD_URL: optional(httpUrl),
    /** Cloudflare Access before the dashboard: `team.cloudflareaccess.com` and the application's audience tag. */
    ACCESS_TEAM_DOMAIN: optional(z.string().regex(/^[a-z0-9-]+(\.[a-z0-9-]+)+$/, "a host such as team.cloudflareaccess.com")),
    ACCESS_AUD: optional(z.string().regex(/^[A-Za-z0-9_-]{1,128}$/)),
    /** Who of those whom Access lets through commands, and who reads: e-mail addresses, `@domain`s and service tokens, by commas. */
    ACCESS_OPERATORS: optional(names),
    ACCESS_VIEWERS: optional(names),
    GITHUB_APP_ID: optional(z.string().regex(/^[A-Za-z0-9._-]+$/)),
    GITHUB_PRIVATE_KEY: optional(z.string().regex(/BEGIN PRIVATE KEY/, "a PKCS#8 key; convert with: openssl pkcs8 -topk8 -nocrypt")),
    GITHUB_TOKEN: optional(secret(8)),
    /** Classic token with scope `project`, for user-owned boards beside an App. */
    GITHUB_BOARD_TOKEN: optional(secret(8)),
    /** What runners push with where there is no App. */
    GITHUB_GIT_TOKEN: optional(secret(8)),
    /** `1`: runners may push with GITHUB_TOKEN itself. */
    GITHUB_LEND_TOKEN: flag,
    /** Between two writes of one credential; GitHub asks for 1,000. */
    GITHUB_WRITE_SPACING_MS: number(0, 60_000, 1_000),
    /** Without a sign of life for so long an agent is offline, and its session steps count as unreachable. */
    AGENT_OFFLINE_AFTER_MS: agentOfflineAfter,
    GITHUB_API_URL: z.preprocess((value) => value || undefined, httpUrl.default("https://api.github.com")),
    GITHUB_URL: z.preprocess((value) => value || undefined, httpUrl.default("https://github.com")),
    NTFY_URL: required(httpUrl),
    NTFY_TOPIC: required(z.string().regex(/^[-_A-Za-z0-9]{1,64}$/)),
    NTFY_TOKEN: optional(z.string()),
    LLM_BASE_URL: required(httpUrl),
    LLM_API_KEY: required(z.string()),
    LLM_MODEL: required(z.string()),
    /** LiteLLM's admin API: each project gets a team and a key of its own. */
    LITELLM_URL: optional(httpUrl),
    LITELLM_ADMIN_KEY: optional(secret(4)),
    /** Or Cloudflare AI Gateway: each project gets a gateway of its own in this account, which counts what it spends. */
    AI_GATEWAY_ACCOUNT_ID: optional(z.string().regex(/^[0-9a-f]{32}$/, "an account id: 32 hexadecimal digits")),
    AI_GATEWAY_API_TOKEN: optional(secret(20)),
    /** `1` on the local mesh, whose deployments and agents' dependencies are on this machine: health checks may ask private addresses. */
    ALLOW_PRIVATE_ADDRESSES: flag,
  })
  .check((context) => {
    const { GITHUB_APP_ID: app, GITHUB_PRIVATE_KEY: key, GITHUB_TOKEN: token } = context.value;
    if (app && !key) context.issues.push(missing("GITHUB_PRIVATE_KEY", app));
    if (key && !app) context.issues.push(missing("GITHUB_APP_ID", ""));
    for (const [one, other] of pairs) {
      const [first, second] = [context.value[one], context.value[other]];
      if (first && !second) context.issues.push(missing(other, ""));
      if (second && !first) context.issues.push(missing(one, ""));
    }
    if (!app && !key && !token) context.issues.push(missing("GITHUB_TOKEN", "", "missing, or GITHUB_APP_ID with GITHUB_PRIVATE_KEY"));
  });

/** Neither is of use without the other. */
const pairs = [
  ["LITELLM_URL", "LITELLM_ADMIN_KEY"],
  ["AI_GATEWAY_ACCOUNT_ID", "AI_GATEWAY_API_TOKEN"],
  ["ACCESS_TEAM_DOMAIN", "ACCESS_AUD"],
] as const;

function missing(name: string, input: unknown, message = "missing"): { code: "custom"; path: string[]; message: string; input: unknown } {
  return { code: "custom", path: [name], message, input };
}

/** The Worker's settings (variables and secrets), checked. URLs carry no trailing slash. */
export type Settings = z.output<typeof settingsSchema>;

/** Settings are absent or malformed; `issues` names each one, never its value. */
export class ConfigurationError extends Error {
  override name = "ConfigurationError";
  readonly issues: readonly Issue[];
  constructor(issues: readonly Issue[]) {
    super(`settings missing or wrong: ${issues.map((issue) => issue.path).join(", ")}`);
    this.issues = issues;
  }
}

const parsedByEnv = new WeakMap<object, Result<Settings, readonly Issue[]>>();

/** Checks the settings part of the environment, once per isolate. Each fault names its setting, never its value. */
export function parseSettings(env: object): Result<Settings, readonly Issue[]> {
  const known = parsedByEnv.get(env);
  if (known) return known;
  const parsed = settingsSchema.safeParse(env);
  const result: Result<Settings, readonly Issue[]> = parsed.success
    ? { ok: true, value: parsed.data }
    : { ok: false, error: parsed.error.issues.map((issue) => ({ path: issue.path.join("."), message: messageOf(issue, env) })) };
  parsedByEnv.set(env, result);
  return result;
}

function messageOf(issue: z.core.$ZodIssue, env: object): string {
  const value = Reflect.get(env, String(issue.path[0] ?? ""));
  return value === undefined || value === "" ? (issue.code === "custom" ? issue.message : "missing") : issue.message;
}

/** The settings, or a `ConfigurationError` that names what is missing. */
export function settingsOf(env: object): Settings {
  const parsed = parseSettings(env);
  if (!parsed.ok) throw new ConfigurationError(parsed.error);
  return parsed.value;
}

/** `AGENT_OFFLINE_AFTER_MS`, for objects that need no other setting; the default while it is wrong, which the routes then refuse. */
export function agentOfflineAfterMs(env: object): number {
  const parsed = agentOfflineAfter.safeParse(Reflect.get(env, "AGENT_OFFLINE_AFTER_MS"));
  return parsed.success ? parsed.data : offlineAfterMs;
}
