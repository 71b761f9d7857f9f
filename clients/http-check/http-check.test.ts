import { once } from "node:events";
import { createServer } from "node:http";
import type { Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createHttpCheck } from "./http-check.ts";

const sha = "0123456789abcdef0123456789abcdef01234567";
let server: Server;
let base: string;
let bytesTaken = 0;

const routes: Record<string, (response: ServerResponse) => void> = {
  "/ok": (response) => response.end("fine"),
  "/bad": (response) => response.writeHead(503).end("no"),
  "/commit": (response) => response.end(JSON.stringify({ commit: sha })),
  "/short": (response) => response.end(JSON.stringify({ status: "up", sha: sha.slice(0, 7) })),
  "/other": (response) => response.end(JSON.stringify({ commit: "f".repeat(40) })),
  "/round": (response) => response.writeHead(302, { location: "/round" }).end(),
  "/away": (response) => response.writeHead(302, { location: "/ok" }).end(),
  "/silent": () => {},
  "/slow-body": (response) => response.write("{"),
  "/endless": (response) => {
    const chunk = Buffer.alloc(16_384, 32);
    const pump = (): void => {
      if (response.destroyed) return;
      bytesTaken += chunk.length;
      if (response.write(chunk)) setImmediate(pump);
      else response.once("drain", pump);
    };
    pump();
  },
};

beforeAll(async () => {
  server = createServer((request, response) => (routes[request.url ?? ""] ?? ((other) => other.writeHead(404).end()))(response));
  await once(server.listen(0, "127.0.0.1"), "listening");
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const local = createHttpCheck({ now: Date.now, allowPrivate: true });

describe("a check", () => {
  it.each([
    ["/ok", null, true, "answered 200"],
    ["/ok", sha, true, "answered 200"],
    ["/bad", null, false, "answered 503"],
    ["/commit", sha, true, "answered 200 with commit 0123456"],
    ["/short", sha, true, "answered 200 with commit 0123456"],
    ["/other", sha, false, "answered 200 with commit fffffff, not yet 0123456"],
    ["/other", null, true, "answered 200"],
    ["/away", null, true, "answered 200"],
  ])("%s expecting %s is healthy: %s", async (path, expectCommit, healthy, detail) => {
    expect(await local.check({ url: `${base}${path}`, timeLimitMs: 2_000, expectCommit })).toMatchObject({ healthy, detail });
  });

  it("says which commit the page names instead, when it is one", async () => {
    const named = async (path: string) => (await local.check({ url: `${base}${path}`, timeLimitMs: 2_000, expectCommit: sha })).otherCommit;
    expect([await named("/other"), await named("/commit"), await named("/ok")]).toEqual(["f".repeat(40), undefined, undefined]);
  });

  it.each(["/silent", "/slow-body"])("%s ends at its time limit", async (path) => {
    const { healthy, detail } = await local.check({ url: `${base}${path}`, timeLimitMs: 100, expectCommit: sha });
    expect(healthy).toBe(false);
    expect(detail).toMatch(/within 100 ms|too slowly|within \d+ ms/);
  });

  it("follows no endless redirect", async () => {
    expect(await local.check({ url: `${base}/round`, timeLimitMs: 2_000 })).toMatchObject({
      healthy: false,
      detail: expect.stringContaining("redirected"),
    });
  });

  it("reads no endless body", async () => {
    expect(await local.check({ url: `${base}/endless`, timeLimitMs: 5_000, expectCommit: sha })).toMatchObject({ healthy: true });
    expect(bytesTaken).toBeLessThan(20_000_000);
  });

  it("says that nobody is there", async () => {
    expect(await local.check({ url: "http://127.0.0.1:1/", timeLimitMs: 1_000 })).toMatchObject({ healthy: false });
  });
});

describe("addresses that only the checker could reach", () => {
  const never = createHttpCheck({ now: Date.now, fetch: () => Promise.reject(new Error("was called")) });

  it.each([
    "http://127.0.0.1/",
    "http://2130706433/",
    "http://0x7f.1/",
    "http://0.0.0.0/",
    "http://10.1.2.3/",
    "http://172.16.0.1/",
    "http://192.168.1.1/",
    "http://169.254.169.254/latest/meta-data/",
    "http://100.64.0.1/",
    "http://224.0.0.1/",
    "http://255.255.255.255/",
    "http://[::1]/",
    "http://[::]/",
    "http://[fe80::1]/",
    "http://[fd00::1]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[64:ff9b::7f00:1]/",
    "http://[2002:7f00:1::]/",
    "http://localhost:8787/",
    "http://LOCALHOST./",
    "http://app.localhost/",
    "http://db.internal/",
    "http://printer.local/",
    "http://intranet/",
    "http://user:secret@example.com/",
    "ftp://example.com/",
    "file:///etc/passwd",
    "not a url",
  ])("%s is refused", async (url) => {
    const refusal = never.check({ url, timeLimitMs: 100 });
    await expect(refusal).rejects.toMatchObject({ code: "refused", retryable: false, message: expect.not.stringContaining("secret") });
  });

  it("are refused behind a redirect, and behind a name where names can be looked up", async () => {
    const asked: string[] = [];
    const redirecting = createHttpCheck({
      now: Date.now,
      fetch: async (url) => {
        asked.push(url);
        return new Response(null, { status: 302, headers: { location: "http://169.254.169.254/" } });
      },
    });
    await expect(redirecting.check({ url: "https://shop.example.com/", timeLimitMs: 100 })).rejects.toMatchObject({ code: "refused" });
    expect(asked).toEqual(["https://shop.example.com/"]);
    const resolving = createHttpCheck({ now: Date.now, resolve: async () => ["93.184.216.34", "10.0.0.1"] });
    await expect(resolving.check({ url: "https://shop.example.com/", timeLimitMs: 100 })).rejects.toMatchObject({ code: "refused" });
  });
});
