import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { parse, stringify, TomlError } from "smol-toml";
import * as z from "zod";
import { Failure, unreadable, usage } from "./failure.ts";
import { exitCodes } from "./exit-codes.ts";

const profileName = z.string().regex(/^[A-Za-z0-9._-]{1,64}$/);
const profile = z.strictObject({ url: z.string().min(1), token: z.string().min(1) });
const file = z.strictObject({ current: profileName.optional(), profiles: z.record(profileName, profile).default({}) });

/** The meshes that `mesh login` has stored. */
export type Configuration = z.output<typeof file>;

/** Which mesh a command speaks to, and as whom. `from` says where that was found; the token is never shown. */
export interface MeshAccess {
  readonly url: string;
  readonly token: string | null;
  readonly from: string;
}

export interface AccessFlags {
  readonly url?: string | undefined;
  readonly tokenFile?: string | undefined;
  readonly profile?: string | undefined;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** `$XDG_CONFIG_HOME/mesh-six/config.toml`. https://specifications.freedesktop.org/basedir-spec/latest/ */
export function configurationPath(env: Environment = process.env): string {
  const base = env["XDG_CONFIG_HOME"];
  return join(base?.startsWith("/") ? base : join(env["HOME"] ?? homedir(), ".config"), "mesh-six", "config.toml");
}

/** What is stored; an absent file stores nothing. Throws `Failure` when it is malformed, or when others may read it: it holds tokens. */
export function readConfiguration(path: string = configurationPath()): Configuration {
  if (!existsSync(path)) return { profiles: {} };
  if (process.platform !== "win32" && (statSync(path).mode & 0o077) !== 0)
    throw configurationFailure(
      "configuration-readable-by-others",
      `${path} holds tokens, and others on this machine may read it.`,
      `chmod 600 ${path}`,
    );
  let document: unknown;
  try {
    document = parse(readFileSync(path, "utf8"));
  } catch (error) {
    // The parser's own message quotes the line, which may hold a token.
    const line = error instanceof TomlError ? `, line ${error.line}` : "";
    throw configurationFailure("configuration-malformed", `${path}${line}: not TOML.`, `mend it, or remove it and run mesh login`);
  }
  const parsed = file.safeParse(document);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.map((issue) => ({ path: issue.path.join("."), message: issue.message }));
  throw new Failure({ exitCode: exitCodes.usage, reason: "configuration-malformed", message: `${path} does not fit.`, issues });
}

/** Stores for this user alone, by renaming a complete file into place. */
export function writeConfiguration(configuration: Configuration, path: string = configurationPath()): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const next = `${path}.${process.pid}`;
  writeFileSync(next, `# Written by mesh login; holds tokens.\n${stringify(configuration)}`, { mode: 0o600 });
  chmodSync(next, 0o600);
  renameSync(next, path);
}

/**
 * Finds the mesh to speak to: flags, then the environment, then the profile named or current. A stored token goes only to the address it was
 * stored for. Throws `Failure` (usage) when there is no address.
 */
export function findAccess(flags: AccessFlags, env: Environment = process.env, path: string = configurationPath(env)): MeshAccess {
  const explicit = flags.tokenFile === undefined ? undefined : tokenIn(flags.tokenFile);
  const named = flags.profile ?? (flags.url === undefined ? env["MESH_PROFILE"] : undefined);
  const fromEnv = flags.url ?? (named === undefined ? env["MESH_URL"] : undefined);
  if (fromEnv) return atUrl(meshUrl(fromEnv), flags.url === undefined ? "MESH_URL" : "--url", explicit, env, path);
  const { current, profiles } = readConfiguration(path);
  const name = named ?? current;
  const stored = name === undefined ? undefined : profiles[name];
  if (stored !== undefined) return { url: meshUrl(stored.url), token: explicit ?? stored.token, from: `profile ${name}` };
  if (named !== undefined)
    throw usage(`There is no profile ${named}.`, "mesh profiles list", `mesh login --profile ${named} --url https://…`);
  throw new Failure({
    exitCode: exitCodes.usage,
    reason: "no-mesh",
    message: "It is not known which mesh to speak to.",
    fix: [
      "mesh login --url https://<worker>   (or set MESH_URL and MESH_TOKEN)",
      "mesh start                          for a mesh on this machine",
    ],
  });
}

function atUrl(url: string, from: string, explicit: string | undefined, env: Environment, path: string): MeshAccess {
  const forUrl = env["MESH_URL"];
  const mayUse = forUrl === undefined || forUrl === "" || meshUrl(forUrl) === url;
  const fromEnv = mayUse ? env["MESH_TOKEN"] : undefined;
  if (explicit ?? fromEnv) return { url, token: (explicit ?? fromEnv ?? "").trim(), from };
  const stored = Object.entries(readConfiguration(path).profiles).find(([, profile]) => meshUrl(profile.url) === url);
  return { url, token: stored?.[1].token ?? null, from: stored ? `${from}, token of profile ${stored[0]}` : from };
}

/** A mesh's address without trailing slashes. Only https, but for this machine: the token travels with every request. Throws `Failure`. */
export function meshUrl(text: string): string {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw usage(`"${text}" is no address; it looks like https://mesh.example.com`);
  }
  if (url.username !== "" || url.password !== "") throw usage("A mesh's address carries no user name or password.");
  const isLocal = ["localhost", "127.0.0.1", "[::1]"].includes(url.hostname) || url.hostname.endsWith(".localhost");
  if (url.protocol !== "https:" && !(url.protocol === "http:" && isLocal))
    throw usage(`${url.origin} is not https: the token would travel in the open.`, `use https://${url.host}`);
  return `${url.origin}${url.pathname}`.replace(/\/+$/, "");
}

/** The first line of a file, or of the standard input for `-`. Throws `Failure` when there is none. */
export function tokenIn(path: string): string {
  let text: string;
  try {
    text = readFileSync(path === "-" ? 0 : path, "utf8");
  } catch (error) {
    throw unreadable(path, error);
  }
  const token = text.split("\n")[0]?.trim();
  if (!token) throw usage(`${path === "-" ? "The standard input" : path} holds no token.`);
  return token;
}

function configurationFailure(reason: string, message: string, ...fix: readonly string[]): Failure {
  return new Failure({ exitCode: exitCodes.usage, reason, message, fix });
}
