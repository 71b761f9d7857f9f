import { randomBytes } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { parseEnv } from "node:util";
import type { Issue } from "../../core/result.ts";
import { parseSettings } from "../../platform/config.ts";

/** Settings by name, secrets among them; never printed. */
export type SettingValues = Readonly<Record<string, string>>;

/** Keys nobody else hands out: made when missing, and left alone where they are. */
export const generatedKeys = ["OPERATOR_TOKEN", "SIGNING_KEY", "MASTER_KEY"] as const;

/** What the dashboard's functions need of the Worker's settings. */
export const dashboardSettings = ["DATABASE_URL", "DATABASE_FETCH_ENDPOINT"] as const;

/** Reads settings in the form of `.dev.vars`; `-` is standard input. Lines left empty do not count. A file that is not there holds none. */
export function readSettings(path: string): SettingValues {
  if (path !== "-" && !existsSync(path)) return {};
  const parsed = parseEnv(readFileSync(path === "-" ? 0 : path, "utf8"));
  return Object.fromEntries(Object.entries(parsed).flatMap(([name, value]) => (value ? [[name, value]] : [])));
}

/** A new value for one of `generatedKeys`: 256 bits. */
export function generateKey(): string {
  return randomBytes(32).toString("hex");
}

/**
 * What is missing or malformed in settings that are to be joined by those which are there already. The latter cannot be read back, so only
 * their absence is noticed. Never says a value.
 */
export function settingFaults(values: SettingValues, there: ReadonlySet<string>): Issue[] {
  const parsed = parseSettings({ ...values });
  const faults = parsed.ok ? [] : parsed.error.filter(({ path }) => values[path] !== undefined || !isThere(path, there));
  const placeholders = ["PUBLIC_URL", "DASHBOARD_URL"].filter((name) =>
    /\/\/([^/]*\.)?example\.(com|org|net)(\/|$)/.test(values[name] ?? ""),
  );
  return [
    ...faults,
    ...placeholders.map((path) => ({ path, message: "is still the example's; leave it out to use Cloudflare's address" })),
  ];
}

/** A token may be absent where an App is there. */
function isThere(name: string, there: ReadonlySet<string>): boolean {
  return there.has(name) || (name === "GITHUB_TOKEN" && there.has("GITHUB_APP_ID"));
}
