import { expect, test } from "vitest";
import { ClientError } from "../../clients/client-error.ts";
import type { ProjectName } from "../../core/ids.ts";
import { createTestMesh, problemOf } from "../test-mesh.ts";

const mesh = createTestMesh();
const shop = "acme/shop" as ProjectName;

test("what a project spent is read back from the gateway, and is not there before it has a budget", async () => {
  await mesh.addProject(shop);
  const read = async () => (await mesh.request("/projects/acme/shop/budget")).json();
  expect(await read()).toEqual({ kind: "litellm", budget: null });
  await mesh.modelBudget.ensure(shop, { usd: 20, kept: false });
  mesh.modelBudget.spent(shop, 3.5);
  expect(await read()).toEqual({
    kind: "litellm",
    budget: { alias: "mesh-six/acme/shop", baseUrl: "https://models.test", limitUsd: 20, spentUsd: 3.5 },
  });
});

test("a gateway that fails is named, and an unknown project is none", async () => {
  mesh.modelBudget.failNext(new ClientError("LiteLLM", "unavailable (500); tried again later", { code: "unavailable", retryable: true }));
  expect(await problemOf(await mesh.request("/projects/acme/shop/budget"))).toMatchObject({ status: 503, reason: "litellm-unavailable" });
  expect(await problemOf(await mesh.request("/projects/acme/unknown/budget"))).toMatchObject({ status: 404 });
});

test("a limit of the project's settings holds at the gateway, and is not taken while the gateway is away", async () => {
  await mesh.addProject("acme/limited");
  const limited = "acme/limited" as ProjectName;
  await mesh.modelBudget.ensure(limited, { usd: null, kept: false });
  const set = (projectUsd: number) => mesh.send("PATCH", "/projects/acme/limited", { overrides: { budget: { projectUsd } } });
  const policy = async () =>
    (await (await mesh.request("/projects/acme/limited")).json<{ policy: { budget: { projectUsd: number | null } } }>()).policy.budget
      .projectUsd;
  expect((await set(12)).status).toBe(200);
  expect([await policy(), (await mesh.modelBudget.spend(limited))?.limitUsd]).toEqual([12, 12]);
  mesh.modelBudget.failNext(new ClientError("LiteLLM", "unavailable (500); tried again later", { code: "unavailable", retryable: true }));
  expect(await problemOf(await set(20))).toMatchObject({ status: 503, reason: "litellm-unavailable" });
  expect([await policy(), (await mesh.modelBudget.spend(limited))?.limitUsd]).toEqual([12, 12]);
});
