import { sign } from "@octokit/webhooks-methods";
import { afterEach, expect, test } from "vitest";
import { ClientError } from "../../clients/client-error.ts";
import type { ProjectProfile } from "../../core/inputs.ts";
import { pool } from "../../durable-objects/remote.ts";
import { clock } from "../../platform/clock.ts";
import { hookId, hookSecret } from "../../platform/hook-id.ts";
import type { Hook } from "../../platform/hook-id.ts";
import { createTestMesh, problemOf, signingKey } from "../test-mesh.ts";
import type { TestMesh } from "../test-mesh.ts";

const keys = { current: signingKey };
const outage = new ClientError("GitHub", "away", { code: "unavailable", retryable: true });

afterEach(() => clock.reset());

/** The pool is shared by the tests of this file, so each has an organisation of its own. */
function boardOf(owner: string): Pick<ProjectProfile, "board"> {
  return {
    board: { id: `PVT_${owner}`, number: 1, url: "https://github.test/1", owner, ownerKind: "organization", observedBy: "webhook" },
  };
}

async function deliver(mesh: TestMesh, hook: Hook, repository = ""): Promise<Response> {
  const body = JSON.stringify({ issue: { number: 1 }, repository: { node_id: repository || hook.subject } });
  const headers = {
    "x-github-event": "issues",
    "x-github-delivery": crypto.randomUUID(),
    "x-hub-signature-256": await sign(await hookSecret(keys, hook), body),
  };
  return mesh.request(`/webhooks/github/${await hookId(keys, hook)}`, { method: "POST", token: null, headers, body });
}

async function entry(mesh: TestMesh, key: string): Promise<ProjectProfile | undefined> {
  return (await pool(mesh.env).projects()).find((each) => each.key === key);
}

const versions = (mesh: TestMesh, subject: string) =>
  mesh.webhooks.hooks.filter((hook) => hook.subject === subject).map(({ version }) => version);

test("rotating makes hooks of the next version, refuses the older and takes them away; the organisation's other projects know", async () => {
  const mesh = createTestMesh();
  const [{ profile }, other] = [await mesh.addProject("acme/rotated"), await mesh.addProject("acme/neighbour")];
  const hook = (version: number): Hook => ({ kind: "repository", subject: profile.key, version });
  expect((await deliver(mesh, hook(1))).status).toBe(202);
  const response = await mesh.send("POST", "/projects/acme/rotated/webhooks/rotate");
  expect(await response.json()).toMatchObject({ project: { hookVersion: 2, organizationHookVersion: 2 }, removed: 2 });
  expect([versions(mesh, profile.key), versions(mesh, "acme")]).toEqual([[2], [2]]);
  expect(await problemOf(await deliver(mesh, hook(1)))).toEqual({ status: 410, reason: "hook-superseded", paths: [] });
  const organization = (version: number): Hook => ({ kind: "organization", subject: "acme", version });
  expect((await deliver(mesh, organization(1), profile.key)).status).toBe(410);
  for (const newer of [hook(2), hook(3), organization(2)]) expect((await deliver(mesh, newer, profile.key)).status).toBe(202);
  expect(await entry(mesh, other.profile.key)).toMatchObject({ organizationHookVersion: 2 });
  const again = await mesh.send("POST", "/projects", { repository: "acme/rotated" });
  expect(await again.json()).toMatchObject({ project: { hookVersion: 2 } });
  expect(versions(mesh, profile.key)).toEqual([2]);
});

test.each(["ensure", "removeOlder"] as const)(
  "a rotation whose %s is done and not answered ends right at the next call",
  async (operation) => {
    const mesh = createTestMesh();
    const { profile } = await mesh.addProject(`acme/killed-${operation.toLowerCase()}`, boardOf(operation));
    mesh.webhooks.failNext(operation, outage, { after: operation === "ensure" });
    const path = `/projects/${profile.name}/webhooks/rotate`;
    expect((await mesh.send("POST", path)).status).toBe(503);
    const { project } = await (await mesh.send("POST", path)).json<{ project: ProjectProfile }>();
    expect(versions(mesh, profile.key)).toEqual([project.hookVersion]);
    expect(await entry(mesh, profile.key)).toMatchObject({ hookVersion: project.hookVersion });
  },
);

test("where the repository's hook may not be made, nothing is changed; where the organisation's may not, the repository's is", async () => {
  const mesh = createTestMesh();
  const { profile } = await mesh.addProject("acme/barred", boardOf("Bars"));
  mesh.webhooks.allow("repository", false);
  expect(await problemOf(await mesh.send("POST", "/projects/acme/barred/webhooks/rotate"))).toMatchObject({ status: 409 });
  expect((await entry(mesh, profile.key))?.hookVersion).toBeUndefined();
  mesh.webhooks.allow("repository", true);
  mesh.webhooks.allow("organization", false);
  const before = versions(mesh, "bars");
  expect((await mesh.send("POST", "/projects/acme/barred/webhooks/rotate")).status).toBe(200);
  expect(versions(mesh, profile.key)).toEqual([2]);
  expect(before).toEqual([1]);
  expect(versions(mesh, "bars")).toEqual(before);
});

test("a flood of deliveries asks the registry at most once in 30 s", async () => {
  const mesh = createTestMesh();
  const { profile } = await mesh.addProject("acme/flooded");
  const hook: Hook = { kind: "repository", subject: profile.key, version: 1 };
  await deliver(mesh, hook);
  const before = (await pool(mesh.env).costs()).object.requests;
  clock.shift(60_000);
  await Promise.all(Array.from({ length: 20 }, () => deliver(mesh, hook)));
  expect((await pool(mesh.env).costs()).object.requests - before).toBeLessThan(5);
});

test("deliveries are taken while the registry cannot be read", async () => {
  const mesh = createTestMesh();
  const { profile } = await mesh.addProject("acme/unread", boardOf("unread"));
  const getByName = (): never => {
    throw new Error("overloaded");
  };
  Object.assign(mesh.env, { POOL: { getByName } });
  expect((await deliver(mesh, { kind: "repository", subject: profile.key, version: 1 })).status).toBe(202);
});
