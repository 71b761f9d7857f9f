import { execFileSync, spawn } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** A real git repository served over HTTP by git's own http-backend, behind a name and a password. */
export interface GitServer {
  readonly cloneUrl: string;
  /** Runs git in the served repository. */
  git(...args: string[]): string;
  /** Commits files on a branch of the served repository, as somebody else would. */
  commit(branch: string, files: Readonly<Record<string, string>>, message?: string): string;
  stop(): Promise<void>;
}

export async function startGitServer(
  credential: { username: string; password: string },
  files: Readonly<Record<string, string>>,
): Promise<GitServer> {
  const folder = mkdtempSync(join(tmpdir(), "git-server-"));
  const bare = join(folder, "acme", "todo.git");
  const other = join(folder, "other");
  const env = { PATH: process.env["PATH"], HOME: folder, GIT_CONFIG_NOSYSTEM: "1" };
  const run = (cwd: string, ...args: string[]) =>
    execFileSync("git", ["-c", "user.name=Someone", "-c", "user.email=someone@example.test", ...args], {
      cwd,
      env,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
    }).trim();
  run(folder, "init", "--quiet", "--bare", "--initial-branch=main", bare);
  run(bare, "config", "http.receivepack", "true");
  run(folder, "clone", "--quiet", bare, other);

  const backend = join(execFileSync("git", ["--exec-path"], { encoding: "utf8" }).trim(), "git-http-backend");
  const expected = `Basic ${Buffer.from(`${credential.username}:${credential.password}`).toString("base64")}`;
  const server = createServer((request, response) => {
    if (request.headers.authorization !== expected) {
      response.writeHead(401, { "www-authenticate": 'Basic realm="git"' }).end();
      return;
    }
    const url = new URL(request.url ?? "/", "http://local");
    const cgi = spawn(backend, [], {
      env: {
        ...env,
        GIT_PROJECT_ROOT: folder,
        GIT_HTTP_EXPORT_ALL: "1",
        PATH_INFO: url.pathname,
        QUERY_STRING: url.search.slice(1),
        REQUEST_METHOD: request.method ?? "GET",
        CONTENT_TYPE: request.headers["content-type"] ?? "",
        HTTP_CONTENT_ENCODING: request.headers["content-encoding"] ?? "",
        HTTP_GIT_PROTOCOL: String(request.headers["git-protocol"] ?? ""),
        REMOTE_USER: credential.username,
      },
      stdio: ["pipe", "pipe", "inherit"],
    });
    request.pipe(cgi.stdin);
    let head = Buffer.alloc(0);
    cgi.stdout.on("data", function begin(data: Buffer) {
      head = Buffer.concat([head, data]);
      const end = head.indexOf("\r\n\r\n");
      if (end < 0) return;
      cgi.stdout.off("data", begin);
      for (const line of head.toString("latin1", 0, end).split("\r\n")) {
        const [name = "", value = ""] = line.split(/: (.*)/s);
        if (name.toLowerCase() === "status") response.statusCode = Number.parseInt(value, 10);
        else response.setHeader(name, value);
      }
      response.write(head.subarray(end + 4));
      cgi.stdout.pipe(response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const git: GitServer = {
    cloneUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/acme/todo.git`,
    git: (...args) => run(bare, ...args),
    commit(branch, changed, message = "Change") {
      const known = run(bare, "branch", "--list", branch) !== "";
      run(other, "fetch", "--quiet", "origin");
      run(other, "checkout", "--quiet", "-B", branch, ...(known ? [`origin/${branch}`] : []));
      for (const [name, content] of Object.entries(changed)) {
        mkdirSync(dirname(join(other, name)), { recursive: true });
        writeFileSync(join(other, name), content);
        if (name.endsWith(".sh")) chmodSync(join(other, name), 0o755);
      }
      run(other, "add", "--all");
      run(other, "commit", "--quiet", "--allow-empty", "-m", message);
      run(other, "push", "--quiet", "origin", branch);
      return run(other, "rev-parse", "HEAD");
    },
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  git.commit("main", files, "Begin");
  return git;
}
