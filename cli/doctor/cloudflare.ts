import { existsSync } from "node:fs";
import { join } from "node:path";
import { cleanLine } from "../clean-text.ts";
import { fine, missing, skipped, warning, type Finding, type Subject } from "./finding.ts";
import { runProgram } from "./run-program.ts";

const subject: Subject = { name: "cloudflare-login", group: "this machine", neededFor: ["deploy"] };

/** Whether wrangler may deploy: it is asked itself, since it knows of both a token in the environment and its own login. */
export async function examineCloudflare(root: string, env: NodeJS.ProcessEnv = process.env): Promise<Finding> {
  const wrangler = join(root, "node_modules/wrangler/bin/wrangler.js");
  if (!existsSync(wrangler)) return skipped(subject, "wrangler is not installed");
  const quiet = { ...env, WRANGLER_SEND_METRICS: "false", NO_COLOR: "1", WRANGLER_LOG_SANITIZE: "true" };
  const end = await runProgram(process.execPath, [wrangler, "whoami", "--json"], quiet);
  const said = loginIn(end.stdout);
  const withToken = Boolean(env["CLOUDFLARE_API_TOKEN"]);
  if (said?.loggedIn === true) return fine(subject, withToken ? "by CLOUDFLARE_API_TOKEN" : "by wrangler login");
  if (said?.loggedIn === false && !withToken)
    return missing(
      subject,
      "wrangler is not logged in, and CLOUDFLARE_API_TOKEN is not set",
      "npx wrangler login",
      "or export CLOUDFLARE_API_TOKEN=…, made at https://dash.cloudflare.com/profile/api-tokens (docs/operations.md names its permissions)",
    );
  const detail = cleanLine(`${end.stderr} ${end.stdout}`.match(/ERROR[^\n]*/)?.[0] ?? end.stderr).slice(0, 300);
  if (/resolve|network|fetch failed|ENOTFOUND|ECONNREFUSED/i.test(`${end.stderr}${end.stdout}`))
    return warning(subject, `Cloudflare cannot be reached from here, so the login is not checked${detail ? `: ${detail}` : ""}`);
  return missing(
    subject,
    `Cloudflare refuses ${withToken ? "CLOUDFLARE_API_TOKEN" : "wrangler's login"}${detail ? `: ${detail}` : ""}`,
    withToken ? "make a new token at https://dash.cloudflare.com/profile/api-tokens" : "npx wrangler login",
  );
}

function loginIn(stdout: string): { readonly loggedIn?: unknown } | undefined {
  try {
    return JSON.parse(stdout.slice(stdout.indexOf("{"))) as { loggedIn?: unknown };
  } catch {
    return undefined;
  }
}
