import { execFile, spawn } from "node:child_process";
import type { IncomingMessage, ServerResponse } from "node:http";
import { join } from "node:path";
import { promisify } from "node:util";
import { type Actor, canSee, demand } from "./access.ts";
import { refsChanged } from "./actions/pushes.ts";
import { authenticate } from "./authenticate.ts";
import { gitEnvironment, listRefs } from "./git-repository.ts";
import { Refusal } from "./refusal.ts";
import { withRepositoryLock } from "./repository-lock.ts";
import type { Repository } from "./state.ts";
import type { World } from "./world.ts";

const GIT_PATH = /^\/(?<owner>[^/]+)\/(?<name>[^/]+?)(?:\.git)?\/(?<rest>info\/refs|git-upload-pack|git-receive-pack)$/;

export function isGitPath(path: string): boolean {
  return GIT_PATH.test(path);
}

export interface Served {
  status: number;
  actor: Actor | undefined;
}

/**
 * Answers git's smart HTTP protocol by git's own `http-backend`. Reading a private repository takes read access to it, pushing takes
 * write; a token may be kept from refs (`fencedRefs`), from protected branches and from workflow files.
 */
export async function serveGit(world: World, request: IncomingMessage, response: ServerResponse): Promise<Served> {
  let actor: Actor | undefined;
  const refuse = (status: number, message: string): Served => {
    request.resume();
    response.writeHead(status, { "Content-Type": "text/plain", ...(status === 401 ? { "WWW-Authenticate": 'Basic realm="GitHub"' } : {}) });
    response.end(`${message}\n`);
    return { status, actor };
  };
  try {
    const url = new URL(request.url ?? "/", "http://git");
    const { owner = "", name = "", rest = "" } = GIT_PATH.exec(url.pathname)?.groups ?? {};
    actor = await authenticate(world, request.headers.authorization);
    const names = [decodeURIComponent(owner), decodeURIComponent(name)] as const;
    const renamed = request.method === "GET" ? world.findRenamed(...names) : undefined;
    if (renamed && canSee(world, actor, renamed)) {
      request.resume();
      response.writeHead(301, { Location: `${world.repositoryUrl(renamed)}.git/${rest}${url.search}` }).end();
      return { status: 301, actor };
    }
    const repository = world.findRepository(...names);
    const pushing = rest === "git-receive-pack" || url.searchParams.get("service") === "git-receive-pack";
    if (!repository || !canSee(world, actor, repository) || (pushing && actor.kind === "anonymous")) {
      return actor.kind === "anonymous" ? refuse(401, "Authentication required.") : refuse(404, "Repository not found.");
    }
    demand(world, actor, repository, "contents", pushing ? "write" : "read", pushing ? "write" : "read");
    const status =
      rest === "git-receive-pack"
        ? await receivePack(world, actor, repository, rest, url, request, response)
        : await backend(world, actor, repository, rest, url, request, response);
    return { status, actor };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    if (error.status === 401) return refuse(401, "Invalid username or token. Password authentication is not supported for Git operations.");
    return refuse(error.status === 404 ? 403 : error.status, `Permission to repository denied: ${error.message}`);
  }
}

function receivePack(
  world: World,
  actor: Actor,
  repository: Repository,
  rest: string,
  url: URL,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<number> {
  const dir = world.gitDir(repository);
  return withRepositoryLock(dir, async () => {
    const before = await listRefs(dir);
    const status = await backend(world, actor, repository, rest, url, request, response);
    await refsChanged(world, actor.login, repository, before, await listRefs(dir));
    response.end();
    return status;
  });
}

/** Runs `git http-backend` as a CGI program; a push is only ended by the caller, when its consequences are known. */
async function backend(
  world: World,
  actor: Actor,
  repository: Repository,
  rest: string,
  url: URL,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<number> {
  const pushing = rest === "git-receive-pack";
  const protectedRefs = repository.protections.filter((rule) => rule.refusePushes).map((rule) => `refs/heads/${rule.branch}`);
  const child = spawn(join(await execPath(), "git-http-backend"), [], {
    env: {
      ...gitEnvironment(),
      GIT_PROJECT_ROOT: world.gitRoot,
      GIT_HTTP_EXPORT_ALL: "1",
      PATH_INFO: `/${repository.id}.git/${rest}`,
      REQUEST_METHOD: request.method ?? "GET",
      QUERY_STRING: url.search.slice(1),
      CONTENT_TYPE: request.headers["content-type"] ?? "",
      ...(request.headers["content-encoding"] ? { HTTP_CONTENT_ENCODING: String(request.headers["content-encoding"]) } : {}),
      ...(request.headers["git-protocol"] ? { GIT_PROTOCOL: String(request.headers["git-protocol"]) } : {}),
      ...(request.headers["content-length"] ? { CONTENT_LENGTH: request.headers["content-length"] } : {}),
      REMOTE_USER: actor.login,
      REMOTE_ADDR: "127.0.0.1",
      FENCED_REFS: [...actor.fencedRefs, ...protectedRefs, "refs/pull/*"].join(" "),
      WORKFLOWS_REFUSED: mayTouchWorkflows(actor) ? "" : "1",
    },
  });
  return new Promise((resolve, reject) => {
    let head: Buffer | undefined = Buffer.alloc(0);
    let status = 200;
    child.on("error", reject);
    child.stdin.on("error", () => undefined); // the backend may refuse before reading everything
    child.stderr.resume();
    request.pipe(child.stdin);
    request.on("close", () => {
      if (!request.complete) child.stdin.destroy(); // the client is gone: git sees a pack cut short and changes nothing
    });
    if (!pushing) response.on("close", () => child.kill());
    child.stdout.on("data", (chunk: Buffer) => {
      if (!head) return void response.write(chunk);
      head = Buffer.concat([head, chunk]);
      const end = head.indexOf("\r\n\r\n");
      if (end < 0) return;
      const headers = parseHeaders(head.subarray(0, end).toString("latin1"));
      status = Number.parseInt(headers.get("status") ?? "200", 10);
      headers.delete("status");
      response.writeHead(status, Object.fromEntries(headers));
      response.write(head.subarray(end + 4));
      head = undefined;
    });
    child.on("close", () => {
      if (head && !response.headersSent) response.writeHead((status = 500));
      if (!pushing) response.end();
      resolve(status);
    });
  });
}

function parseHeaders(text: string): Map<string, string> {
  return new Map(
    text.split("\r\n").map((line): [string, string] => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
}

/** Whether the actor may bring or change files under `.github/workflows`. */
export function mayTouchWorkflows(actor: Actor): boolean {
  switch (actor.kind) {
    case "classic":
      return actor.scopes.includes("workflow");
    case "human":
    case "automation":
      return true;
    default:
      return actor.permissions.workflows === "write";
  }
}

let foundExecPath: Promise<string> | undefined;

function execPath(): Promise<string> {
  foundExecPath ??= promisify(execFile)("git", ["--exec-path"]).then(({ stdout }) => stdout.trim());
  return foundExecPath;
}
