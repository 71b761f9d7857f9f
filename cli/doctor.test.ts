import { chmodSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { findOnPath } from "../runner/isolation.ts";
import { startNeon } from "../dev/neon/start-neon.ts";
import { migrate } from "../drizzle/migrate.ts";
import { meshVersion } from "../core/version.ts";
import type { Finding } from "./doctor/finding.ts";
import { examineMesh } from "./doctor/mesh.ts";
import { examineSettings, hintsOf } from "./doctor/settings.ts";
import { problem, startMadeUpMesh, type MadeUpMesh } from "./testing/made-up-mesh.ts";
import { freshHome, root, runMesh } from "./testing/run-mesh.ts";

// A machine on which everything is there; each test takes one thing away.

let mesh: MadeUpMesh;
let cloudflare: MadeUpMesh;
let neon: Awaited<ReturnType<typeof startNeon>>;
// As root in sight of agents, which a shared folder is not.
const folder = mkdtempSync(join(process.getuid?.() === 0 ? "/var/lib" : tmpdir(), "mesh-doctor-"));

const settings = {
  OPERATOR_TOKEN: "a-token-of-sixteen-characters",
  SIGNING_KEY: "0123456789abcdef0123456789abcdef",
  MASTER_KEY: "0123456789abcdef0123456789abcdef",
  DATABASE_URL: "postgresql://mesh:secret-of-the-database@127.0.0.1:1/mesh",
  PUBLIC_URL: "https://mesh.example.com",
  GITHUB_TOKEN: "ghp_of_the_tests",
  NTFY_URL: "https://ntfy.example.com",
  NTFY_TOPIC: "mesh",
  LLM_BASE_URL: "https://model.example.com/v1",
  LLM_API_KEY: "key",
  LLM_MODEL: "model",
};

beforeAll(async () => {
  [mesh, cloudflare] = await Promise.all([startMadeUpMesh(), startMadeUpMesh()]);
  neon = await startNeon({ memory: true });
  await migrate(neon.url, neon.fetchEndpoint);
});
afterAll(async () => {
  await Promise.all([mesh.close(), cloudflare.close(), neon.close()]);
  rmSync(folder, { recursive: true, force: true });
});

const capability = (name: string) => ({ name, weight: 1, preferred: false, requirements: [], score: 1, results: 0, successes: 0 });
const runner = {
  id: "laptop",
  kind: "remote",
  status: "online",
  capabilities: ["planning", "implementation", "qa", "environment", "agent-login"].map(capability),
  slots: 2,
  connected: true,
  lastContactAt: 0,
  registeredAt: 0,
  draining: false,
  projects: "all",
  metadata: { version: meshVersion },
  health: [],
};
const healthy = {
  hasValidCredential: true,
  expiresAt: null,
  expiresInMs: null,
  hasRefreshToken: false,
  lastRefreshAt: null,
  activeBundleId: null,
  credentials: [],
};
const diagnosis = (change: object = {}) => ({
  at: Date.now(),
  version: meshVersion,
  reconciledAt: Date.now() - 30_000,
  database: { ok: true, detail: "answers" },
  github: [{ project: "acme/todo-app", ok: true, detail: "answers, 4990 points left this hour" }],
  projects: [{ name: "acme/todo-app", seq: 12, projected: 12, outbox: 0 }],
  ...change,
});

beforeEach(() => {
  mesh.on("GET /readyz", { status: "ready" });
  mesh.on("GET /session", { role: "operator" });
  mesh.on("GET /ops/diagnosis", () => ({ status: 200, body: diagnosis() }));
  mesh.on("GET /ops/state", { stopped: null });
  mesh.on("GET /agents", { items: [runner], cursor: null });
  mesh.on("GET /projects", { items: [{ name: "acme/todo-app" }], cursor: null });
  mesh.on("GET /projects/acme/todo-app/credentials/health", healthy);
});

let programs = 0;

/** A PATH with only these programs: a name links to the machine's own, a text is a script in its place. */
function pathOf(given: Readonly<Record<string, string | true>>): string {
  const path = join(folder, `bin-${(programs += 1)}`);
  rmSync(path, { recursive: true, force: true });
  const made = mkdtempSync(`${path}-`);
  for (const [name, script] of Object.entries(given)) {
    const own = findOnPath(name);
    if (script === true && own !== undefined) symlinkSync(own, join(made, name));
    if (script === true) continue;
    writeFileSync(join(made, name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(made, name), 0o755);
  }
  return made;
}

const loggedIn = `if [ "$1" = auth ]; then echo '{"loggedIn": true, "authMethod": "claude.ai"}'; else echo "2.1.330 (Claude Code)"; fi`;
const loggedOut = `if [ "$1" = auth ]; then echo '{"loggedIn": false, "authMethod": "none"}'; exit 1; else echo "2.1.330 (Claude Code)"; fi`;
const complete = {
  node: true,
  git: true,
  claude: loggedIn,
  setpriv: true,
  prlimit: true,
  unshare: true,
  mount: true,
  umount: true,
  mountpoint: true,
  mkdir: true,
  rmdir: true,
  bwrap: 'shift $(($#-1)); exec "$1"',
  true: true,
  sh: true,
  test: true,
  kill: true,
} as const;

interface Told {
  readonly code: number | null;
  readonly text: string;
  readonly ok: boolean;
  readonly findings: readonly Finding[];
  of(name: string): Finding | undefined;
  /** Names of what is missing. */
  readonly missing: readonly string[];
}

function settingsFile(values: Readonly<Record<string, string>>): string {
  const file = join(mkdtempSync(join(folder, "settings-")), "vars");
  writeFileSync(
    file,
    Object.entries(values)
      .map(([name, value]) => `${name}=${value}\n`)
      .join(""),
  );
  return file;
}

async function doctor(change: {
  readonly path?: Readonly<Record<string, string | true>>;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly args?: readonly string[];
  readonly settings?: Readonly<Record<string, string>> | null;
}): Promise<Told> {
  const file = change.settings === null ? join(folder, "none") : settingsFile(change.settings ?? { ...settings });
  const args = ["doctor", "--json", "--settings", file, ...(change.args ?? [])];
  const { code, stdout, stderr } = await runMesh(args, {
    env: {
      PATH: pathOf(change.path ?? complete),
      MESH_URL: mesh.url,
      MESH_TOKEN: mesh.token,
      DATABASE_URL: neon.url,
      DATABASE_FETCH_ENDPOINT: neon.fetchEndpoint,
      ...change.env,
    },
  });
  expect(stderr).toBe("");
  const told = JSON.parse(stdout) as { ok: boolean; findings: Finding[] };
  return {
    code,
    text: stdout,
    ...told,
    of: (name) => told.findings.find((finding) => finding.name === name),
    missing: told.findings.filter(({ status }) => status === "missing").map(({ name }) => name),
  };
}

const here = ["--for", "start", "--for", "runner", "--for", "operate"];

test.runIf(process.getuid?.() === 0)("a wall with a gap is a warning that says which", async () => {
  const { mount: _, ...some } = complete;
  const told = await doctor({ path: some, args: here });
  expect(told.of("isolation")).toMatchObject({
    status: "warning",
    detail: expect.stringMatching(/^what agents put into \/tmp.*mount: not found/),
  });
  const { prlimit: __, ...unlimited } = complete;
  expect((await doctor({ path: unlimited, args: here })).of("isolation")?.detail).toMatch(/^nothing limits how many processes/);
});

test("a machine that has everything: nothing is missing, exit code 0", async () => {
  const told = await doctor({ args: here });
  expect(told.findings.filter(({ status }) => status !== "ok")).toEqual([]);
  expect(told).toMatchObject({ code: 0, ok: true, missing: [] });
});

const without = (name: string) => Object.fromEntries(Object.entries(complete).filter(([key]) => key !== name));

test.each([
  ["node", { path: without("node") }, "there is no node on the PATH", "install Node 20 or later"],
  ["node", { path: { ...complete, node: "echo v18.19.0" } }, "18.19.0 at", "install Node 20 or later"],
  ["git", { path: without("git") }, "there is no git on the PATH", "sudo apt install git"],
  ["git", { path: { ...complete, git: "echo git version 2.20.1" } }, "2.20.1 is too old", "sudo apt install git"],
  [
    "git-http-backend",
    { path: { ...complete, git: 'if [ "$1" = --exec-path ]; then echo /nowhere; else echo git version 2.47.0; fi' } },
    "came without",
    "apt install git",
  ],
  ["coding-agent", { args: ["--claude", "/nowhere/claude"] }, "/nowhere/claude does not run", "npm install -g @anthropic-ai/claude-code"],
  ["coding-agent", { path: { ...complete, claude: "exit 1" } }, "does not run", "npm install -g @anthropic-ai/claude-code"],
])("%s taken away is named", async (name, change, detail, fix) => {
  const told = await doctor({ ...change, args: ["--for", "start", "--for", "runner", ...("args" in change ? change.args : [])] });
  expect(told.code).toBe(1);
  expect(told.missing).toContain(name);
  expect(told.of(name)?.detail).toContain(detail);
  expect(told.of(name)?.fix.join("\n")).toContain(fix);
});

test("an agent without a login is named, unless every project's key comes from the mesh", async () => {
  const path = { ...complete, claude: loggedOut };
  mesh.on("GET /projects/acme/todo-app/credentials/health", { ...healthy, hasValidCredential: false });
  const alone = await doctor({ path, args: ["--for", "runner"] });
  expect(alone.missing).toEqual(["agent-login"]);
  expect(alone.of("agent-login")?.fix[0]).toMatch(/claude auth login$/);
  expect(alone.of("agent-login")?.fix[1]).toContain("mesh credentials push");
  mesh.on("GET /projects/acme/todo-app/credentials/health", healthy);
  expect((await doctor({ path, args: ["--for", "runner"] })).missing).toEqual([]);
});

test("credentials that the mesh cannot tell of are named", async () => {
  const away = problem(503, "vault-closed", "The Vault is closed.");
  mesh.on("GET /projects/acme/todo-app/credentials/health", () => away);
  const told = await doctor({ args: ["--for", "runner"] });
  expect(told.of("credentials acme/todo-app")).toMatchObject({ detail: "The Vault is closed." });
  mesh.on("GET /projects/acme/todo-app/credentials/health", healthy);
});

test("a machine on which agents cannot be walled off is named", async () => {
  const told = await doctor({ path: { node: true, git: true, claude: loggedIn, sh: true }, args: ["--for", "runner"] });
  expect(told.missing).toEqual(["isolation"]);
  expect(told.of("isolation")?.fix.join()).toContain("apt install bubblewrap");
});

test("a wrangler without a login is named, a refused token too, a good one is not", async () => {
  const args = ["--for", "deploy"];
  const without = await doctor({ args });
  expect(without.missing).toEqual(["cloudflare-login"]);
  expect(without.of("cloudflare-login")?.fix[0]).toBe("npx wrangler login");
  const withToken = { CLOUDFLARE_API_TOKEN: mesh.token, CLOUDFLARE_API_BASE_URL: cloudflare.url };
  // The stand-in takes the same token as the made-up mesh.
  const answer = (result: unknown) => ({ success: true, errors: [], messages: [], result });
  cloudflare.on("GET /user", answer({ id: "u1", email: "ada@example.com" }));
  cloudflare.on("GET /user/tokens/verify", answer({ id: "t1", status: "active" }));
  cloudflare.on("GET /accounts", answer([{ id: "a1", name: "Acme" }]));
  cloudflare.on("GET /memberships", answer([{ account: { id: "a1", name: "Acme" } }]));
  expect((await doctor({ args, env: withToken })).of("cloudflare-login")).toMatchObject({
    status: "ok",
    detail: "by CLOUDFLARE_API_TOKEN",
  });
  const refused = await doctor({ args, env: { ...withToken, CLOUDFLARE_API_TOKEN: "a-token-that-cloudflare-does-not-know-of" } });
  expect(refused.missing).toEqual(["cloudflare-login"]);
  expect(refused.text).not.toContain("a-token-that-cloudflare");
});

test.each(Object.keys(settings))("setting %s missing is named with where it comes from", (name) => {
  const left = Object.fromEntries(Object.entries(settings).filter(([key]) => key !== name));
  const findings = examineSettings({ root, file: settingsFile(left), meshIsReady: false }).filter(({ status }) => status !== "ok");
  // A deployment makes its own keys.
  const isMade = ["OPERATOR_TOKEN", "SIGNING_KEY", "MASTER_KEY"].includes(name);
  expect(findings.map((finding) => [finding.name, finding.status])).toEqual([[`setting ${name}`, isMade ? "warning" : "missing"]]);
  expect(findings[0]?.fix[0]?.length).toBeGreaterThan(20);
});

test("malformed and misspelt settings are named, never their values", async () => {
  const told = await doctor({
    settings: { ...settings, SIGNING_KEY: "short-secret", OPERATER_TOKEN: "misspelt-secret" },
    args: ["--for", "deploy"],
  });
  expect(told.of("setting SIGNING_KEY")).toMatchObject({ status: "missing", detail: "at least 32 characters" });
  expect(told.of("setting OPERATER_TOKEN")).toMatchObject({ status: "warning" });
  expect(told.text).not.toMatch(/short-secret|misspelt-secret|secret-of-the-database/);
});

test("no settings file: it and each needed setting are named; a mesh that is ready has its own", async () => {
  const told = await doctor({ settings: null, args: ["--for", "deploy"] });
  expect(told.of("settings-file")?.fix[0]).toContain("cp ");
  expect(told.missing).toContain("setting PUBLIC_URL");
  const ready = await doctor({ settings: null, args: ["--for", "deploy", "--for", "operate"] });
  expect(ready.of("settings-file")?.status).toBe("skipped");
});

test("a database that is away or not migrated is named", async () => {
  const away = await doctor({ env: { DATABASE_FETCH_ENDPOINT: "http://127.0.0.1:1/sql" }, args: ["--for", "deploy"] });
  expect(away.of("database")).toMatchObject({ status: "missing" });
  expect(away.of("database")?.detail).toContain("does not answer");
  const empty = await startNeon({ memory: true });
  const told = await doctor({ env: { DATABASE_URL: empty.url, DATABASE_FETCH_ENDPOINT: empty.fetchEndpoint }, args: ["--for", "deploy"] });
  await empty.close();
  expect(told.of("database")?.detail).toMatch(/migrations not applied: 0000/);
  expect(told.of("database")?.fix).toEqual(["mesh db migrate"]);
});

const operate = ["--for", "operate"];

/** What the doctor makes of the mesh, without a process of its own. */
async function examined(): Promise<Pick<Told, "findings" | "missing" | "of">> {
  const tokenFile = join(mkdtempSync(join(folder, "token-")), "token");
  writeFileSync(tokenFile, mesh.token);
  const { findings } = await examineMesh({ url: mesh.url, tokenFile }, hintsOf(root));
  return {
    findings,
    of: (name) => findings.find((finding) => finding.name === name),
    missing: findings.filter(({ status }) => status === "missing").map(({ name }) => name),
  };
}

test("no mesh, a closed port, and something else on the port are named", async () => {
  const none = await doctor({ env: { MESH_URL: undefined, HOME: freshHome() }, args: operate });
  expect(none.missing).toEqual(["mesh-address"]);
  expect(none.of("mesh-address")?.fix[0]).toContain("mesh login --url");
  const closed = await doctor({ env: { MESH_URL: "http://127.0.0.1:1024" }, args: operate });
  expect(closed.missing).toEqual(["mesh-reachable"]);
  expect(closed.of("mesh-reachable")?.detail).toContain("nothing listens at this address");
  cloudflare.on("GET /healthz", { hello: "I am something else" });
  const other = await doctor({ env: { MESH_URL: cloudflare.url }, args: operate });
  expect(other.of("mesh-reachable")?.detail).toContain("is no mesh");
});

test("a Worker that lacks a setting or a binding: each is named with what mends it", async () => {
  const issues = [
    { path: "MASTER_KEY", message: "missing" },
    { path: "VAULTS", message: "binding missing" },
  ];
  mesh.on("GET /readyz", () => problem(503, "not-configured", "Settings or bindings are missing.", issues));
  const told = await examined();
  expect(told.missing).toEqual(["setting MASTER_KEY", "binding VAULTS"]);
  expect(told.of("setting MASTER_KEY")?.fix).toEqual([expect.stringContaining("Seals the secrets"), "npx wrangler secret put MASTER_KEY"]);
  expect(told.of("binding VAULTS")?.fix[0]).toContain("mesh deploy --yes");
});

test("a token that is missing, refused, or only reads is named and never shown", async () => {
  const none = await doctor({ env: { MESH_TOKEN: undefined, HOME: freshHome() }, args: operate });
  expect(none.of("mesh-token")).toMatchObject({ status: "missing", fix: [`mesh login --url ${mesh.url}`] });
  const wrong = await doctor({ env: { MESH_TOKEN: "a-wrong-token-0123" }, args: operate });
  expect(wrong.of("mesh-token")).toMatchObject({ status: "missing", detail: "the mesh refuses it" });
  expect(wrong.text).not.toContain("a-wrong-token");
  mesh.on("GET /session", { role: "viewer" });
  expect((await examined()).of("mesh-token")).toMatchObject({ status: "warning" });
});

test.each([
  ["clock", { at: Date.now() + 600_000, reconciledAt: Date.now() + 580_000 }, /behind the mesh's/, "timedatectl"],
  ["clock", { at: Date.now() - 600_000, reconciledAt: Date.now() - 620_000 }, /ahead of the mesh's/, "timedatectl"],
  ["cron", { reconciledAt: null }, /never run/, "mesh reconcile"],
  ["cron", { reconciledAt: Date.now() - 3_600_000 }, /6\d min ago/, "mesh reconcile"],
  ["mesh-database", { database: { ok: false, detail: "does not answer" } }, /does not answer/, "DATABASE_URL"],
  ["mesh-database", { database: { ok: false, detail: "tables of this version are missing" } }, /tables/, "mesh db migrate"],
  [
    "github acme/todo-app",
    { github: [{ project: "acme/todo-app", ok: false, detail: "GitHub: the token was refused" }] },
    /token was refused/,
    "mesh onboard acme/todo-app",
  ],
  [
    "read-model",
    { projects: [{ name: "acme/todo-app", seq: 12, projected: 5, outbox: 0 }] },
    /acme\/todo-app 7 events behind/,
    "mesh reconcile",
  ],
])("%s is named when the mesh tells so", async (name, change, detail, fix) => {
  mesh.on("GET /ops/diagnosis", () => ({ status: 200, body: diagnosis(change) }));
  const told = await examined();
  expect(told.missing).toEqual([name]);
  expect(told.of(name)?.detail).toMatch(detail);
  expect(told.of(name)?.fix.join("\n")).toContain(fix);
});

test("a read model that lags and follows is fine", async () => {
  let asked = 0;
  mesh.on("GET /ops/diagnosis", () => {
    asked += 1;
    return { status: 200, body: diagnosis({ projects: [{ name: "acme/todo-app", seq: 12, projected: asked === 1 ? 5 : 9, outbox: 1 }] }) };
  });
  expect((await examined()).of("read-model")?.status).toBe("ok");
});

test("runners: none, offline, too few capabilities, another version; and a mesh that is stopped or has no project", async () => {
  mesh.on("GET /agents", { items: [], cursor: null });
  const none = await examined();
  expect(none.of("runners")).toMatchObject({ status: "missing", detail: "none has ever registered" });
  expect(none.of("runners")?.fix[1]).toContain("mesh runner");
  mesh.on("GET /agents", { items: [{ ...runner, status: "offline" }], cursor: null });
  expect((await examined()).of("runners")?.detail).toBe("none online offers planning, implementation, qa; offline: laptop");
  const older = { ...runner, capabilities: ["planning", "implementation", "qa"].map(capability), metadata: { version: "0.0.9" } };
  mesh.on("GET /agents", { items: [older], cursor: null });
  mesh.on("GET /ops/state", { stopped: { at: Date.now(), by: "operator", reason: "moving house" } });
  mesh.on("GET /projects", { items: [], cursor: null });
  const told = await examined();
  expect(told.findings.filter(({ status }) => status === "warning").map(({ name, fix }) => [name, fix[0]])).toEqual([
    ["at-work", "mesh go"],
    ["runner-capabilities", expect.stringContaining("git pull")],
    ["runner-version laptop", expect.stringContaining("git pull")],
    ["projects", "mesh onboard owner/name"],
  ]);
});

test("for people: each fault with the commands that mend it, which are never broken", async () => {
  mesh.on("GET /agents", { items: [], cursor: null });
  const { code, stdout } = await runMesh(["doctor", ...operate], {
    env: { PATH: pathOf(complete), MESH_URL: mesh.url, MESH_TOKEN: mesh.token, COLUMNS: "80", NO_COLOR: "1" },
  });
  expect(code).toBe(1);
  expect(stdout).toContain("✗ runners");
  expect(stdout).toContain("      → mesh agents token my-laptop\n");
  expect(stdout).toMatch(/\n1 missing\.\n$/);
});

const acpAgent = (flags = "") => `acp:${process.execPath} ${join(import.meta.dirname, "../dev/acp-agent/agent.ts")}${flags}`;

test("an agent of the protocol is greeted, and says whether it needs a login", async () => {
  const told = await doctor({ args: ["--for", "runner", "--agent", acpAgent()] });
  expect(told.of("coding-agent")).toMatchObject({ status: "ok", detail: "acp-agent 1.0.0, speaks version 1 of the Agent Client Protocol" });
  expect(told.of("agent-login")).toMatchObject({ status: "ok" });
});

test("an agent that asks for a login says how, with the commands for it", async () => {
  mesh.on("GET /projects/acme/todo-app/credentials/health", { ...healthy, hasValidCredential: false });
  const told = await doctor({ args: ["--for", "runner", "--agent", acpAgent(" --login")] });
  expect(told.of("coding-agent")).toMatchObject({ status: "ok" });
  expect(told.of("agent-login")).toMatchObject({
    status: "missing",
    detail: expect.stringMatching(/Use a key \(Requires setting the `ACP_AGENT_KEY` environment variable\); Log in on this machine/),
    fix: [
      expect.stringContaining("mesh runner --agent-env ACP_AGENT_KEY"),
      expect.stringMatching(/agent\.ts --login --log-in 'for good'$/),
      expect.stringContaining("mesh credentials push"),
    ],
  });
  const keyed = await doctor({ args: ["--for", "runner", "--agent", acpAgent(" --login")], env: { ACP_AGENT_KEY: "key-of-the-test" } });
  expect(keyed.of("agent-login")).toMatchObject({ status: "ok" });
  expect(keyed.text).not.toContain("key-of-the-test");
});

test.each([
  ["acp:no-such-agent --acp", "no-such-agent was not found", "mesh doctor --agent"],
  [acpAgent(" --old"), "version 0 of the protocol", "update it"],
  ["acp:sh -c 'echo broken >&2; exit 3'", "exit code 3) (broken)", "some need a flag"],
  ["command:no-such-program", "no-such-program was not found", "whole path"],
])("--agent %s is named", async (agent, detail, fix) => {
  const told = await doctor({ args: ["--for", "runner", "--agent", agent] });
  expect(told.of("coding-agent")).toMatchObject({ status: "missing", detail: expect.stringContaining(detail) });
  expect(told.of("coding-agent")?.fix.join(" ")).toContain(fix);
  expect(told.of("agent-login")?.status).toBe("skipped");
});

test("a plain program is there, and cannot be asked", async () => {
  const told = await doctor({ args: ["--for", "runner", "--agent", "command:sh -c true"] });
  expect([told.of("coding-agent")?.status, told.of("agent-login")?.status]).toEqual(["ok", "skipped"]);
  expect(await runMesh(["doctor", "--agent", "codex"])).toMatchObject({ code: 2 });
});
