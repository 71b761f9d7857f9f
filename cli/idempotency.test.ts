import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { MeshApi } from "./mesh-api.ts";
import { startMadeUpMesh } from "./testing/made-up-mesh.ts";

/** Commands of `MeshApi` by their names, taken from the class itself: one that is added is in it. */
const methods = Object.entries(new MeshApi({ url: "http://127.0.0.1", token: null } as never)).filter(
  (entry): entry is [string, (...given: unknown[]) => Promise<unknown>] => typeof entry[1] === "function" && entry[0] !== "liveAddress",
);

test("every command carries a key of its own, and no read does", async () => {
  const mesh = await startMadeUpMesh();
  try {
    const api = Object.entries(new MeshApi({ url: mesh.url, token: mesh.token } as never));
    for (const [name] of methods) {
      const call = api.find(([other]) => other === name)?.[1] as (...given: unknown[]) => Promise<unknown>;
      // What the mesh says to it is no matter.
      await call("one", "two", "3").catch(() => {});
      expect(mesh.asked.at(-1), name).toBeDefined();
    }
  } finally {
    await mesh.close();
  }
  expect(mesh.asked).toHaveLength(methods.length);
  const commands = mesh.asked.filter(({ method }) => method !== "GET");
  expect(commands.length).toBeGreaterThan(25);
  expect(commands.filter(({ idempotencyKey }) => !/^[0-9a-f-]{36}$|^two$/.test(idempotencyKey ?? ""))).toEqual([]);
  expect(new Set(commands.map(({ idempotencyKey }) => idempotencyKey)).size).toBe(commands.length);
  expect(mesh.asked.filter(({ method, idempotencyKey }) => method === "GET" && idempotencyKey !== undefined)).toEqual([]);
});

test("no verb speaks to the mesh past that", () => {
  const files = readdirSync(import.meta.dirname).filter((name) => /^[a-z-]+\.ts$/.test(name));
  const fetching = files.filter((name) => /\bfetch\(/.test(readFileSync(join(import.meta.dirname, name), "utf8")));
  expect(fetching).toEqual(["send.ts"]);
});
