import { generateKeyPairSync } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type GitHubStandIn, startGitHub } from "./start-github.ts";
import type { Board } from "./state.ts";

/** A webhook as it arrived. */
export interface Received {
  event: string;
  delivery: string;
  signature: string | undefined;
  headers: Record<string, string | string[] | undefined>;
  body: string;
  payload: Record<string, never> & { action?: string };
}

/** A program that takes webhooks, answers with `status`, and lets a test wait for one. */
export interface Receiver {
  url: string;
  received: Received[];
  status: number;
  waitFor(wanted: (received: Received) => boolean): Promise<Received>;
  close(): Promise<void>;
}

export async function startReceiver(): Promise<Receiver> {
  const waiting = new Set<() => void>();
  const receiver: Receiver = {
    url: "",
    received: [],
    status: 200,
    waitFor(wanted) {
      return new Promise((resolve) => {
        const look = (): void => {
          const found = receiver.received.find(wanted);
          if (!found) return;
          waiting.delete(look);
          resolve(found);
        };
        waiting.add(look);
        look();
      });
    },
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString("utf8");
    receiver.received.push({
      event: String(request.headers["x-github-event"]),
      delivery: String(request.headers["x-github-delivery"]),
      signature: request.headers["x-hub-signature-256"] as string | undefined,
      headers: request.headers,
      body,
      payload: JSON.parse(body),
    });
    response.writeHead(receiver.status, { Connection: "close" }).end("noted");
    for (const look of waiting) look();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  receiver.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hooks`;
  return receiver;
}

export interface TestGitHub {
  github: GitHubStandIn;
  dataDir: string;
  orgBoard: Board;
  userBoard: Board;
  /** A classic token of `ada` with every scope. */
  token: string;
  appPrivateKey: string;
  installationId: number;
  rest(method: string, path: string, body?: unknown, token?: string | null): Promise<{ status: number; body: never; headers: Headers }>;
  graphql(
    query: string,
    variables?: Record<string, unknown>,
    token?: string,
  ): Promise<{ data: never; errors?: { type?: string; message: string }[] }>;
  human(action: string, input: unknown): Promise<never>;
  close(): Promise<void>;
}

const ALL_SCOPES = ["repo", "project", "workflow", "admin:org_hook", "admin:repo_hook"];

/** `acme/todo-app` of an organisation and `solo/notes` of a user, each with a board and an issue on it. */
export async function startTestGitHub(): Promise<TestGitHub> {
  const dataDir = mkdtempSync(join(tmpdir(), "github-stand-in-"));
  const keys = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const github = await startGitHub({ dataDir });
  const { seed } = github;
  seed.addUser("ada", "Ada");
  seed.addUser("solo");
  seed.addUser("stranger");
  seed.addOrganization("acme", { ada: "admin" });
  await seed.addRepository({
    owner: "acme",
    name: "todo-app",
    private: true,
    files: { "README.md": "# todo\n", "src/list.js": "export const list = [];\n" },
  });
  await seed.addRepository({ owner: "solo", name: "notes" });
  seed.addIssue("acme/todo-app", { title: "Add a title", author: "ada" });
  seed.addIssue("solo/notes", { title: "Sort notes" });
  const orgBoard = seed.addBoard({
    owner: "acme",
    title: "Todo",
    statusOptions: ["Backlog", "In Progress", "Done"],
    repositories: ["acme/todo-app"],
  });
  const userBoard = seed.addBoard({ owner: "solo", title: "Notes", repositories: ["solo/notes"] });
  const { installations } = seed.addApp({
    appId: 77,
    owner: "acme",
    publicKeyPem: keys.publicKey.export({ type: "spki", format: "pem" }).toString(),
    installations: [{ account: "acme" }, { account: "solo" }],
  });
  const token = seed.addToken({ kind: "classic", login: "ada", scopes: ALL_SCOPES });

  const post = async (path: string, body: unknown, headers: Record<string, string> = {}): Promise<never> => {
    const response = await fetch(github.url + path, {
      method: "POST",
      headers: { "Content-Type": "application/json", ...headers },
      body: JSON.stringify(body),
    });
    return (await response.json()) as never;
  };
  await post("/__human/add-card", { board: "acme/1", issue: "acme/todo-app#1" });
  await post("/__human/add-card", { board: "solo/1", issue: "solo/notes#1" });

  return {
    github,
    dataDir,
    orgBoard,
    userBoard,
    token,
    appPrivateKey: keys.privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    installationId: installations[0]?.id ?? 0,
    async rest(method, path, body, as = token) {
      const response = await fetch(github.url + path, {
        method,
        headers: { ...(as === null ? {} : { Authorization: `Bearer ${as}` }) },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      return {
        status: response.status,
        body: (text.startsWith("{") || text.startsWith("[") ? JSON.parse(text) : text) as never,
        headers: response.headers,
      };
    },
    graphql: (query, variables = {}, as = token) => post("/graphql", { query, variables }, { Authorization: `Bearer ${as}` }),
    human: (action, input) => post(`/__human/${action}`, input),
    async close() {
      await github.close();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}
