import { expect, test } from "vitest";
import { ClientError } from "../clients/client-error.ts";
import type { ProjectProfile } from "../core/inputs.ts";
import { createTestMesh, viewerToken } from "./test-mesh.ts";

const mesh = createTestMesh();
const reading = { resource: "graphql", limit: 5_000, resetAt: 1_790_000_000_000 };

async function points(): Promise<unknown> {
  const response = await mesh.request("/ops/points", { token: viewerToken });
  expect(response.status).toBe(200);
  return (await response.json<{ items: unknown }>()).items;
}

test("GitHub is asked once for each credential; projects that share a credential are told together, the fewest points first", async () => {
  expect(await points()).toEqual([]);
  const app = (installation: number) => ({ credential: { kind: "app", installation } }) as const;
  await mesh.addProject("acme/one", app(1));
  await mesh.addProject("acme/two", app(1));
  await mesh.addProject("beta/three");
  await mesh.addProject("gamma/four", app(2));
  await mesh.addProject("delta/five", app(3));
  const asked: string[] = [];
  Object.assign(mesh.clients.github, {
    pointsLeft: async ({ name }: ProjectProfile) => {
      asked.push(name);
      if (name.startsWith("delta")) throw new ClientError("GitHub", "the token was refused", { code: "authentication", retryable: false });
      const left = name.startsWith("gamma") ? 12 : 4_000;
      return { ...reading, lane: name.startsWith("gamma") ? "installation-2" : "installation-1", used: 5_000 - left, left };
    },
  });
  const { limit, resetAt } = reading;
  expect(await points()).toEqual([
    { projects: ["delta/five"], detail: "GitHub: the token was refused" },
    { projects: ["gamma/four"], left: 12, limit, resetAt },
    { projects: ["acme/one", "acme/two", "beta/three"], left: 4_000, limit, resetAt },
  ]);
  expect(asked.map((name) => name.split("/", 1)[0]).toSorted()).toEqual(["acme", "beta", "delta", "gamma"]);
});

test("without a token nothing is told", async () => {
  expect((await mesh.request("/ops/points", { token: null })).status).toBe(401);
});
