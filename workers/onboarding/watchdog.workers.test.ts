import { env } from "cloudflare:workers";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { meshProject } from "../../core/ids.ts";
import type { OnboardingId, ProjectName } from "../../core/ids.ts";
import type { ProjectInput } from "../../core/inputs.ts";
import { requestFor } from "../../core/onboarding/onboarding-fixture.ts";
import { ReplayedProject } from "../../core/project/replay.ts";
import { minuteMs, secondMs } from "../../core/time.ts";
import { orchestrator, pool } from "../../durable-objects/remote.ts";
import { clock, now } from "../../platform/clock.ts";
import { orderedId } from "../../platform/random-id.ts";
import { createOnboardingMesh } from "./onboarding-fixture.ts";
import type { OnboardingMesh } from "./onboarding-fixture.ts";

let it: OnboardingMesh;
let ann: Awaited<ReturnType<OnboardingMesh["addRunner"]>>;

beforeAll(async () => {
  it = await createOnboardingMesh();
  ann = await it.addRunner("ann");
});
afterAll(() => it.dispose());
afterEach(() => clock.reset());

const skipped = { skipAuth: true, skipTrial: true, skipDevContainer: true };
const reconcile = async () => (await it.mesh.send("POST", "/ops/reconcile?due=1", {})).json<{ resumed: number }>();

async function waitingForKey(repository: string): Promise<string> {
  it.mesh.addRepository(repository);
  const { id } = await it.onboard(repository, { skipAuth: false, skipLiteLLM: true });
  await it.until(id, ({ status }) => status === "waiting_auth");
  return id;
}

const bringKey = (id: string) =>
  it.mesh.send("POST", `/onboard/${id}/auth-callback`, { variables: { ANTHROPIC_API_KEY: "sk-ant-api03-x" } });

test("the route died before it made the workflow: it is made", async () => {
  it.mesh.addRepository("acme/route");
  const id = `o${orderedId(now())}` as OnboardingId;
  const request = requestFor("acme/route", skipped);
  await orchestrator(env, meshProject).apply({
    id: `i${id}`,
    at: now(),
    type: "onboarding-requested",
    onboarding: id,
    request,
    by: "operator",
  });
  expect(await reconcile()).toMatchObject({ resumed: 0 });
  clock.shift(70 * secondMs);
  await ann.heartbeat();
  expect(await reconcile()).toMatchObject({ resumed: 1 });
  expect(await it.ended(id)).toMatchObject({ status: "completed", attempt: 1 });
  expect(await reconcile()).toMatchObject({ resumed: 0 });
});

test("an instance that was ended is followed by the next, which waits on", async () => {
  const id = await waitingForKey("acme/ended");
  await (await env.ONBOARDING.get(`${id}-1`)).terminate();
  clock.shift(70 * secondMs);
  expect(await reconcile()).toMatchObject({ resumed: 1 });
  expect(await it.until(id, ({ attempt }) => attempt === 2)).toMatchObject({ status: "waiting_auth", login: { mode: "api-key" } });
  await bringKey(id);
  expect(await it.ended(id)).toMatchObject({ status: "completed", attempt: 2 });
});

test("an instance that is silent for longer than it said is fenced off by the next", async () => {
  const id = await waitingForKey("acme/silent");
  clock.shift(minuteMs);
  expect(await reconcile()).toMatchObject({ resumed: 0 });
  clock.shift(10 * minuteMs);
  expect(await reconcile()).toMatchObject({ resumed: 1 });
  await it.until(id, ({ attempt }) => attempt === 2);
  await bringKey(id);
  expect(await it.ended(id)).toMatchObject({ status: "completed", attempt: 2 });
  expect(it.mesh.preparation.boards.filter(({ madeFor }) => madeFor === "R_acmesilent")).toHaveLength(1);
});

test("the same request while it is at it is that one; another is refused; the list is newest first", async () => {
  const id = await waitingForKey("acme/twice");
  const said = { repository: "Acme/Twice", skipTrial: true, skipDevContainer: true, skipLiteLLM: true };
  const same = await it.mesh.send("POST", "/onboard", said);
  expect([same.status, (await same.json<{ id: string }>()).id]).toEqual([202, id]);
  expect((await it.mesh.send("POST", "/onboard", { ...said, login: "device" })).status).toBe(409);
  expect((await it.mesh.send("POST", `/onboard/${id}/retry`)).status).toBe(409);
  const { items, cursor } = await (await it.mesh.request("/onboard?limit=2")).json<{ items: { id: string }[]; cursor: string }>();
  expect(items[0]?.id).toBe(id);
  const rest = await (await it.mesh.request(`/onboard?cursor=${cursor}`)).json<{ items: { id: string }[]; cursor: null }>();
  expect([...items, ...rest.items].map((each) => each.id)).toEqual(
    [...items, ...rest.items]
      .map((each) => each.id)
      .toSorted()
      .toReversed(),
  );
  expect(rest.cursor).toBeNull();
  await bringKey(id);
  await it.ended(id);
});

test("an Idempotency-Key repeated begins nothing more, also after the end", async () => {
  it.mesh.addRepository("acme/once");
  const headers = { "idempotency-key": "once" };
  const first = await (await it.mesh.send("POST", "/onboard", { repository: "acme/once", ...skipped }, headers)).json<{ id: string }>();
  await it.ended(first.id);
  const again = await (await it.mesh.send("POST", "/onboard", { repository: "acme/once", ...skipped }, headers)).json<{ id: string }>();
  // The first answer comes again.
  expect(again).toEqual(first);
  const { items } = await (await it.mesh.request("/onboard")).json<{ items: { repository: string }[] }>();
  expect(items.filter(({ repository }) => repository === "acme/once")).toHaveLength(1);
});

test("a project that is deleted meanwhile does not come back", async () => {
  const id = await waitingForKey("acme/deleted");
  const { profile } = await (await it.mesh.request("/projects/acme/deleted")).json<{ profile: { key: string } }>();
  expect(await pool(env).projectDeparts("acme/deleted" as ProjectName, "keep", "operator")).not.toBeNull();
  await it.mesh.send("POST", `/onboard/${id}/auth-callback`);
  expect(await it.ended(id)).toMatchObject({
    status: "failed",
    project: profile.key,
    error: { activity: "login", reason: "project-deleted" },
  });
});

test("the journaled inputs, replayed, give the same onboardings", async () => {
  const { entries } = await orchestrator(env, meshProject).entriesSince(0, 10_000);
  const replayed = new ReplayedProject(meshProject);
  for (const { inputs } of entries) for (const input of inputs) replayed.apply(input as ProjectInput);
  expect(replayed.onboardings.size).toBeGreaterThan(4);
  for (const [id, onboarding] of replayed.onboardings) expect(await orchestrator(env, meshProject).onboarding(id)).toEqual(onboarding);
});

test("what does not fit is refused with its path", async () => {
  const refused = await it.mesh.send("POST", "/onboard", { repository: "nothing", login: "magic", overrides: { retryBudget: 99 } });
  expect(refused.status).toBe(400);
  const { issues } = await refused.json<{ issues: { path: string }[] }>();
  expect(issues.map(({ path }) => path)).toEqual(["repository", "login"]);
  const settings = await it.mesh.send("POST", "/onboard", { repository: "acme/settings", overrides: { retryBudget: 99 } });
  expect((await settings.json<{ issues: { path: string }[] }>()).issues).toMatchObject([{ path: "overrides.retryBudget" }]);
  expect((await it.mesh.request("/onboard/o123")).status).toBe(404);
});
