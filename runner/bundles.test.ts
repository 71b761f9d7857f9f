import { afterEach, beforeEach, expect, test } from "vitest";
import { Bundles } from "./bundles.ts";
import { startMeshDouble, type MeshDouble } from "./testing/mesh-double.ts";

let mesh: MeshDouble;
const said: string[] = [];
beforeEach(async () => {
  mesh = await startMeshDouble();
  said.length = 0;
});
afterEach(() => mesh.stop());

const bundlesOf = () =>
  new Bundles({ url: mesh.url, id: "laptop-1", token: mesh.token }, (...line) => void said.push(JSON.stringify(line)));
const attempt = (number: number) => ({ taskId: "P.t1", attempt: number });
const never = () => false;

test("a project without credentials sets nothing", async () => {
  expect(await bundlesOf().variablesFor("acme/todo", attempt(1), never)).toEqual({ ok: true, value: {} });
});

test("what was opened serves the next attempts of its project until the mesh has something newer", async () => {
  const bundles = bundlesOf();
  mesh.variables = { ANTHROPIC_API_KEY: "first" };
  expect(await bundles.variablesFor("acme/todo", attempt(1), never)).toEqual({ ok: true, value: { ANTHROPIC_API_KEY: "first" } });
  expect(await bundles.variablesFor("acme/todo", attempt(2), never)).toEqual({ ok: true, value: { ANTHROPIC_API_KEY: "first" } });
  expect(mesh.bundlesOpened).toBe(1);
  await bundles.variablesFor("acme/other", attempt(1), never);
  expect(mesh.bundlesOpened).toBe(2);
  mesh.variables = { ANTHROPIC_API_KEY: "second" };
  expect(await bundles.variablesFor("acme/todo", attempt(3), never)).toEqual({ ok: true, value: { ANTHROPIC_API_KEY: "second" } });
  mesh.variables = null;
  expect(await bundles.variablesFor("acme/todo", attempt(4), never)).toEqual({ ok: true, value: {} });
  expect(said).toEqual([]);
});

test("variables that would change the runner are left out, whatever the mesh says, and their values are not logged", async () => {
  mesh.variables = { PATH: "/tmp/evil", GIT_SSH_COMMAND: "evil-command", KEY: "value" };
  expect(await bundlesOf().variablesFor("acme/todo", attempt(1), never)).toEqual({ ok: true, value: { KEY: "value" } });
  expect(said.join()).toContain("GIT_SSH_COMMAND");
  expect(said.join()).not.toContain("evil-command");
});

test.each([
  [{ status: 409, reason: "tampered" }, "configuration"],
  [{ status: 403, reason: "no-live-attempt" }, "infrastructure"],
  [{ status: 410, reason: "bundle-over" }, "configuration"],
])("refused with %j it says who can mend it", async (refusal, kind) => {
  mesh.refuseBundlesWith = refusal;
  expect(await bundlesOf().variablesFor("acme/todo", attempt(1), never)).toMatchObject({ ok: false, error: { kind } });
});

test("a mesh of before it kept credentials has none", async () => {
  mesh.refuseBundlesWith = { status: 404, reason: "not-found" };
  expect(await bundlesOf().variablesFor("acme/todo", attempt(1), never)).toEqual({ ok: true, value: {} });
});

test("a mesh that is away is waited for, until it is given up", async () => {
  mesh.refuseBundlesWith = { status: 503, reason: "away" };
  let asked = 0;
  const failed = await bundlesOf().variablesFor("acme/todo", attempt(1), () => (asked += 1) > 1);
  expect(failed).toMatchObject({ ok: false, error: { kind: "infrastructure" } });
  expect(asked).toBe(2);
});
