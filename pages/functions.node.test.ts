import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { startNeon, type Neon } from "../dev/neon/start-neon.ts";
import { migrate } from "../drizzle/migrate.ts";
import { onRequest, type DashboardEnv } from "./functions/api/[[path]].ts";

let neon: Neon;
let env: DashboardEnv;
let asked: Request[];
const origin = "https://dashboard.test";
const ask = (path: string, init?: RequestInit) => onRequest({ request: new Request(`${origin}/api${path}`, init), env });
const paths = () => asked.map(({ method, url }) => `${method} ${url.slice(origin.length)}`);

beforeAll(async () => {
  neon = await startNeon({ memory: true });
  await migrate(neon.url, neon.fetchEndpoint);
});
afterAll(() => neon.close());
beforeEach(() => {
  asked = [];
  env = {
    DATABASE_URL: neon.url,
    DATABASE_FETCH_ENDPOINT: neon.fetchEndpoint,
    MESH: {
      fetch: async (request) => {
        asked.push(request);
        const known = request.headers.get("cookie") === "mesh_session=good" || request.headers.get("authorization") === "Bearer good";
        return Response.json({ from: "worker" }, { status: known ? 200 : 401 });
      },
    },
  };
});

test("reads come from the database, once the Worker has said who is asking", async () => {
  const response = await ask("/events?limit=5", { headers: { cookie: "mesh_session=good" } });
  expect([response.status, await response.json()]).toEqual([200, { items: [], cursor: null }]);
  expect(paths()).toEqual(["GET /session"]);
  expect((await ask("/read-model", { headers: { authorization: "Bearer good" } })).status).toBe(200);
});

test.each(["/events", "/runs", "/tasks", "/usage", "/read-model", "/runs/acme/todo-app/1/history"])(
  "%s without a login is refused",
  async (path) => {
    expect((await ask(path)).status).toBe(401);
    expect((await ask(path, { headers: { cookie: "mesh_session=forged" } })).status).toBe(401);
    expect(paths()).toEqual(["GET /session", "GET /session"]);
  },
);

test("everything else is the Worker's, with path, query, method and body, and the origin kept", async () => {
  await ask("/projects?x=1");
  await ask("/login", { method: "POST", body: '{"token":"t"}', headers: { origin } });
  await ask("/events", { method: "POST" });
  await ask("/live", { headers: { upgrade: "websocket" } });
  expect(paths()).toEqual(["GET /projects?x=1", "POST /login", "POST /events", "GET /live"]);
  expect(await asked[1]?.text()).toBe('{"token":"t"}');
  expect(asked[1]?.headers.get("origin")).toBe(origin);
});

test("only the prefix goes", async () => {
  await ask("/api/x");
  await ask("");
  expect(paths()).toEqual(["GET /api/x", "GET /"]);
});

test("without a database the Worker answers reads too", async () => {
  env = { MESH: env.MESH };
  await ask("/events");
  expect(paths()).toEqual(["GET /events"]);
});
