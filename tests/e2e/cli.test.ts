import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { afterAll, beforeAll, expect, test } from "vitest";
import { freshHome, runMesh, until as said } from "../../cli/testing/run-mesh.ts";
import type { OnboardingView } from "../../core/onboarding/view.ts";
import { demonstration, putIntoTodo } from "../../dev/demo/demonstration.ts";
import { notes } from "../../dev/demo/repositories/notes.ts";
import { meshForTest, until } from "./mesh-fixture.ts";

// The command as a person uses it, against the whole local mesh.

let mesh: Awaited<ReturnType<typeof meshForTest>>;
const home = freshHome();
const secret = "sk-ant-api03-of-the-command's-test";

beforeAll(async () => {
  mesh = await meshForTest();
  mesh.putIn.push({ name: "the agents' key", value: secret });
  const login = await runMesh(["login", "--url", mesh.url], { env: { HOME: home }, input: mesh.operatorToken });
  expect(login.stdout).toContain(`Logged in to ${mesh.url}/api as operator`);
});
afterAll(() => mesh?.end());

const command = (args: readonly string[], more: Readonly<Record<string, string>> = {}) => runMesh(args, { env: { HOME: home, ...more } });
const document = async <T>(...args: readonly string[]): Promise<T> => {
  const { code, stdout, stderr } = await command([...args, "--json"]);
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout) as T;
};

async function addRepository(owner: string): Promise<string> {
  await mesh.github.seed.addRepository({ owner, name: "by-command", files: { ...notes } });
  if (owner === "acme") mesh.github.seed.setPermission("ada", `${owner}/by-command`, "admin");
  return `${owner}/by-command`;
}

test.each([
  ["acme", "webhook"],
  ["solo", "poll"],
])("mesh onboard takes a repository of %s to completed, with the key from the environment", async (owner, observedBy) => {
  const repository = await addRepository(owner);
  const onboarded = await command(["onboard", repository, "--key-env", "MY_KEY"], { MY_KEY: secret });
  expect(onboarded.code, onboarded.stdout + onboarded.stderr + mesh.said.slice(-30).join("\n")).toBe(0);
  for (const phase of ["initialisation", "environment", "login-and-settings"]) expect(onboarded.stdout).toContain(`\n${phase}\n`);
  for (const activity of ["validate", "board", "webhook", "runner", "trial", "login", "settings"])
    expect(onboarded.stdout).toMatch(new RegExp(`^✓ ${activity} `, "m"));
  expect(onboarded.stdout).toContain("Put a card into its first column");
  const { items } = await document<{ items: OnboardingView[] }>("onboard", "list");
  expect(items[0]).toMatchObject({ repository, status: "completed", board: { owner, observedBy } });
  const health = await document<{ hasValidCredential: boolean }>("credentials", "health", repository);
  expect(health.hasValidCredential).toBe(true);
  expect(onboarded.stdout + onboarded.stderr + mesh.said.join("\n")).not.toContain(secret);
});

test("stopped, an issue says so; going, it goes on to its end", async () => {
  expect((await command(["stop", "--reason", "a fire drill"])).code).toBe(0);
  expect((await command(["state"])).stdout).toContain("Stopped by operator");
  await putIntoTodo(
    mesh,
    demonstration.filter(({ key }) => key === "acme/todo-app#1"),
  );
  await until(
    "the run is there",
    async () => (await document<{ items: unknown[] }>("runs", "list", "--project", "acme/todo-app")).items.length === 1,
  );
  const waiting = await until("it says that the mesh is stopped", async () => {
    const { stdout } = await command(["explain", "acme/todo-app#1"]);
    return stdout.includes("a fire drill") ? stdout : null;
  });
  expect(waiting).toMatch(/awaiting/);
  const heard = runMesh(["events", "--follow", "--json", "--project", "acme/todo-app"], {
    env: { HOME: home },
    during: (child, lines) => void said(lines, '"run-ended"', 90_000).finally(() => child.kill("SIGTERM")),
  });
  expect((await command(["go"])).code).toBe(0);
  const events = (await heard).stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { type: string; seq: number });
  expect(events.map(({ seq }) => seq)).toEqual([...new Set(events.map(({ seq }) => seq))].toSorted((a, b) => a - b));
  const run = await document<{ phase: string }>("runs", "show", "acme/todo-app#1");
  expect(run.phase).toBe("ACCEPTED");
});

test("a backup is made, carried away, deleted, and carried back", async () => {
  const folder = mkdtempSync(`${tmpdir()}/mesh-cli-backup-`);
  const { name } = await document<{ name: string }>("backup", "create");
  expect((await command(["backup", "get", name, "--to", folder])).code).toBe(0);
  expect((await command(["backup", "delete", name, "--yes"])).code).toBe(0);
  expect((await document<{ items: unknown[] }>("backup", "list")).items).toEqual([]);
  const put = await command(["backup", "put", `${folder}/${name}`]);
  expect([put.code, put.stdout + put.stderr]).toEqual([0, `${name} is there: mesh backup restore ${name}\n`]);
  expect((await document<{ items: { name: string }[] }>("backup", "list")).items.map((one) => one.name)).toEqual([name]);
  // This mesh is not empty, so that it refuses, with its reason.
  const refused = await command(["backup", "restore", name, "--yes"]);
  expect([refused.code, refused.stderr]).toEqual([6, expect.stringContaining("reason not-empty")]);
});

test("the doctor finds the whole local mesh well", async () => {
  const { code, stdout } = await command(["doctor", "--for", "operate"]);
  expect(stdout).toContain("Nothing is missing.");
  expect(code).toBe(0);
});
