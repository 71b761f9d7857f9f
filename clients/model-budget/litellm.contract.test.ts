import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { ProjectName } from "../../core/ids.ts";
import { startLiteLlm } from "../../dev/litellm/start-litellm.ts";
import type { LiteLlm } from "../../dev/litellm/start-litellm.ts";
import { createLiteLlm } from "./litellm.ts";

const project = (name: string) => `acme/${name}` as ProjectName;
const now = 1_000_000;

let proxy: LiteLlm;
beforeAll(async () => void (proxy = await startLiteLlm({ masterKey: "sk-master" })));
afterAll(() => proxy.close());

const client = (adminKey = "sk-master", timeLimitMs?: number) =>
  createLiteLlm({ url: proxy.url, adminKey, now: () => now, sleep: async () => {}, ...(timeLimitMs === undefined ? {} : { timeLimitMs }) });
const fault = (body: object) => fetch(`${proxy.url}/__faults`, { method: "POST", body: JSON.stringify(body) });
const keysOf = (name: string) => proxy.keys().filter(({ key_alias }) => key_alias === `mesh-six/acme/${name}`);

describe("team and key of a project", () => {
  it("are made once, with the budget, and the key's value is told once", async () => {
    const first = await client().ensure(project("one"), { usd: 25, kept: false });
    expect(first).toEqual({ alias: "mesh-six/acme/one", baseUrl: proxy.url, limitUsd: 25, spentUsd: 0, key: keysOf("one")[0]?.key });
    expect(proxy.keys().at(-1)).toMatchObject({ team_id: "mesh-six/acme/one" });
    const again = await client().ensure(project("one"), { usd: 25, kept: true });
    expect(again).toEqual({ ...first, key: null });
    expect([proxy.teams().length, keysOf("one").length]).toEqual([1, 1]);
  });

  it("follow the limit, and leave alone what is set at the proxy where none is asked for", async () => {
    await client().limit(project("limit"), 4);
    expect(proxy.teams().some(({ team_id }) => team_id === "mesh-six/acme/limit")).toBe(false);
    await client().ensure(project("limit"), { usd: 5, kept: false });
    const limit = () => proxy.teams().find(({ team_id }) => team_id === "mesh-six/acme/limit")?.max_budget;
    expect(await client().ensure(project("limit"), { usd: 7.5, kept: true })).toMatchObject({ limitUsd: 7.5 });
    expect(limit()).toBe(7.5);
    expect(await client().ensure(project("limit"), { usd: null, kept: true })).toMatchObject({ limitUsd: 7.5 });
    await client().limit(project("limit"), 1);
    expect(limit()).toBe(1);
  });

  it("tell what was spent", async () => {
    expect(await client().spend(project("spender"))).toBeNull();
    await client().ensure(project("spender"), { usd: 10, kept: false });
    proxy.spend("mesh-six/acme/spender", 1.25);
    expect(await client().spend(project("spender"))).toMatchObject({ limitUsd: 10, spentUsd: 1.25 });
    expect(await client().ensure(project("spender"), { usd: 10, kept: true })).toMatchObject({ spentUsd: 1.25 });
  });

  it("go together, and going twice is no error", async () => {
    await client().ensure(project("gone"), { usd: null, kept: false });
    await client().remove(project("gone"));
    await client().remove(project("gone"));
    expect([await client().spend(project("gone")), keysOf("gone")]).toEqual([null, []]);
  });
});

describe("when the one who asked died", () => {
  it("after the team was made: the same team gets its key", async () => {
    await fault({ status: 500, path: "/key/generate" });
    await expect(client().ensure(project("half"), { usd: 3, kept: false })).rejects.toMatchObject({ code: "unavailable", retryable: true });
    expect((await client().ensure(project("half"), { usd: 3, kept: false })).key).toMatch(/^sk-/);
    expect([proxy.teams().filter(({ team_alias }) => team_alias === "mesh-six/acme/half").length, keysOf("half").length]).toEqual([1, 1]);
  });

  it("before the key's value was kept: it is replaced, and there is one key", async () => {
    const lost = await client().ensure(project("lost"), { usd: 3, kept: false });
    const found = await client().ensure(project("lost"), { usd: 3, kept: false });
    expect(found.key).not.toBe(lost.key);
    expect(keysOf("lost").map(({ key }) => key)).toEqual([found.key]);
  });

  it("at each single call in turn: the end is one team and one key", async () => {
    for (let failing = 0; failing < 5; failing += 1) {
      const name = project(`step-${failing}`);
      await client().ensure(name, { usd: 3, kept: false });
      let calls = 0;
      const dying = createLiteLlm({
        url: proxy.url,
        adminKey: "sk-master",
        now: () => now,
        sleep: async () => {},
        fetch: async (url, init) => {
          const answer = await fetch(url, init);
          if (calls++ === failing) throw new Error("killed after the proxy had done it");
          return answer;
        },
      });
      await dying.ensure(name, { usd: 4, kept: false }).catch(() => undefined);
      const { key } = await client().ensure(name, { usd: 4, kept: false });
      expect(keysOf(`step-${failing}`).map((each) => each.key)).toEqual([key]);
      expect(await client().spend(name)).toMatchObject({ limitUsd: 4 });
    }
  });

  it("two at once: one of them has the key that is valid", async () => {
    const both = await Promise.allSettled([1, 2].map(() => client().ensure(project("race"), { usd: 3, kept: false })));
    const told = both.flatMap((each) => (each.status === "fulfilled" ? [each.value.key] : []));
    expect(keysOf("race")).toHaveLength(1);
    expect(told).toContain(keysOf("race")[0]?.key);
  });
});

describe("failures", () => {
  beforeEach(() => fetch(`${proxy.url}/__faults`, { method: "DELETE" }));
  const ensuring = (adminKey?: string, timeLimitMs?: number) =>
    client(adminKey, timeLimitMs).ensure(project("failing"), { usd: 1, kept: false });

  it("a wrong admin key, and a key that is no admin's, are named", async () => {
    await expect(ensuring("sk-wrong")).rejects.toMatchObject({
      code: "authentication",
      retryable: false,
      message: expect.stringMatching(/LITELLM_ADMIN_KEY(?!.*sk-wrong)/),
    });
    const { key } = await client().ensure(project("plain-key"), { usd: 1, kept: false });
    await expect(ensuring(key ?? "")).rejects.toMatchObject({ code: "authentication", status: 403 });
  });

  it.each([
    [{ status: 500 }, { code: "unavailable", retryable: true }],
    [
      { status: 503, headers: { "retry-after": "3" } },
      { code: "unavailable", retryable: true, retryAt: now + 3_000 },
    ],
    [{ status: 429 }, { code: "rate-limited", retryable: true, retryAt: now + 60_000 }],
    [
      { status: 500, body: { error: { message: "{'error': 'No db connected'}" } } },
      { code: "configuration", retryable: false },
    ],
    [
      { status: 404, body: "<html>nginx</html>" },
      { code: "configuration", retryable: false },
    ],
    [
      { status: 200, body: "<html>a login page</html>" },
      { code: "unexpected-answer", retryable: false },
    ],
    [
      { status: 422, body: { detail: [] } },
      { code: "invalid", retryable: false },
    ],
    [{ drop: true }, { code: "unreachable", retryable: true }],
  ])("%j", async (planned, expected) => {
    await fault(planned);
    await expect(ensuring()).rejects.toMatchObject({ service: "LiteLLM", ...expected });
    await fetch(`${proxy.url}/__faults`, { method: "DELETE" });
    expect((await ensuring()).key).toMatch(/^sk-/);
  });

  it("no answer in time", async () => {
    await fault({ delayMs: 500, status: 200 });
    await expect(ensuring("sk-master", 50)).rejects.toMatchObject({ code: "timeout", retryable: true });
  });
});

describe("the stand-in refuses what LiteLLM refuses", () => {
  const send = (path: string, body: object, key = "sk-master") =>
    fetch(`${proxy.url}${path}`, { method: "POST", headers: { authorization: `Bearer ${key}` }, body: JSON.stringify(body) });

  it.each<[string, object, number]>([
    ["/team/update", {}, 400],
    ["/team/update", { team_id: "nobody" }, 404],
    ["/team/delete", { team_ids: ["nobody"] }, 404],
    ["/key/generate", { team_id: "nobody" }, 400],
    ["/key/generate", { key: "my-own" }, 400],
    ["/key/generate", { max_budget: "much" }, 422],
    ["/key/delete", { key_aliases: ["nobody"] }, 404],
    ["/key/abc/regenerate", {}, 500],
    ["/nonsense", {}, 404],
  ])("%s %j: %i", async (path, body, status) => expect((await send(path, body)).status).toBe(status));

  it("keys are listed by alias, and looked at by value or hash, without their values", async () => {
    const { key } = await client().ensure(project("listed"), { usd: 1, kept: false });
    const read = async (path: string) => {
      const answer = await fetch(`${proxy.url}${path}`, { headers: { authorization: "Bearer sk-master" } });
      return { status: answer.status, text: await answer.text() };
    };
    const list = await read("/key/list?key_alias=mesh-six/acme/listed&return_full_object=true");
    expect(JSON.parse(list.text)).toMatchObject({ total_count: 1, keys: [{ key_alias: "mesh-six/acme/listed" }] });
    const info = await read(`/key/info?key=${key}`);
    expect(JSON.parse(info.text)).toMatchObject({ info: { team_id: "mesh-six/acme/listed" } });
    expect(list.text + info.text).not.toContain(key);
    expect((await read("/key/info?key=sk-unknown")).status).toBe(404);
  });
});
