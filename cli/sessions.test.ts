import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { WebSocketServer } from "ws";
import { startMadeUpMesh, type MadeUpMesh } from "./testing/made-up-mesh.ts";
import { runMesh } from "./testing/run-mesh.ts";
import { expectDocument, expectVerb, hoursAgo, page } from "./testing/verb-case.ts";

let mesh: MadeUpMesh;
beforeAll(async () => {
  mesh = await startMadeUpMesh();
});
afterAll(() => mesh.close());

const session = {
  id: "K1.s3-1",
  project: "K1",
  name: "acme/todo-app",
  issue: 3,
  run: 1,
  agent: "my-laptop",
  driver: null,
  conversationId: "c",
  state: "asking",
  step: "implement",
  startedAt: hoursAgo(5),
  lastSeenAt: hoursAgo(1),
  endedAt: null,
  inputTokens: 1,
  outputTokens: 2,
  usd: 0.5,
  outputBytes: 12,
  cols: 100,
  rows: 30,
};

test("sessions are listed", async () => {
  const args = ["sessions", "list", "--open"];
  const list = { args, route: "GET /sessions", path: "/sessions?open=1", answer: page(session) };
  await expectVerb(mesh, {
    ...list,
    text: `session  run                state   step       agent      began             usd
K1.s3-1  acme/todo-app#3.1  asking  implement  my-laptop  HH:MM (5 h ago)  0.50
`,
  });
  await expectDocument(mesh, { ...list, text: "" });
});

test("its terminal is shown until it ends, over a break and without what a terminal would obey", async () => {
  const server = createServer((_, response) => response.setHeader("content-type", "application/json").end(JSON.stringify(session)));
  const sockets = new WebSocketServer({ server });
  const asked: (string | undefined)[] = [];
  sockets.on("connection", (socket, { url }) => {
    asked.push(url);
    const say = (message: object) => socket.send(JSON.stringify(message));
    const isFirst = asked.length === 1;
    say({ type: "hello", from: isFirst ? 0 : 6, end: 12, cols: 100, rows: 30 });
    if (isFirst) {
      say({ type: "output", offset: 0, data: "eins\u001B]0;title\u0007 ü" });
      socket.close(4408);
    } else {
      say({ type: "output", offset: 19, data: "zwei" });
      say({ type: "ended" });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { code, stdout } = await runMesh(["sessions", "watch", session.id], { env: { MESH_URL: url, MESH_TOKEN: "t" } });
  expect(stdout).toBe("eins üzwei");
  expect(code).toBe(0);
  expect(asked).toEqual(["/sessions/K1.s3-1/live?from=0", "/sessions/K1.s3-1/live?from=17"]);
  sockets.close();
  await new Promise((resolve) => server.close(resolve));
});
