import { expect, test, vi } from "vitest";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { forgetAccessKeys } from "../../clients/access/verify-access.ts";
import { hourMs, secondMs } from "../../core/time.ts";
import { onRequest } from "../../pages/functions/api/[[path]].ts";
import { derivedSecret } from "../../platform/keys.ts";
import { createTestMesh, operatorToken, signingKey, viewerToken } from "../test-mesh.ts";
import { forgetLogins } from "./person.ts";

const mesh = createTestMesh();

interface Operation {
  readonly security: readonly Record<string, readonly string[]>[];
}
interface Described {
  readonly paths: Record<string, Record<string, Operation>>;
}

/** Everything that the API says it has. */
const { paths } = (await (await mesh.request("/openapi.json", { token: null })).json()) as Described;
const operations = Object.entries(paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, { security }]) => ({
    name: `${method.toUpperCase()} ${path}`,
    method: method.toUpperCase(),
    path: path.replaceAll(/\{\w+\}/g, "x"),
    needs: security.length === 0 ? "nothing" : security[0]?.["agent"] ? "agent" : (security[0]?.["person"]?.[0] ?? "?"),
  })),
);
const forPeople = operations.filter(({ needs }) => needs === "viewer" || needs === "operator");

/** Whoever adds a route that asks for no login says so here. */
const open = [
  "GET /agent-protocol.json",
  "GET /docs",
  "GET /healthz",
  "GET /login",
  "GET /openapi.json",
  "GET /r/{token}",
  "GET /readyz",
  "POST /login",
  "POST /logout",
  "POST /ntfy-reply",
  "POST /r/{token}",
  "POST /webhooks/github/{hook}",
];

test("only what is listed asks for no login, and everything else says which role it needs", () => {
  expect(
    operations
      .filter(({ needs }) => needs === "nothing")
      .map(({ name }) => name)
      .toSorted(),
  ).toEqual(open);
  expect(operations.filter(({ needs }) => needs === "?")).toEqual([]);
  expect(forPeople.length).toBeGreaterThan(60);
});

/** Through the Worker itself, and through the dashboard's own origin, where history is read from the database. */
const ways = {
  "the Worker": (path: string, init: RequestInit) => mesh.request(path, { token: null, ...init }),
  "the dashboard": (path: string, init: RequestInit) =>
    onRequest({
      request: new Request(`https://dashboard.test/api${path}`, init),
      env: {
        DATABASE_URL: "postgresql://mesh:nothing@db.invalid/mesh",
        MESH: {
          fetch: async (request) => {
            const { pathname, search } = new URL(request.url);
            const { method, headers } = request;
            return mesh.request(pathname + search, {
              token: null,
              method,
              headers,
              ...(method === "GET" ? {} : { body: await request.text() }),
            });
          },
        },
      },
    }),
};

async function ask(way: keyof typeof ways, { method, path }: { method: string; path: string }, headers: Record<string, string>) {
  const response = await ways[way](path, { method, headers, ...(method === "GET" ? {} : { body: "{}" }) });
  const reason = response.headers.get("content-type")?.includes("problem") ? (await response.json<{ reason: string }>()).reason : "";
  return `${response.status} ${reason}`.trim();
}

async function signed(value: string, key = signingKey): Promise<string> {
  const secret = new TextEncoder().encode(await derivedSecret(key, "cookie"));
  const mac = await crypto.subtle.sign(
    "HMAC",
    await crypto.subtle.importKey("raw", secret, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]),
    new TextEncoder().encode(value),
  );
  return `mesh_session=${encodeURIComponent(`${value}.${btoa(String.fromCharCode(...new Uint8Array(mac)))}`)}`;
}
const inAnHour = Math.floor((Date.now() + hourMs) / secondMs);
const origin = "https://dashboard.test";

inEachWay((way) => {
  test.each(forPeople)(`${way}, without a login: $name`, async (operation) => {
    expect(await ask(way, operation, { origin })).toBe("401 unauthorized");
  });

  test.each(forPeople)(
    `${way}, with a cookie that is expired, forged, of another key, of another form, or from before all were logged out: $name`,
    async (operation) => {
      const good = await signed(`operator.${inAnHour}.0`);
      for (const cookie of [
        await signed(`operator.${inAnHour - 3_601}.0`),
        (await signed(`viewer.${inAnHour}.0`)).replace("viewer", "operator"),
        good.replace(String(inAnHour), String(inAnHour + 9)),
        await signed(`operator.${inAnHour}.0`, "another-signing-key-of-32-letters"),
        await signed(`operator.${inAnHour}`),
        await signed(`admin.${inAnHour}.0`),
        await signed(`operator.${inAnHour}.7`),
        `mesh_session=operator.${inAnHour}.0`,
      ]) {
        expect(await ask(way, operation, { cookie, origin }), decodeURIComponent(cookie)).toBe("401 unauthorized");
      }
    },
  );

  test.each(forPeople.filter(({ needs }) => needs === "operator"))(
    `${way}, as a viewer by token and by cookie: $name`,
    async (operation) => {
      for (const shown of [{ authorization: `Bearer ${viewerToken}` }, { cookie: await signed(`viewer.${inAnHour}.0`) }] as Record<
        string,
        string
      >[]) {
        expect(await ask(way, operation, { ...shown, origin })).toBe("403 viewers-only-read");
      }
    },
  );
});

function inEachWay(tests: (way: keyof typeof ways) => void): void {
  for (const way of Object.keys(ways) as (keyof typeof ways)[]) tests(way);
}

test.each(operations.filter(({ needs }) => needs === "agent"))("an agent's route opens to nobody else: $name", async (operation) => {
  expect(await ask("the Worker", operation, {})).toBe("401 unauthorized");
  for (const token of [operatorToken, viewerToken, `mesh_agent_${"a".repeat(43)}`]) {
    expect(await ask("the Worker", operation, { authorization: `Bearer ${token}` })).toBe("401 unauthorized");
  }
  expect(await ask("the Worker", operation, { cookie: await signed(`operator.${inAnHour}.0`), origin })).toBe("401 unauthorized");
});

test.each(forPeople.filter(({ method, needs }) => method === "GET" && needs === "viewer"))(
  "a viewer may read: $name",
  async (operation) => {
    expect(await ask("the Worker", operation, { authorization: `Bearer ${viewerToken}` })).not.toMatch(/^40[13]/);
  },
);

test.each(forPeople.filter(({ method }) => method !== "GET"))(
  "a command with a good cookie but from a foreign page: $name",
  async ({ name, ...operation }) => {
    // It takes tokens only.
    const cookie = await signed(`operator.${inAnHour}.0`);
    for (const from of [{ origin: "https://evil.test" }, { origin: "null" }, {}] as Record<string, string>[]) {
      expect(await ask("the Worker", operation, { cookie, ...from })).toMatch(
        name === "POST /mcp" ? /^(401 unauthorized|403 foreign-origin)$/ : /^403 foreign-origin$/,
      );
    }
  },
);

test("all are logged out everywhere: cookies of before are worth nothing, their sockets are closed, a new login is good", async () => {
  const login = async () => {
    const response = await mesh.request("/login", { method: "POST", token: null, body: JSON.stringify({ token: operatorToken }) });
    return (response.headers.get("set-cookie") ?? "").split(";")[0] ?? "";
  };
  const session = async (cookie: string) => (await mesh.request("/session", { token: null, headers: { cookie } })).status;
  const [mine, others] = [await login(), await login()];
  const listen = async (headers: Record<string, string>, token: string | null) => {
    const { webSocket } = await mesh.request("/live", { token, headers: { upgrade: "websocket", origin, ...headers } });
    if (!webSocket) throw new Error("no socket");
    webSocket.accept();
    return { webSocket, closed: new Promise<number>((resolve) => webSocket.addEventListener("close", ({ code }) => resolve(code))) };
  };
  const [loggedIn, program] = [await listen({ cookie: others }, null), await listen({}, operatorToken)];
  const ended = await mesh.request("/logout/everywhere", { method: "POST", token: null, headers: { cookie: mine, origin } });
  expect([ended.status, ended.headers.get("set-cookie")]).toEqual([204, expect.stringContaining("Max-Age=0")]);
  expect([await session(mine), await session(others)]).toEqual([401, 401]);
  expect(await loggedIn.closed).toBe(4_401);
  expect(program.webSocket.readyState).toBe(WebSocket.OPEN);
  expect(await session(await login())).toBe(200);
  program.webSocket.close(1000, "");
  forgetLogins();
});

test("Cloudflare Access: who is listed comes in as listed, by e-mail, domain or service token; nobody else does", async () => {
  const keys = await generateKeyPair("RS256", { extractable: true });
  const team = "team.cloudflareaccess.com";
  const published = { keys: [{ ...(await exportJWK(keys.publicKey)), kid: "one", alg: "RS256", use: "sig" }] };
  const outside = vi.spyOn(globalThis, "fetch").mockImplementation(async () => Response.json(published));
  const withAccess = createTestMesh({
    ACCESS_TEAM_DOMAIN: team,
    ACCESS_AUD: "a-tag",
    ACCESS_OPERATORS: "Ann@example.org, nightly.access",
    ACCESS_VIEWERS: "@example.org",
  });
  const token = (claims: Record<string, string>, audience = "a-tag") =>
    new SignJWT(claims)
      .setProtectedHeader({ alg: "RS256", kid: "one" })
      .setIssuer(`https://${team}`)
      .setAudience(audience)
      .setIssuedAt()
      .setExpirationTime("1h")
      .sign(keys.privateKey);
  const act = async (claims: Record<string, string>, init: { method?: string; origin?: string; audience?: string } = {}) => {
    const headers = { "cf-access-jwt-assertion": await token(claims, init.audience), ...(init.origin ? { origin: init.origin } : {}) };
    const path = init.method === "POST" ? "/ops/start" : "/session";
    const response = await withAccess.request(path, { method: init.method ?? "GET", token: null, headers });
    const body = await response.json<{ role?: string; by?: string; reason?: string; logoutUrl?: string }>();
    return [response.status, body.reason ?? body.role ?? "", body.by ?? ""].join(" ").trim();
  };
  expect(await act({ email: "ANN@example.org" })).toBe("200 operator ann@example.org");
  expect(await act({ email: "bob@example.org" })).toBe("200 viewer bob@example.org");
  expect(await act({ email: "eve@evil.test" })).toBe("403 no-role");
  expect(await act({ email: "ann@example.org.evil.test" })).toBe("403 no-role");
  expect(await act({ common_name: "nightly.access" })).toBe("200 operator nightly.access");
  expect(await act({ common_name: "x@example.org" })).toBe("403 no-role");
  expect(await act({ email: "ann@example.org" }, { audience: "other" })).toBe("401 unauthorized");
  expect(await act({ email: "ann@example.org" }, { method: "POST", origin })).toMatch(/^200/);
  expect(await act({ email: "ann@example.org" }, { method: "POST", origin: "https://evil.test" })).toBe("403 foreign-origin");
  expect(await act({ email: "ann@example.org" }, { method: "POST" })).toBe("403 foreign-origin");
  expect(await act({ common_name: "nightly.access" }, { method: "POST" })).toMatch(/^200/);
  expect(await act({ email: "bob@example.org" }, { method: "POST", origin })).toBe("403 viewers-only-read");
  forgetAccessKeys();
  outside.mockImplementation(async () => new Response("away", { status: 503 }));
  expect(await act({ email: "ann@example.org" })).toBe("503 cloudflare-access-unavailable");
  outside.mockRestore();
  forgetAccessKeys();
  // Where Access is not set up its header is nobody's.
  expect(
    (await mesh.request("/session", { token: null, headers: { "cf-access-jwt-assertion": await token({ email: "ann@example.org" }) } }))
      .status,
  ).toBe(401);
});
