import { afterAll, beforeAll, expect, test } from "vitest";
import { problem, startMadeUpMesh, type MadeUpMesh } from "./testing/made-up-mesh.ts";
import { runMesh, until } from "./testing/run-mesh.ts";

let mesh: MadeUpMesh;
beforeAll(async () => {
  mesh = await startMadeUpMesh();
  mesh.on("GET /projects", { items: [{ key: "K1", name: "acme/todo-app" }], cursor: null });
});
afterAll(() => mesh.close());

const env = () => ({ MESH_URL: mesh.url, MESH_TOKEN: mesh.token, NO_COLOR: "1" });
const base = Date.now() - 10_000;
const event = (seq: number, project = "K1") => ({
  project,
  seq,
  at: base + seq,
  type: seq === 3 ? "question-asked" : "run-phase-changed",
  trace: "12.1",
  issue: 12,
  run: 1,
  task: null,
  agent: "laptop",
  inputId: `i${seq}`,
  data: { phase: "QA", empty: "", usd: 0.100_000_000_01, view: { whole: true } },
});

test("filters become a query, and each event is a line that says where and what", async () => {
  mesh.on("GET /events", { items: [event(2)], cursor: null });
  const args = [
    "events",
    "--project",
    "acme/todo-app",
    "--agent",
    "laptop",
    "--type",
    "run-phase-changed",
    "--since",
    "1735689600000",
    "--limit",
    "5",
  ];
  const { code, stdout } = await runMesh(args, { env: env() });
  expect(code).toBe(0);
  expect(stdout.split("\n")[1]?.replace(/^.*?(?=#)/, "")).toBe("#12.1  run-phase-changed  laptop phase=QA usd=0.1");
  expect(mesh.asked.at(-1)?.path).toBe("/events?project=acme%2Ftodo-app&agent=laptop&type=run-phase-changed&since=1735689600000&limit=5");
  const all = await runMesh(["events"], { env: env() });
  expect(all.stdout).toContain("acme/todo-app#12.1");
});

test("--follow tells each event once and in order, also those that come late, and waits out an outage", async () => {
  let looks = 0;
  mesh.on("GET /events", ({ path }) => {
    const onSecondPage = path.includes("cursor=");
    if (!onSecondPage) looks += 1;
    if (looks === 1) return { status: 200, body: { items: [event(2)], cursor: null } };
    if (looks === 2) return problem(503, "read-model-unreachable", "The database does not answer.");
    // Newest first, over two pages; 1 of another journal comes after 2 was told.
    const items = onSecondPage ? [event(2), event(1, "K2")] : [event(4), event(3)];
    return { status: 200, body: { items, cursor: onSecondPage ? null : "c" } };
  });
  const { stdout, stderr } = await runMesh(["events", "--follow", "--json", "--since", String(base)], {
    env: env(),
    during: (child, said) =>
      void until(said, '"seq":4')
        .then(() => until(said, "back again"))
        .finally(() => child.kill("SIGTERM")),
  });
  const told = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { project: string; seq: number });
  expect(told.map(({ project, seq }) => `${project}~${seq}`)).toEqual(["K1~2", "K2~1", "K1~3", "K1~4"]);
  expect(stderr).toContain("The database does not answer. It is tried again.");
});
