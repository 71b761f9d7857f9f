import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { startCloudflare, type Cloudflare } from "../../dev/cloudflare/start-cloudflare.ts";
import { deployedVersion, variablesOf, type Account } from "../../dev/cloudflare/state.ts";
import { commandLine, descendants, own } from "../../dev/mesh/processes.ts";
import { startNeon, type Neon } from "../../dev/neon/start-neon.ts";
import { check } from "../../drizzle/migrate.ts";
import { nodeFor } from "./wrangler.ts";

/** One story, told in order: each test goes on from what the one before it left at Cloudflare. The real wrangler does the deploying. */
vi.setConfig({ testTimeout: 180_000 });
const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const token = "cf-token-0123456789";
const githubToken = "ghp_secret_of_the_deploy_test";
let neon: Neon;
let cloudflare: Cloudflare;
let account: Account;
let folder: string;

beforeAll(async () => {
  neon = await startNeon({ memory: true });
  cloudflare = await startCloudflare({ token, takenNames: ["mesh-six-dashboard"] });
  [account] = [...cloudflare.accounts.values()] as [Account];
  folder = mkdtempSync(join(tmpdir(), "mesh-six-deploying-"));
  mkdirSync(join(folder, "tmp"));
  for (const [environment, worker] of [
    ["production", "mesh-six"],
    ["staging", "mesh-six-staging"],
  ])
    writeFileSync(join(folder, `${environment}.vars`), settingsOf(worker ?? ""));
});
afterAll(async () => {
  await cloudflare.close();
  await neon.close();
  rmSync(folder, { recursive: true, force: true });
});
let callsBefore = 0;
beforeEach(() => {
  callsBefore = cloudflare.calls.length;
});

function settingsOf(worker: string): string {
  return [
    `DATABASE_URL=${neon.url}`,
    `DATABASE_FETCH_ENDPOINT=${neon.fetchEndpoint}`,
    `PUBLIC_URL=${cloudflare.addressOf(worker)}`,
    `GITHUB_TOKEN=${githubToken}`,
    "NTFY_URL=https://ntfy.sh",
    "NTFY_TOPIC=topic-of-the-deploy-test",
    "LLM_BASE_URL=https://llm.acme.dev",
    "LLM_API_KEY=sk-secret-of-the-deploy-test",
    "LLM_MODEL=model",
    "",
  ].join("\n");
}

interface Ran {
  code: number | string;
  said: string;
  /** Command lines of everything it started. */
  commands: Set<string>;
  report(): { steps: { kind: string; name?: string }[]; [field: string]: unknown };
}

/** Runs `mesh deploy` as a person does; `until` kills it, and all it started, when the stand-in has seen such a call. */
async function mesh(
  args: readonly string[],
  options: { token?: string; until?: (method: string, path: string) => boolean } = {},
): Promise<Ran> {
  const lines: string[] = [];
  const commands = new Set<string>();
  const child = own(nodeFor(root), [join(root, "cli/mesh.mjs"), "deploy", ...args], {
    cwd: root,
    env: {
      ...process.env,
      NO_COLOR: "1",
      TMPDIR: join(folder, "tmp"),
      CLOUDFLARE_API_TOKEN: options.token ?? token,
      CLOUDFLARE_API_BASE_URL: cloudflare.apiUrl,
      CLOUDFLARE_ACCOUNT_ID: "",
    },
    onLine: (line) => lines.push(line),
  });
  const watch = setInterval(() => {
    for (const pid of descendants(child.pid, "")) commands.add(commandLine(pid));
    const { until } = options;
    if (until && cloudflare.calls.slice(callsBefore).some(({ method, path }) => until(method, path))) process.kill(-child.pid, "SIGKILL");
  }, 20);
  const code = await child.ended;
  clearInterval(watch);
  const said = lines.join("\n");
  return {
    code,
    said,
    commands,
    report: () => JSON.parse(lines.findLast((line) => line.startsWith('{"environment')) ?? "") as ReturnType<Ran["report"]>,
  };
}

const production = () => ["--settings", join(folder, "production.vars"), "--save-keys", join(folder, "production.keys")];
const staging = () => ["--env", "staging", "--settings", join(folder, "staging.vars"), "--save-keys", join(folder, "staging.keys")];
const changes = () => cloudflare.calls.slice(callsBefore).filter(({ method }) => method !== "GET");
const secretsOf = (worker: string) => {
  const script = account.scripts.get(worker);
  const version = script && deployedVersion(script);
  return version ? variablesOf(version) : {};
};
const savedKeys = (environment: string) =>
  readFileSync(join(folder, `${environment}.keys`), "utf8")
    .split("\n")
    .filter(Boolean)
    .map((line) => line.split("=")[1] ?? "");

test("a dry run says each step and changes nothing", async () => {
  const { code, said } = await mesh(production());
  expect(code).toBe(0);
  for (const line of [
    "generate MASTER_KEY",
    "create the queue mesh-inbound-dead",
    "create the R2 bucket mesh-archive",
    "migrate the database: 0000_read_model",
  ])
    expect(said).toContain(line);
  expect(said).toContain("deploy the Worker mesh-six (it is not there yet) with OPERATOR_TOKEN, SIGNING_KEY, MASTER_KEY, ");
  expect(said).toContain("Nothing was changed.");
  expect(said).not.toContain(githubToken);
  expect(changes()).toEqual([]);
  expect((await check(neon.url, neon.fetchEndpoint)).pending).toContain("0000_read_model");
});

test("a wrong token, missing settings and keys that have nowhere to go stop it before anything is changed", async () => {
  const wrong = await mesh([...production(), "--yes"], { token: "another" });
  expect(wrong).toMatchObject({ code: 4 });
  expect(wrong.said).toContain("Authentication error (10000)");
  expect(wrong.said).toContain("CLOUDFLARE_API_TOKEN is wrong, or may not do this");
  writeFileSync(
    join(folder, "incomplete.vars"),
    settingsOf("mesh-six")
      .replace(/^LLM_MODEL=.*$/m, "")
      .replace(neon.url, "postgres://mesh:wrong-password@db.localtest/mesh"),
  );
  const incomplete = await mesh(["--settings", join(folder, "incomplete.vars"), "--yes"]);
  expect(incomplete.said).toContain("LLM_MODEL: missing");
  expect(incomplete.said).toContain("DATABASE_URL: the database refuses the login");
  expect(incomplete.said).not.toContain("wrong-password");
  const keys = await mesh(["--settings", join(folder, "production.vars"), "--yes"]);
  expect(keys.said).toContain("SIGNING_KEY: will be generated: say where to with --save-keys <file> or --print-keys");
  expect(changes()).toEqual([]);
});

test("a queue that is refused: what was done is said, and what comes after it waits", async () => {
  cloudflare.plan({
    status: 403,
    method: "POST",
    path: "/client/v4/accounts/account-1/queues",
    times: 1,
    body: refusal(10000, "Authentication error"),
  });
  const refused = await mesh([...production(), "--yes", "--json"]);
  expect(refused.code).toBe(1);
  expect(refused.report()).toMatchObject({ state: "failed", done: [], failed: { kind: "create-queue", name: "mesh-inbound" } });
  expect(refused.said).toContain("Nothing was changed before it.");
  expect(account.buckets.size).toBe(0);
});

test("killed while the Worker is uploaded, it goes on with the same keys and nothing is doubled", async () => {
  const killed = await mesh([...production(), "--yes"], {
    until: (method, path) => method === "PUT" && path.endsWith("/scripts/mesh-six"),
  });
  expect(killed.code).toBe("SIGKILL");
  const keys = savedKeys("production");
  expect(keys).toHaveLength(3);
  const again = await mesh([...production(), "--yes", "--json"]);
  expect(again.code, again.said).toBe(0);
  expect(again.report()).toMatchObject({ state: "done", health: { alive: true, missing: [] } });
  expect(savedKeys("production")).toEqual(keys);
  expect([secretsOf("mesh-six").OPERATOR_TOKEN, secretsOf("mesh-six").SIGNING_KEY, secretsOf("mesh-six").MASTER_KEY].toSorted()).toEqual(
    keys.toSorted(),
  );
  expect(statSync(join(folder, "production.keys")).mode & 0o777).toBe(0o600);
  expect([...account.queues.values()].every(({ consumers }) => consumers.length === 1 && consumers[0]?.script === "mesh-six")).toBe(true);
  expect(account.queues.get("mesh-inbound")?.consumers[0]).toMatchObject({
    dead_letter_queue: "mesh-inbound-dead",
    settings: { batch_size: 50, max_wait_time_ms: 1_000, max_retries: 5 },
  });
  expect(account.workflows.get("mesh-onboarding")?.script_name).toBe("mesh-six");
  expect(account.scripts.get("mesh-six")?.crons).toEqual(["* * * * *"]);
  expect(await check(neon.url, neon.fetchEndpoint)).toEqual({ pending: [], drift: [] });
  const dashboard = account.projects.get("mesh-six-dashboard");
  expect(dashboard?.deployments.at(-1)).toMatchObject({
    bindings: expect.arrayContaining([{ type: "service", name: "MESH", service: "mesh-six" }]) as unknown,
    functions: expect.stringContaining("/session") as unknown,
    manifest: expect.objectContaining({ "/index.html": expect.any(String) as unknown }) as unknown,
    variables: { DATABASE_URL: neon.url, DATABASE_FETCH_ENDPOINT: neon.fetchEndpoint },
  });
  // Its name was taken by someone else's, and the Worker must know the address it got.
  expect(dashboard?.subdomain).not.toBe("mesh-six-dashboard.pages.dev");
  expect(secretsOf("mesh-six").DASHBOARD_URL).toBe(`https://${dashboard?.subdomain}`);
  for (const secret of [...keys, githubToken, token]) {
    expect(again.said).not.toContain(secret);
    for (const command of [...killed.commands, ...again.commands]) expect(command).not.toContain(secret);
  }
  expect([...again.commands].some((command) => command.includes("wrangler.js deploy"))).toBe(true);
});

test("a second time nothing is left to do", async () => {
  const { code, said, commands } = await mesh([...production(), "--yes"]);
  expect(code, said).toBe(0);
  expect(said).toContain("Nothing to do: everything is as wanted.");
  expect(changes()).toEqual([]);
  expect([...commands].filter((command) => command.includes("wrangler.js"))).toEqual([]);
});

test("a deleted secret is put back, and keys stay as they are", async () => {
  const keys = savedKeys("production");
  const script = account.scripts.get("mesh-six");
  const version = script && deployedVersion(script);
  if (!script || !version) throw new Error("not deployed");
  Object.assign(version, { bindings: version.bindings.filter(({ name }) => name !== "LLM_MODEL") });
  const { said, report } = await mesh([...production(), "--yes", "--json"]);
  expect(report().steps, said).toMatchObject([{ kind: "deploy-worker", because: ["LLM_MODEL is missing"] }]);
  expect(secretsOf("mesh-six")).toMatchObject({ LLM_MODEL: "model" });
  expect(keys).toContain(secretsOf("mesh-six").MASTER_KEY);
});

test("the Vault's key is not replaced without the one before it, nor made anew", async () => {
  const replaced = await mesh([...production(), "--yes", "--replace", "MASTER_KEY"]);
  expect(replaced.said).toContain("put the present one into");
  const script = account.scripts.get("mesh-six");
  const version = script && deployedVersion(script);
  const kept = version?.bindings ?? [];
  Object.assign(version ?? {}, { bindings: kept.filter(({ name }) => name !== "MASTER_KEY") });
  const missing = await mesh(["--settings", join(folder, "production.vars"), "--yes", "--print-keys"]);
  expect(missing.said).toContain("MASTER_KEY: is missing from a Worker that may have sealed its Vault with one");
  Object.assign(version ?? {}, { bindings: kept });
  expect([replaced.code, missing.code]).toEqual([2, 2]);
  expect(changes()).toEqual([]);
});

test("staging stands beside production and shares nothing with it", async () => {
  const [versions, queues] = [account.scripts.get("mesh-six")?.versions.length, account.queues.size];
  const { code, said } = await mesh([...staging(), "--yes"]);
  expect(code, said).toBe(0);
  expect(said).toContain(`ready ${cloudflare.addressOf("mesh-six-staging")}`);
  expect(account.scripts.get("mesh-six")?.versions).toHaveLength(versions ?? 0);
  expect(account.queues.size).toBe(queues * 2);
  expect([...account.buckets.keys()]).toEqual(["mesh-archive", "mesh-archive-staging"]);
  expect(savedKeys("staging").filter((key) => savedKeys("production").includes(key))).toEqual([]);
  expect(account.projects.get("mesh-six-dashboard-staging")?.deployments.at(-1)?.bindings).toContainEqual({
    type: "service",
    name: "MESH",
    service: "mesh-six-staging",
  });
  // What production's operators may do, they may not do here.
  const settings = (worker: string) =>
    fetch(`${cloudflare.addressOf(worker)}/settings`, { headers: { authorization: `Bearer ${secretsOf("mesh-six").OPERATOR_TOKEN}` } });
  expect((await settings("mesh-six")).status).toBe(200);
  expect((await settings("mesh-six-staging")).status).toBe(401);
});

test("a rollback goes to the version before, with its settings and its dashboard, and the database stays", async () => {
  const script = account.scripts.get("mesh-six");
  const dashboard = account.projects.get("mesh-six-dashboard");
  const [first, shown] = [script && deployedVersion(script)?.id, dashboard?.canonical];
  const changed = settingsOf("mesh-six")
    .replace("LLM_MODEL=model", "LLM_MODEL=another")
    .replace(neon.fetchEndpoint, `${neon.fetchEndpoint}?second`);
  writeFileSync(join(folder, "production.vars"), changed);
  expect((await mesh([...production(), "--yes"])).code).toBe(0);
  expect(secretsOf("mesh-six").LLM_MODEL).toBe("another");
  expect(dashboard?.canonical).not.toBe(shown);
  callsBefore = cloudflare.calls.length;
  const planned = await mesh(["rollback", "--json"]);
  expect(JSON.parse(planned.said)).toMatchObject({ state: "planned", worker: { to: first }, dashboard: { to: shown } });
  expect(changes()).toEqual([]);
  const done = await mesh(["rollback", "--yes", "--message", "the other model was better"]);
  expect(done.code, done.said).toBe(0);
  const restored = () => [script && deployedVersion(script)?.id, secretsOf("mesh-six").LLM_MODEL, dashboard?.canonical];
  expect(restored()).toEqual([first, "model", shown]);
  expect(script?.deployments.at(-1)?.annotations).toMatchObject({ "workers/message": "the other model was better" });
  const again = await mesh(["rollback", first ?? "", "--yes"]);
  expect(again.code, again.said).toBe(0);
  expect(restored()).toEqual([first, "model", shown]);
});

test("nothing with a secret is left behind on this machine, even by the run that was killed", () => {
  expect(readdirSync(join(folder, "tmp")).filter((name) => name.startsWith("mesh-six-deploy"))).toEqual([]);
});

function refusal(code: number, message: string): object {
  return { success: false, errors: [{ code, message }], messages: [], result: null };
}
