import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";

/** Wrangler ended otherwise than well; the message has the end of what it said, without any secret. */
export class WranglerFailed extends Error {
  override name = "WranglerFailed";
}

export interface WranglerCall {
  readonly root: string;
  readonly cwd: string;
  readonly args: readonly string[];
  readonly token: string;
  readonly account: string;
  readonly baseUrl: string;
  /** Values that must never be shown, whatever wrangler says. */
  readonly secrets: readonly string[];
  readonly onLine: (line: string) => void;
  /** Written to its standard input; secrets go here or into a file, never among `args`. */
  readonly input?: string;
}

/** What of our environment a program needs to run and to reach the net; settings and tokens of the mesh are not among it. */
const passed = [
  "PATH",
  "HOME",
  "TMPDIR",
  "LANG",
  "HTTPS_PROXY",
  "HTTP_PROXY",
  "NO_PROXY",
  "https_proxy",
  "http_proxy",
  "no_proxy",
  "NODE_EXTRA_CA_CERTS",
];
const linesShown = 25;

/** Runs the project's own wrangler; answers what it printed. */
export async function runWrangler(call: WranglerCall): Promise<string> {
  const program = join(call.root, "node_modules/wrangler/bin/wrangler.js");
  if (!existsSync(program)) throw new WranglerFailed("wrangler is not installed: npm ci");
  const env: NodeJS.ProcessEnv = {
    CLOUDFLARE_API_TOKEN: call.token,
    CLOUDFLARE_ACCOUNT_ID: call.account,
    CLOUDFLARE_API_BASE_URL: call.baseUrl,
    WRANGLER_SEND_METRICS: "false",
    WRANGLER_LOG_PATH: join(call.cwd, "logs"),
    // Asks nothing, decides by its defaults.
    CI: "1",
    NO_COLOR: "1",
  };
  for (const name of passed) if (process.env[name] !== undefined) env[name] = process.env[name];
  const child = spawn(nodeFor(call.root), [program, ...call.args], { cwd: call.cwd, env, stdio: ["pipe", "pipe", "pipe"] });
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    let rest = "";
    const say = (line: string): void => {
      const shown = withoutSecrets(stripVTControlCharacters(line), call.secrets);
      lines.push(shown);
      call.onLine(shown);
    };
    stream.setEncoding("utf8");
    stream.on("data", (chunk: string) => {
      const parts = (rest + chunk).split("\n");
      rest = parts.pop() ?? "";
      for (const line of parts) say(line);
    });
    stream.on("end", () => rest !== "" && say(rest));
  }
  // A program that ended early has closed its input; its exit code says more than the broken pipe.
  child.stdin.on("error", () => undefined);
  child.stdin.end(call.input ?? "");
  const [code, signal] = (await once(child, "close")) as [number | null, NodeJS.Signals | null];
  if (code === 0) return lines.join("\n");
  const said = lines.filter((line) => line.trim() !== "").slice(-linesShown);
  throw new WranglerFailed(`wrangler ${commandOf(call.args)} ended with ${code ?? signal}:\n${said.join("\n")}`);
}

/** The words before the first option. */
function commandOf(args: readonly string[]): string {
  const option = args.findIndex((word) => word.startsWith("-"));
  return args.slice(0, option === -1 ? undefined : option).join(" ");
}

/** The Node that came with the project, as wrangler needs a recent one; else the one that runs this. */
export function nodeFor(root: string): string {
  const own = join(root, "node_modules/.bin/node");
  return existsSync(own) ? own : process.execPath;
}

/** Short values are left: they are no secrets, and would blot out half of what is said. */
export function withoutSecrets(text: string, secrets: readonly string[]): string {
  let shown = text;
  for (const secret of secrets) if (secret.length >= 8) shown = shown.replaceAll(secret, "…");
  return shown;
}
