import { describe, expect, it } from "vitest";
import type { ProjectName } from "../../core/ids.ts";
import { dayMs } from "../../core/time.ts";
import { createAiGateway } from "./ai-gateway.ts";

const account = "0123456789abcdef0123456789abcdef";
const shop = "acme/shop" as ProjectName;
const now = 1_800_000_000_000;

/** Cloudflare's few routes in memory, with its envelope; `costs` by gateway. */
function cloudflare(costs: Readonly<Record<string, number>> = {}) {
  const gateways = new Set<string>();
  const calls: { method: string; path: string; body: unknown }[] = [];
  const json = (status: number, body: unknown) => new Response(JSON.stringify(body), { status });
  const base = `/client/v4/accounts/${account}/ai-gateway/gateways`;
  const answer = (method: string, path: string, body: { id?: string; variables?: { gateway: string } }): Response => {
    if (path === "/client/v4/graphql") {
      const cost = costs[body.variables?.gateway ?? ""];
      const groups = cost === undefined ? [] : [{ sum: { cost } }];
      return json(200, { data: { viewer: { accounts: [{ aiGatewayRequestsAdaptiveGroups: groups }] } }, errors: null });
    }
    if (method === "POST" && path === base) {
      const id = body.id ?? "";
      if (!/^[a-z0-9_-]{1,64}$/.test(id)) return json(400, { success: false });
      if (gateways.has(id)) return json(409, { success: false });
      gateways.add(id);
      return json(200, { success: true, result: { id } });
    }
    const id = path.slice(base.length + 1);
    if (!gateways.has(id)) return json(404, { success: false });
    if (method === "DELETE") gateways.delete(id);
    return json(200, { success: true, result: { id } });
  };
  return {
    gateways,
    calls,
    fetch: async (url: string, init: RequestInit) => {
      const [method, path] = [init.method ?? "GET", new URL(url).pathname];
      const body = JSON.parse(String(init.body ?? "{}")) as { id?: string; variables?: { gateway: string } };
      calls.push({ method, path, body });
      if (new Headers(init.headers).get("authorization") !== "Bearer the-api-token-of-the-tests") return json(403, { success: false });
      return answer(method, path, body);
    },
  };
}

const client = (fake: ReturnType<typeof cloudflare>, more: object = {}) =>
  createAiGateway({ account, token: "the-api-token-of-the-tests", now: () => now, sleep: async () => {}, fetch: fake.fetch, ...more });

describe("a project's gateway", () => {
  it("is made once, has no key of its own, and counts the last 30 days", async () => {
    const fake = cloudflare();
    const first = await client(fake).ensure(shop, { usd: 10, kept: false });
    const [gateway] = fake.gateways;
    expect(first).toEqual({
      alias: gateway,
      baseUrl: `https://gateway.ai.cloudflare.com/v1/${account}/${gateway}/anthropic`,
      limitUsd: null,
      spentUsd: 0,
      key: null,
    });
    expect(await client(fake).ensure(shop, { usd: 10, kept: false })).toEqual(first);
    expect(fake.gateways.size).toBe(1);
    const asked = fake.calls.find(({ path }) => path.endsWith("/graphql"))?.body as { variables: { from: string; to: string } };
    expect(Date.parse(asked.variables.to) - Date.parse(asked.variables.from)).toBe(30 * dayMs);
  });

  it("tells what was spent, and nothing of a project that has none", async () => {
    const fake = cloudflare();
    expect(await client(fake).spend(shop)).toBeNull();
    await client(fake).ensure(shop, { usd: null, kept: false });
    const [gateway = ""] = fake.gateways;
    const spent = cloudflare({ [gateway]: 2.5 });
    spent.gateways.add(gateway);
    expect(await client(spent).spend(shop)).toMatchObject({ spentUsd: 2.5 });
    await client(fake).remove(shop);
    await client(fake).remove(shop);
    expect(fake.gateways.size).toBe(0);
  });

  it("has a name that fits and is no other project's, however like theirs are", async () => {
    const fake = cloudflare();
    const long = "a".repeat(80);
    for (const name of ["acme/a.b", "acme/a-b", "acme-a/b", `acme/${long}1`, `acme/${long}2`])
      await client(fake).ensure(name as ProjectName, { usd: null, kept: false });
    expect(fake.gateways.size).toBe(5);
  });

  it("another was quicker: that gateway is taken", async () => {
    const fake = cloudflare();
    let first = true;
    const slow = async (url: string, init: RequestInit) => {
      const answer = await fake.fetch(url, init);
      if (!first || init.method !== "GET") return answer;
      first = false;
      await client(fake).ensure(shop, { usd: null, kept: false });
      return answer;
    };
    expect(await client(fake, { fetch: slow }).ensure(shop, { usd: null, kept: false })).toMatchObject({ key: null });
  });
});

it("a token that may not is named, and never told", async () => {
  const refused = client(cloudflare(), { token: "another-token-of-the-tests" }).ensure(shop, { usd: null, kept: false });
  await expect(refused).rejects.toMatchObject({
    service: "AI Gateway",
    code: "authentication",
    message: expect.stringMatching(/AI_GATEWAY_API_TOKEN(?!.*another-token)/),
  });
});
