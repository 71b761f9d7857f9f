import { sign } from "@octokit/webhooks-methods";
import { expect, test, vi } from "vitest";
import { ClientError } from "../../clients/client-error.ts";
import { orchestrator, pool } from "../../durable-objects/remote.ts";
import { hookId, hookSecret } from "../../platform/hook-id.ts";
import { reconcile } from "../scheduled/reconcile.ts";
import { createTestMesh, signingKey } from "../test-mesh.ts";
import type { TestMesh } from "../test-mesh.ts";

const keys = { current: signingKey };

/** GitHub tells the repository's webhook, and the queue's consumer follows. */
async function tell(mesh: TestMesh, key: string, event: string, payload: object): Promise<unknown> {
  const hook = { kind: "repository", subject: key, version: 1 } as const;
  const body = JSON.stringify({ ...payload, repository: { node_id: key } });
  const headers = {
    "x-github-event": event,
    "x-github-delivery": crypto.randomUUID(),
    "x-hub-signature-256": await sign(await hookSecret(keys, hook), body),
  };
  const answer = await (
    await mesh.request(`/webhooks/github/${await hookId(keys, hook)}`, { method: "POST", token: null, headers, body })
  ).json();
  const messages = mesh.queued.splice(0).filter(({ queue }) => queue === "mesh-inbound");
  for (const message of messages) expect((await mesh.deliver("mesh-inbound", message.body)).retried).toEqual([]);
  return answer;
}

test("a renamed repository goes on under its new name, hooks and branches stay, and the old name still finds it", async () => {
  const mesh = createTestMesh();
  const repository = await mesh.addProject("acme/before");
  const { key } = repository.profile;
  const issue = repository.addIssue({ column: "Todo", title: "Greet by name" });
  await tell(mesh, key, "issues", { action: "edited", issue: { number: issue.number } });
  const begun = await orchestrator(mesh.env, key).run(issue.number);
  expect(begun).toMatchObject({ id: `acme/before#${issue.number}.1` });

  mesh.renameRepository("acme/before", "acme/after");
  for (const _ of ["first", "redelivered"]) await tell(mesh, key, "repository", { action: "renamed" });

  const entry = (await pool(mesh.env).projects()).find((each) => each.key === key);
  expect(entry).toMatchObject({
    name: "acme/after",
    formerNames: [{ name: "acme/before" }],
    cloneUrl: "https://github.test/acme/after.git",
  });
  for (const name of ["acme/after", "acme/before"])
    expect(await (await mesh.request(`/projects/${name}`)).json()).toMatchObject({ profile: { key, name: "acme/after" } });
  for (const name of ["acme/after", "acme/before"])
    expect(await (await mesh.request(`/runs/${name}/${issue.number}`)).json()).toMatchObject({
      key: `acme/after#${issue.number}`,
      branch: begun?.branch,
    });
  expect(await mesh.clients.webhooks.repositoryHook(repository.profile)).toEqual(expect.any(Number));
  const second = repository.addIssue({ column: "Todo" });
  await tell(mesh, key, "issues", { action: "edited", issue: { number: second.number } });
  expect(await orchestrator(mesh.env, key).run(second.number)).toMatchObject({ id: `acme/after#${second.number}.1` });
});

test("a transfer that no webhook told of is noticed by the reconcile; out of reach is said, and the rest goes on", async () => {
  const mesh = createTestMesh();
  const { profile } = await mesh.addProject("acme/given-away");
  mesh.renameRepository("acme/given-away", "other/taken");
  await reconcile(mesh.env, mesh.clients, "now");
  expect(await (await mesh.request("/projects/acme/given-away")).json()).toMatchObject({
    profile: { key: profile.key, name: "other/taken" },
  });
  const refresh = vi
    .fn<typeof mesh.clients.discovery.refresh>()
    .mockRejectedValue(new ClientError("GitHub", "out of reach", { code: "not-found", retryable: false }));
  const report = await reconcile(mesh.env, { ...mesh.clients, discovery: { ...mesh.clients.discovery, refresh } }, "now");
  const mine = report.projects.find(({ project }) => project === "other/taken");
  expect(mine).toMatchObject({ board: "read", failures: [{ what: "repository", reason: "not-found" }] });
});

test("a new repository that takes the old name is another project", async () => {
  const mesh = createTestMesh();
  const first = await mesh.addProject("acme/name");
  mesh.renameRepository("acme/name", "acme/name-once");
  await tell(mesh, first.profile.key, "repository", { action: "renamed" });
  const second = await mesh.addProject("acme/name", { key: "R_second" as typeof first.profile.key });
  expect(await (await mesh.request("/projects/acme/name")).json()).toMatchObject({ profile: { key: second.profile.key } });
  expect(await (await mesh.request("/projects/acme/name-once")).json()).toMatchObject({ profile: { key: first.profile.key } });
});

test("other news of a repository changes nothing", async () => {
  const mesh = createTestMesh();
  const { profile } = await mesh.addProject("acme/starred");
  expect(await tell(mesh, profile.key, "repository", { action: "publicized" })).toEqual({ status: "ignored", reason: "not-used" });
});
