import { evictDurableObject, runDurableObjectAlarm } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { ProjectKey } from "../core/ids.ts";
import { dayMs, hourMs, minuteMs } from "../core/time.ts";
import { clock, now } from "../platform/clock.ts";
import { createVault, firstMasterKey, giveMasterKeys, secondMasterKey } from "./test-vault.ts";
import { ProjectOrchestrator } from "./project-orchestrator.ts";
import type { VaultPage } from "./vault-backup.ts";

const secret = "sk-test-a-secret-of-the-tests";
const variables = { ANTHROPIC_API_KEY: secret };
const lines: string[] = [];

beforeEach(() => {
  lines.length = 0;
  vi.spyOn(console, "log").mockImplementation((line: string) => void lines.push(line));
});
afterEach(async () => {
  vi.restoreAllMocks();
  clock.reset();
  await giveMasterKeys(firstMasterKey);
});

describe("credentials", () => {
  test("what is pushed is there after a restart, with who pushed it, and shows no value", async () => {
    const { vault, stub, push, sql } = createVault();
    const pushed = await push(variables, { expiresAt: now() + hourMs });
    expect(pushed).toMatchObject({
      ok: true,
      value: { name: "agent", version: 1, variables: ["ANTHROPIC_API_KEY"], pushedBy: "operator" },
    });
    await evictDurableObject(stub);
    const health = await vault.health();
    expect(health).toMatchObject({ hasValidCredential: true, hasRefreshToken: false, lastRefreshAt: null, activeBundleId: null });
    expect(health.expiresInMs).toBeGreaterThan(hourMs - minuteMs);
    expect(
      JSON.stringify([pushed, health, await vault.list(), await vault.history(undefined, 10), await sql("SELECT * FROM secrets")]),
    ).not.toContain(secret);
  });

  test("the same again is the same version, another is the next", async () => {
    const { push, actions } = createVault();
    await push(variables);
    expect(await push(variables)).toMatchObject({ value: { version: 1 } });
    expect(await push({ ...variables, OTHER: "x" })).toMatchObject({ value: { version: 2 } });
    expect((await actions()).map(([action, , version]) => [action, version])).toEqual([
      ["pushed", 2],
      ["pushed", 1],
    ]);
  });

  test("pushed at once by many, each gets a version of its own", async () => {
    const { push, vault } = createVault();
    const pushed = await Promise.all([..."abcdefgh"].map((value) => push({ KEY: value })));
    expect(pushed.map((one) => (one.ok ? one.value.version : 0)).toSorted()).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(await vault.list()).toMatchObject([{ version: 8 }]);
  });

  test("ended, its values are deleted and its name stays; a new one goes on with the versions", async () => {
    const { vault, push, sql } = createVault();
    await push(variables);
    expect(await vault.invalidate("agent", "ann", "asked for")).toMatchObject({ ok: true, value: { invalidatedAt: expect.any(Number) } });
    expect(await vault.invalidate("agent", "ann", "asked for")).toEqual({ ok: false, error: "invalidated" });
    expect(await vault.invalidate("other", "ann", "asked for")).toEqual({ ok: false, error: "unknown-credential" });
    expect(await sql("SELECT sealed FROM secrets")).toEqual([{ sealed: null }]);
    expect(await vault.health()).toMatchObject({ hasValidCredential: false, credentials: [{ name: "agent", version: 1 }] });
    expect(await push(variables)).toMatchObject({ value: { version: 2, invalidatedAt: null } });
  });

  test("an expired one is no credential", async () => {
    const { vault, push, bundle } = createVault();
    await push(variables, { expiresAt: now() + hourMs });
    clock.shift(2 * hourMs);
    expect(await vault.health()).toMatchObject({ hasValidCredential: false, expiresAt: null });
    expect(await bundle()).toEqual({ status: "no_credentials" });
  });
});

describe("bundles", () => {
  test("hand out the variables of all credentials once, the agent's own over others", async () => {
    const { vault, push, key } = createVault();
    await push({ SHARED: "agent's", KEY: secret });
    await push({ SHARED: "registry's", NPM_TOKEN: "npm" }, { name: "registry" });
    const holder = { agent: "runner-1", task: `${key}.t1-1-1`, attempt: 1 };
    const made = await vault.provision(holder, null);
    expect(await vault.provision(holder, null)).toEqual(made);
    if (made.status !== "provisioned") throw new Error(made.status);
    const twice = await Promise.all([vault.openBundle(made.bundleId, holder), vault.openBundle(made.bundleId, holder)]);
    expect(twice.filter(({ ok }) => ok)).toMatchObject([{ value: { variables: { SHARED: "agent's", KEY: secret, NPM_TOKEN: "npm" } } }]);
    expect(twice.filter(({ ok }) => !ok)).toEqual([{ ok: false, error: "bundle-over" }]);
    expect(await vault.health()).toMatchObject({ activeBundleId: made.bundleId });
  });

  test("are for one attempt of one agent, and for two minutes", async () => {
    const { vault, push, key } = createVault();
    await push(variables);
    const holder = { agent: "runner-1", task: `${key}.t1-1-1`, attempt: 1 };
    const made = await vault.provision(holder, null);
    if (made.status !== "provisioned") throw new Error(made.status);
    for (const other of [{ agent: "runner-2" }, { task: `${key}.t1-1-2` }, { attempt: 2 }]) {
      expect(await vault.openBundle(made.bundleId, { ...holder, ...other })).toEqual({ ok: false, error: "bundle-over" });
    }
    expect(await vault.openBundle("b00000000", holder)).toEqual({ ok: false, error: "bundle-over" });
    clock.shift(3 * minuteMs);
    expect(await vault.openBundle(made.bundleId, holder)).toEqual({ ok: false, error: "bundle-over" });
  });

  test("what a runner has stays current for its next attempts, until the credential changes, ends or the time is over", async () => {
    const { vault, push, key } = createVault();
    await push(variables);
    const holder = (attempt: number) => ({ agent: "runner-1", task: `${key}.t1-1-1`, attempt });
    const open = async (attempt: number): Promise<string> => {
      const made = await vault.provision(holder(attempt), null);
      if (made.status !== "provisioned") throw new Error(made.status);
      expect(await vault.openBundle(made.bundleId, holder(attempt))).toMatchObject({ ok: true });
      return made.bundleId;
    };
    const first = await open(1);
    expect(await vault.provision(holder(2), first)).toMatchObject({ status: "current", bundleId: first });
    expect(await vault.provision({ ...holder(2), agent: "runner-2" }, first)).toMatchObject({ status: "provisioned" });
    await push({ ANTHROPIC_API_KEY: "another" });
    expect(await vault.provision(holder(2), first)).toMatchObject({ status: "provisioned" });
    const second = await open(3);
    clock.shift(13 * hourMs);
    expect(await vault.provision(holder(4), second)).toMatchObject({ status: "provisioned" });
  });

  test("made before a renewal they give what is newest", async () => {
    const { vault, push, key } = createVault();
    await push({ KEY: "old" });
    const holder = { agent: "runner-1", task: `${key}.t1-1-1`, attempt: 1 };
    const made = await vault.provision(holder, null);
    if (made.status !== "provisioned") throw new Error(made.status);
    await push({ KEY: "new" });
    expect(await vault.openBundle(made.bundleId, holder)).toMatchObject({ ok: true, value: { variables: { KEY: "new" } } });
    expect(await vault.provision(holder, made.bundleId)).toMatchObject({ status: "current" });
  });

  test("end with their credential: unopened ones open no more, opened ones are not current", async () => {
    const { vault, push, key } = createVault();
    await push(variables);
    const holder = { agent: "runner-1", task: `${key}.t1-1-1`, attempt: 1 };
    const opened = await vault.provision(holder, null);
    if (opened.status !== "provisioned") throw new Error(opened.status);
    await vault.openBundle(opened.bundleId, holder);
    const waiting = await vault.provision({ ...holder, attempt: 2 }, null);
    if (waiting.status !== "provisioned") throw new Error(waiting.status);
    const [ended, raced] = await Promise.all([
      vault.invalidate("agent", "ann", "leaked"),
      vault.openBundle(waiting.bundleId, { ...holder, attempt: 2 }),
    ]);
    expect(ended).toMatchObject({ ok: true });
    // Whoever was first: after the end nothing opens.
    if (!raced.ok) expect(raced.error).toBe("bundle-over");
    expect(await vault.openBundle(waiting.bundleId, { ...holder, attempt: 2 })).toEqual({ ok: false, error: "bundle-over" });
    expect(await vault.provision(holder, opened.bundleId)).toEqual({ status: "no_credentials" });
    expect(await vault.health()).toMatchObject({ activeBundleId: null });
  });
});

describe("the history", () => {
  test("is journaled by the orchestrator, each record once, in order", async () => {
    const { vault, push, bundle, told } = createVault();
    await push(variables);
    await bundle();
    await vault.invalidate("agent", "ann", "asked for");
    await vi.waitFor(async () => expect(await told()).toHaveLength(4));
    const events = await told();
    expect(events.map(({ data }) => [data["seq"], data["action"], data["by"]])).toEqual([
      [1, "pushed", "operator"],
      [2, "bundle-made", "runner-1"],
      [3, "bundle-opened", "runner-1"],
      [4, "invalidated", "ann"],
    ]);
    expect(JSON.stringify(events)).not.toContain(secret);
  });

  test("what the orchestrator was not told, the alarm tells", async () => {
    const { push, told, stub, vault } = createVault();
    const away = vi.spyOn(ProjectOrchestrator.prototype, "applyAll").mockRejectedValue(new Error("away"));
    await push(variables);
    await vi.waitFor(() => expect(lines.some((line) => line.includes("not-told"))).toBe(true));
    away.mockRestore();
    await evictDurableObject(stub);
    expect(await runDurableObjectAlarm(stub)).toBe(true);
    expect(await told()).toMatchObject([{ data: { action: "pushed" } }]);
    expect(await vault.history(undefined, 10)).toHaveLength(1);
  });

  test("goes by pages, newest first", async () => {
    const { push, vault } = createVault();
    for (const value of "abc") await push({ KEY: value });
    expect((await vault.history(undefined, 2)).map(({ seq }) => seq)).toEqual([3, 2]);
    expect((await vault.history(2, 2)).map(({ seq }) => seq)).toEqual([1]);
  });
});

describe("other secrets", () => {
  test("are kept, read with a purpose, and ended", async () => {
    const { vault, actions } = createVault();
    expect(await vault.put("litellm-key", secret, "onboarding")).toEqual({ ok: true, value: { version: 1 } });
    expect(await vault.put("litellm-key", secret, "onboarding")).toEqual({ ok: true, value: { version: 1 } });
    expect(await vault.read("litellm-key", "onboarding", "asks for the spend")).toEqual({ ok: true, value: secret });
    expect(await vault.read("other", "onboarding", "")).toEqual({ ok: false, error: "unknown-credential" });
    expect(await vault.list()).toEqual([]);
    expect(await vault.remove("litellm-key", "onboarding", "gone")).toEqual({ ok: true, value: true });
    expect(await vault.remove("litellm-key", "onboarding", "gone")).toEqual({ ok: true, value: false });
    expect(await vault.read("litellm-key", "onboarding", "")).toEqual({ ok: false, error: "invalidated" });
    expect((await actions()).map(([action]) => action)).toEqual(["invalidated", "read", "pushed"]);
  });
});

describe("backups", () => {
  const pages = async ({ vault }: ReturnType<typeof createVault>): Promise<VaultPage[]> => {
    const all: VaultPage[] = [];
    for (let cursor: number | null = null; ;) {
      const { page, next }: { page: VaultPage; next: number | null } = await vault.exportPage(cursor);
      all.push(structuredClone(page));
      if (next === null) return all;
      cursor = next;
    }
  };

  test("bring an emptied Vault back as it was, sealed all the way, and twice is once", async () => {
    const made = createVault();
    const { vault, push, bundle } = made;
    await push(variables);
    await push({ NPM_TOKEN: "npm" }, { name: "registry" });
    await vault.invalidate("registry", "ann", "asked for");
    const backup = await pages(made);
    expect(JSON.stringify(backup)).not.toContain(secret);
    const before = await vault.list();
    expect(await vault.wipe("ann", "forget")).toEqual({ secrets: 2 });
    expect([await vault.list(), await vault.history(undefined, 10)]).toEqual([[], []]);
    for (const page of [...backup, ...backup]) expect(await vault.importPage(page, "ann")).toMatchObject({ ok: true });
    expect(await vault.list()).toEqual(before);
    expect(await bundle()).toMatchObject({ ok: true, value: { variables } });
    expect((await made.actions()).map(([action]) => action)).toEqual([
      "bundle-opened",
      "bundle-made",
      "restored",
      "invalidated",
      "pushed",
      "pushed",
    ]);
  });

  test("do not go into another project, over newer secrets, or in with changed versions", async () => {
    const made = createVault();
    await made.push(variables);
    const [page] = await pages(made);
    if (page?.heads == null) throw new Error("no page");
    expect(await createVault().vault.importPage(page, "ann")).toEqual({ ok: false, error: "moved" });
    const other = createVault();
    expect(await other.vault.importPage({ ...page, project: other.key }, "ann")).toEqual({ ok: false, error: "tampered" });
    await made.push({ KEY: "newer" });
    expect(await made.vault.importPage(page, "ann")).toEqual({ ok: false, error: "newer-secrets" });
  });

  test("a long history goes page by page", async () => {
    const made = createVault();
    await made.push(variables);
    await made.sql(
      "INSERT INTO history SELECT value, ?, 'agent', 1, 'read', 'x', '', 0 FROM (WITH RECURSIVE n(value) AS (SELECT 2 UNION ALL SELECT value + 1 FROM n WHERE value < 2500) SELECT value FROM n)",
      now(),
    );
    const all = await pages(made);
    expect(all.map(({ history }) => history.length)).toEqual([1_000, 1_000, 500]);
    await made.vault.wipe("ann", "forget");
    for (const page of all) await made.vault.importPage(page, "ann");
    expect((await made.vault.history(undefined, 2)).map(({ seq, action }) => [seq, action])).toEqual([
      [2_501, "restored"],
      [2_500, "read"],
    ]);
  });

  test("wiped with its history kept, the orchestrator knows of it at once", async () => {
    const { vault, push, told } = createVault();
    await push(variables);
    expect(await vault.wipe("ann", "keep")).toEqual({ secrets: 1 });
    expect((await told()).map(({ data }) => data["action"])).toEqual(["pushed", "wiped"]);
    expect(await vault.wipe("ann", "keep")).toEqual({ secrets: 0 });
    expect(await push(variables)).toMatchObject({ value: { version: 1 } });
  });
});

describe("master keys", () => {
  test("a key that is missing or other opens nothing, says so, and the one before brings all back", async () => {
    const { vault, push, bundle, actions } = createVault();
    await push(variables);
    await giveMasterKeys(secondMasterKey);
    expect(await vault.keyFault()).toBe("unknown-key");
    expect(await vault.health()).toMatchObject({ hasValidCredential: false, credentials: [{ fault: "unknown-key" }] });
    expect(await bundle()).toEqual({ ok: false, error: "unknown-key" });
    expect(await push({ KEY: "x" })).toEqual({ ok: false, error: "unknown-key" });
    expect((await actions()).filter(([action]) => action === "refused")).toHaveLength(1);
    await giveMasterKeys(secondMasterKey, firstMasterKey);
    expect(await bundle(2)).toMatchObject({ ok: true, value: { variables } });
    expect(await vault.keyFault()).toBeNull();
  });

  test("an empty Vault remembers the key it was asked with", async () => {
    const { vault } = createVault("mesh" as ProjectKey);
    expect(await vault.keyFault()).toBeNull();
    await giveMasterKeys(secondMasterKey);
    expect(await vault.keyFault()).toBe("unknown-key");
    expect(await vault.rewrap("ann")).toEqual({ rewrapped: 0, failed: [] });
    expect(await vault.keyFault()).toBeNull();
  });

  test("rotation under load: no read fails, and afterwards the old key is not needed", async () => {
    const { vault, push, bundle, sql } = createVault();
    const names = [..."abcdefghijkl"];
    for (const name of names) await push({ [`KEY_${name.toUpperCase()}`]: secret }, { name });
    for (let n = 0; n < 40; n += 1) await vault.put(`other-${n}`, secret, "onboarding");
    let [done, reads, bundles] = [false, 0, 0];
    const reading = Array.from({ length: 8 }, async (_, reader) => {
      while (!done) {
        const read = reader === 0 ? await bundle((bundles += 1)) : await vault.read(`other-${reads % 40}`, "onboarding", "load");
        expect(read).toMatchObject({ ok: true });
        reads += 1;
      }
    });
    const writing = (async () => {
      for (let n = 0; n < 5; n += 1) expect(await push({ KEY_A: `newer ${n}` }, { name: "a" })).toMatchObject({ ok: true });
    })();
    // There and back and there again; asked for twice at once, each data key is wrapped once.
    for (const [current, previous] of [
      [secondMasterKey, firstMasterKey],
      [firstMasterKey, secondMasterKey],
      [secondMasterKey, firstMasterKey],
    ] as const) {
      await giveMasterKeys(current, previous);
      const counts = await Promise.all([vault.rewrap("ann"), vault.rewrap("ann")]);
      expect(counts.flatMap(({ failed }) => failed)).toEqual([]);
      expect(counts.reduce((sum, { rewrapped }) => sum + rewrapped, 0)).toBeGreaterThan(names.length + 30);
    }
    await writing;
    done = true;
    await Promise.all(reading);
    expect(reads).toBeGreaterThan(20);
    expect(bundles).toBeGreaterThan(1);
    await giveMasterKeys(secondMasterKey);
    expect(await vault.rewrap("ann")).toEqual({ rewrapped: 0, failed: [] });
    expect(await bundle(1_000)).toMatchObject({ ok: true, value: { variables: { KEY_B: secret, KEY_A: "newer 4" } } });
    expect(await vault.read("other-39", "onboarding", "after")).toEqual({ ok: true, value: secret });
    const keys = (await sql("SELECT json_extract(sealed, '$.key.id') AS id FROM secrets")).map(({ id }) => id);
    expect(new Set(keys).size).toBe(1);
  });

  test("re-wrapping leaves ciphertext and nonce as they are", async () => {
    const { vault, push, sql } = createVault();
    await push(variables);
    const sealed = async () => JSON.parse(String((await sql("SELECT sealed FROM secrets"))[0]?.["sealed"])) as Record<string, unknown>;
    const before = await sealed();
    await giveMasterKeys(secondMasterKey, firstMasterKey);
    expect(await vault.rewrap("ann")).toEqual({ rewrapped: 1, failed: [] });
    const after = await sealed();
    expect({ ...after, key: null }).toEqual({ ...before, key: null });
    expect(after["key"]).not.toEqual(before["key"]);
  });

  test("what a lost key has sealed is kept until it is to be discarded", async () => {
    const { vault, push, bundle } = createVault();
    await push(variables);
    await giveMasterKeys(secondMasterKey);
    expect(await vault.rewrap("ann")).toMatchObject({
      rewrapped: 0,
      failed: [{ name: "agent", reason: "unknown-key" }, { name: "versions" }],
    });
    expect(await vault.list()).toHaveLength(1);
    await vault.rewrap("ann", true);
    expect(await vault.list()).toEqual([]);
    expect(await push(variables)).toMatchObject({ ok: true });
    expect(await bundle()).toMatchObject({ ok: true });
  });
});

test("idle it has nothing to do: no alarm is left when everything was told", async () => {
  const { push, inside, told, stub } = createVault();
  await push(variables);
  await vi.waitFor(async () => expect(await told()).toHaveLength(1));
  clock.shift(dayMs);
  await runDurableObjectAlarm(stub);
  expect(await inside((state) => state.storage.getAlarm())).toBeNull();
});
