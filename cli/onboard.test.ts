import { spawn } from "node:child_process";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { onboardingActivities, phaseOfActivity, type OnboardingView } from "../core/onboarding/view.ts";
import { problem, startMadeUpMesh, type MadeUpMesh } from "./testing/made-up-mesh.ts";
import { freshHome, node, root, runMesh, until } from "./testing/run-mesh.ts";

let mesh: MadeUpMesh;
beforeAll(async () => {
  mesh = await startMadeUpMesh();
});
afterAll(() => mesh.close());
beforeEach(() => mesh.asked.splice(0));

const env = (more: object = {}) => ({ MESH_URL: mesh.url, MESH_TOKEN: mesh.token, NO_COLOR: "1", COLUMNS: "80", ...more });
const key = "sk-ant-a-key-that-nobody-may-see";
const begun = 1_795_700_000_000;

/** An onboarding after so many activities. */
function view(steps: number, change: Partial<Record<keyof OnboardingView, unknown>> = {}): OnboardingView {
  const activity = onboardingActivities[steps] ?? null;
  return {
    id: "o1",
    repository: "acme/todo-app",
    status: activity === null ? "completed" : "running",
    phase: activity === null ? null : phaseOfActivity[activity],
    activity,
    completed: onboardingActivities.slice(0, steps).map((name) => ({ activity: name, summary: `${name} is done`, at: begun })),
    error: null,
    login: null,
    pause: null,
    permissions: [],
    project: null,
    board: {
      id: "B",
      number: 3,
      url: "https://github.com/orgs/acme/projects/3",
      owner: "acme",
      ownerKind: "organization",
      observedBy: "webhook",
    },
    attempt: 1,
    requestedBy: "operator",
    createdAt: begun,
    updatedAt: begun + 65_000,
    ...change,
  } as OnboardingView;
}

/** Tells a story: each look at the onboarding shows the next view, the last one for good. */
function story(...views: readonly OnboardingView[]): void {
  let at = 0;
  mesh.on("POST /onboard", { ...view(0, { status: "pending", phase: null, activity: null }) });
  mesh.on("GET /onboard/o1", () => {
    const body = views[Math.min(at, views.length - 1)];
    at += 1;
    return { status: 200, body };
  });
}

const all = onboardingActivities.length;

test("a service that asks to wait is named, with until when", async () => {
  const until = Date.now() + 600_000;
  mesh.on("GET /onboard/o1", { ...view(1, { pause: { service: "GitHub", until } }) });
  const { code, stdout } = await runMesh(["onboard", "status", "o1"], { env: env() });
  expect([code, stdout]).toEqual([7, expect.stringMatching(/waits until +\S+ \S+ \(in \d+ min\), because GitHub asks/)]);
});

test("to completed: phases and activities as they happen, exit code 0", async () => {
  story(view(2), view(5), view(9), view(all));
  const args = [
    "onboard",
    "Acme/Todo-App",
    "--board",
    "https://github.com/orgs/acme/projects/3",
    "--set",
    "merge=auto",
    "--skip-litellm",
    "--skip-trial",
  ];
  const { code, stdout, stderr } = await runMesh(args, { env: env() });
  expect(stderr).toBe("");
  expect(stdout).toBe(
    [
      "acme/todo-app  o1",
      "",
      "initialisation",
      "✓ validate       validate is done",
      "✓ board          board is done",
      "✓ registry       registry is done",
      "✓ webhook        webhook is done",
      "✓ storage        storage is done",
      "",
      "environment",
      "✓ dev-container  dev-container is done",
      "✓ runner         runner is done",
      "✓ trial          trial is done",
      "",
      "login-and-settings",
      "✓ login          login is done",
      "✓ model-budget   model-budget is done",
      "✓ settings       settings is done",
      "",
      "Ready after 1 min: https://github.com/orgs/acme/projects/3",
      "Put a card into its first column, and the mesh goes to work.",
      "",
    ].join("\n"),
  );
  expect(code).toBe(0);
  expect(mesh.asked[0]).toMatchObject({
    method: "POST",
    path: "/onboard",
    body: {
      repository: "acme/todo-app",
      board: { owner: "acme", number: 3 },
      overrides: { merge: "auto" },
      skipLiteLLM: true,
      skipTrial: true,
    },
  });
});

test("a failure says the step, the reason, what to do and how to go on: exit code 1", async () => {
  const error = {
    activity: "webhook",
    reason: "webhooks-not-allowed",
    message: "The App may not make webhooks.",
    fix: "Give it Webhooks: read and write.\nThen accept the new permission.",
  };
  const permissions = [
    { name: "repository-read", result: "works", detail: "seen" },
    { name: "board-read", result: "degraded", detail: "The board is polled.", fix: "Nothing needs to be done." },
    { name: "webhooks-write", result: "missing", detail: "403", fix: "Give the App Webhooks: read and write." },
  ];
  story(view(3, { status: "failed", error, permissions }));
  const { code, stdout } = await runMesh(["onboard", "acme/todo-app"], { env: env() });
  expect(code).toBe(1);
  expect(stdout).toContain("~ board-read\n    The board is polled.\n    → Nothing needs to be done.\n✗ webhooks-write\n");
  expect(stdout).not.toContain("repository-read");
  expect(stdout).toContain(
    [
      "✗ webhook: The App may not make webhooks. (webhooks-not-allowed)",
      "",
      "To mend it:",
      "  Give it Webhooks: read and write.",
      "  Then accept the new permission.",
      "",
      "Then: mesh onboard retry o1",
      "",
    ].join("\n"),
  );
});

const waiting = (login: object) => view(8, { status: "waiting_auth", login: { expiresAt: Date.now() + 3_600_000, ...login } });

test.each([
  ["--key-env", { args: ["--key-env", "MY_KEY"], env: { MY_KEY: key } }],
  ["--key-stdin", { args: ["--key-stdin"], input: `${key}\n` }],
] as const)("the key comes by %s, is sent once, and is never shown", async (_, given) => {
  story(waiting({ mode: "api-key" }), waiting({ mode: "api-key" }), waiting({ mode: "api-key" }), view(all));
  mesh.on("POST /onboard/o1/auth-callback", { status: "accepted" });
  const options = { env: env("env" in given ? given.env : {}), ...("input" in given ? { input: given.input } : {}) };
  const { code, stdout, stderr } = await runMesh(["onboard", "acme/todo-app", ...given.args], options);
  expect(code).toBe(0);
  expect(stdout + stderr).not.toContain(key);
  expect(mesh.asked.filter(({ path }) => path.endsWith("/auth-callback")).map(({ body }) => body)).toEqual([
    { variables: { ANTHROPIC_API_KEY: key } },
  ]);
});

test("on a terminal the key is asked for and not shown, nor its length", async () => {
  story(waiting({ mode: "api-key" }), waiting({ mode: "api-key" }), view(all));
  mesh.on("POST /onboard/o1/auth-callback", { status: "accepted" });
  // `script` gives the command a terminal, and shows what stands on it.
  const terminal = spawn("script", ["-qec", `${node} ${root}/cli/mesh.ts onboard acme/todo-app`, "/dev/null"], {
    env: { PATH: process.env["PATH"], HOME: freshHome(), TERM: "xterm", ...env() },
  });
  let shown = "";
  terminal.stdout.setEncoding("utf8").on("data", (text: string) => (shown += text));
  const ended = new Promise((resolve) => terminal.once("close", resolve));
  await until(() => shown, "ANTHROPIC_API_KEY (hidden):");
  const before = shown.length;
  terminal.stdin.write(key);
  // What is typed next is a correction: the last character goes and comes back.
  terminal.stdin.write(`\u007f${key.at(-1)}\r`);
  expect(await ended).toBe(0);
  expect(mesh.asked.find(({ path }) => path.endsWith("/auth-callback"))?.body).toEqual({ variables: { ANTHROPIC_API_KEY: key } });
  expect(shown).not.toContain(key.slice(0, 8));
  expect(shown.slice(before)).not.toContain("*");
});

test("no key and nobody to ask: says how to give it, exit code 7", async () => {
  story(waiting({ mode: "api-key" }));
  const { code, stdout } = await runMesh(["onboard", "acme/todo-app"], { env: env() });
  expect(code).toBe(7);
  expect(stdout).toContain("mesh onboard watch o1 --key-env ANTHROPIC_API_KEY");
});

test("a device's page and code, a runner's command: shown where they cannot be overlooked, and waited for", async () => {
  const device = { mode: "device", deviceUrl: "https://claude.ai/device", userCode: "ABCD-EFGH" };
  story(waiting(device), waiting(device), waiting({ mode: "runner", command: "claude auth login", runner: "laptop\u001b[2J" }), view(all));
  const { code, stdout } = await runMesh(["onboard", "acme/todo-app", "--login", "device"], { env: env() });
  expect(code).toBe(0);
  expect(stdout.match(/ABCD-EFGH/g)).toHaveLength(1);
  expect(stdout).toContain("\n        https://claude.ai/device  \n\n        ABCD-EFGH  \n");
  expect(stdout).toContain("On the runner laptop, run:\n\n        claude auth login  \n");
  expect(stdout).not.toContain("\u001b");
});

test("Ctrl-C leaves it running and says how to come back; watch sees it to its end by its repository's name", async () => {
  story(view(1), view(2));
  const left = await runMesh(["onboard", "acme/todo-app"], {
    env: env(),
    during: (child, said) => void until(said, "board is done").then(() => child.kill("SIGINT")),
  });
  expect(left.code).toBe(130);
  expect(left.stderr).toContain("The onboarding goes on without you. mesh onboard watch o1 comes back to it.");
  expect(mesh.asked.filter(({ method }) => method === "POST")).toHaveLength(1);
  story(view(all));
  mesh.on("GET /onboard", { items: [view(2), view(1, { id: "o0", repository: "acme/other" })], cursor: null });
  expect((await runMesh(["onboard", "watch", "acme/todo-app"], { env: env() })).code).toBe(0);
});

test("a mesh that is away for a while is waited for", async () => {
  let looks = 0;
  mesh.on("POST /onboard", view(1));
  mesh.on("GET /onboard/o1", () => {
    looks += 1;
    return looks < 3 ? problem(500, "internal", "restarting") : { status: 200, body: view(all) };
  });
  expect((await runMesh(["onboard", "acme/todo-app"], { env: env() })).code).toBe(0);
});

test("for programs: one document at the end, or at once with --no-wait", async () => {
  story(view(4), view(all));
  const waited = await runMesh(["onboard", "acme/todo-app", "--json"], { env: env() });
  expect([waited.code, JSON.parse(waited.stdout)]).toEqual([0, view(all)]);
  const begunOnly = await runMesh(["onboard", "acme/todo-app", "--json", "--no-wait"], { env: env() });
  expect(JSON.parse(begunOnly.stdout)).toMatchObject({ id: "o1", status: "pending" });
});

test("status, list and retry; the same repository with another request", async () => {
  const error = { activity: "runner", reason: "no-runner", message: "No runner is online.", fix: "mesh runner --url …" };
  const failed = view(6, { status: "failed", error });
  story(failed);
  const status = await runMesh(["onboard", "status", "o1"], { env: env() });
  expect(status.code).toBe(1);
  expect(status.stdout).toContain("Then: mesh onboard retry o1");
  mesh.on("GET /onboard", { items: [failed], cursor: null });
  const list = await runMesh(["onboard", "list"], { env: env() });
  expect(list.stdout.split("\n")[1]).toMatch(/^o1 {10}acme\/todo-app {2}failed {2}runner {2}/);
  mesh.on("POST /onboard/o1/retry", view(6, { attempt: 2 }));
  story(view(all, { attempt: 2 }));
  expect((await runMesh(["onboard", "retry", "o1"], { env: env() })).code).toBe(0);
  mesh.on("POST /onboard", () => problem(409, "already-onboarding", "The repository is being onboarded with another request: o1."));
  const other = await runMesh(["onboard", "acme/todo-app"], { env: env() });
  expect([other.code, other.stderr]).toEqual([6, expect.stringContaining("mesh onboard list")]);
});
