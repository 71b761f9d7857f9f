import { expect, test } from "vitest";
import type { Diagnosis } from "../core/diagnosis.ts";
import { meshVersion } from "../core/version.ts";
import { ClientError } from "../clients/client-error.ts";
import { createTestMesh, viewerToken } from "./test-mesh.ts";

const mesh = createTestMesh();

async function diagnosis(): Promise<Diagnosis> {
  const response = await mesh.request("/ops/diagnosis", { token: viewerToken });
  expect(response.status).toBe(200);
  return response.json<Diagnosis>();
}

test("the mesh tells clock and version, that the cron has run, and what does not answer", async () => {
  const before = await diagnosis();
  expect(before).toMatchObject({ version: meshVersion, reconciledAt: null, github: [] });
  await mesh.addProject("acme/examined");
  await mesh.send("POST", "/ops/reconcile");
  const after = await diagnosis();
  expect(Math.abs(after.at - Date.now())).toBeLessThan(60_000);
  expect(after.reconciledAt).toBeGreaterThan(0);
  // The tests' database is away.
  expect(after.database).toEqual({ ok: false, detail: "does not answer" });
  expect(after.github).toMatchObject([{ project: "acme/examined", ok: true }]);
  expect(after.projects.map(({ name, projected }) => [name, projected])).toEqual([
    ["mesh", null],
    ["acme/examined", null],
  ]);
  expect(after.projects[1]?.seq).toBeGreaterThan(0);
});

test("a GitHub that refuses is told in its own words", async () => {
  const { pointsLeft } = mesh.clients.github;
  const refused = new ClientError("GitHub", "the token was refused; make a new one", { code: "authentication", retryable: false });
  Object.assign(mesh.clients.github, { pointsLeft: () => Promise.reject(refused) });
  expect((await diagnosis()).github).toEqual([
    { project: "acme/examined", ok: false, detail: "GitHub: the token was refused; make a new one" },
  ]);
  Object.assign(mesh.clients.github, { pointsLeft });
});

test("without a token nothing is told", async () => {
  expect((await mesh.request("/ops/diagnosis", { token: null })).status).toBe(401);
});
