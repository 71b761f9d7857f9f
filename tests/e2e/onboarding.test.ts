import { afterAll, beforeAll, expect, test } from "vitest";
import { onboardingActivities } from "../../core/onboarding/view.ts";
import type { OnboardingView } from "../../core/onboarding/view.ts";
import { notes } from "../../dev/demo/repositories/notes.ts";
import { meshForTest, until } from "./mesh-fixture.ts";

let mesh: Awaited<ReturnType<typeof meshForTest>>;
/** Hears every line that a part of the mesh says. */
let hear: (line: string) => void = () => undefined;

beforeAll(async () => {
  mesh = await meshForTest({
    litellm: true,
    log: (line) => {
      mesh?.said.push(line);
      hear(line);
    },
  });
});
afterAll(() => mesh?.end());

/** A repository that the mesh has not seen, with a test that passes. */
async function addRepository(owner: string, name: string): Promise<string> {
  await mesh.github.seed.addRepository({ owner, name, files: { ...notes } });
  if (owner === "acme") mesh.github.seed.setPermission("ada", `${owner}/${name}`, "admin");
  return `${owner}/${name}`;
}

const onboard = (repository: string, request: object = {}) => mesh.client.post<OnboardingView>("/onboard", { repository, ...request });
const look = (id: string) => mesh.client.get<OnboardingView>(`/onboard/${id}`);
const ended = (id: string, limitMs = 120_000) =>
  until(
    "the onboarding ends",
    async () => {
      const view = await look(id);
      return view.status === "completed" || view.status === "failed" ? view : null;
    },
    limitMs,
  );

/** What there is outside of a repository: each thing once. */
function outside(repository: string, view: OnboardingView) {
  const { state } = mesh.github.world;
  const [owner = "", name = ""] = repository.split("/");
  const found = mesh.github.world.findRepository(owner, name);
  const pulls = state.issues.filter((issue) => issue.repositoryId === found?.id && issue.pull !== undefined);
  return {
    boards: state.boards.filter((board) => board.repositories.includes(found?.id ?? 0)).map(({ number }) => number),
    board: view.board?.number,
    hooks: state.hooks.filter(({ target }) => target.type === "repository" && target.repositoryId === found?.id).length,
    pulls: pulls.map((issue) => issue.pull?.headRef),
    keys: mesh.litellm?.keys().filter(({ key_alias }) => key_alias?.includes(repository) ?? false).length,
  };
}

test("an organisation's repository, with a key that a person brings", async () => {
  const repository = await addRepository("acme", "fresh");
  const { id } = await onboard(repository, { skipLiteLLM: true });
  await until("it waits for the key", async () => (await look(id)).status === "waiting_auth");
  const key = { name: "the agents' key", value: `sk-ant-api03-${id}-of-the-onboarding` };
  mesh.putIn.push(key);
  await mesh.client.post(`/onboard/${id}/auth-callback`, { variables: { ANTHROPIC_API_KEY: key.value } });
  const view = await ended(id);
  expect(view.error, mesh.said.slice(-40).join("\n")).toBeNull();
  expect(view).toMatchObject({ status: "completed", board: { owner: "acme", observedBy: "webhook" } });
  expect(outside(repository, view)).toMatchObject({ boards: [view.board?.number], hooks: 1, pulls: ["mesh/setup/dev-container"] });
  const { profile } = await mesh.client.get<{ profile: { overrides: object } }>(`/projects/${repository}`);
  expect(profile.overrides).toMatchObject({ qa: { testCommand: "npm test" } });
});

test("a user's repository, with a key that the gateway makes", async () => {
  const repository = await addRepository("solo", "fresh");
  const view = await ended((await onboard(repository)).id);
  expect(view.error, mesh.said.slice(-40).join("\n")).toBeNull();
  expect(view).toMatchObject({ status: "completed", board: { owner: "solo", observedBy: "poll" } });
  expect(outside(repository, view)).toMatchObject({ boards: [view.board?.number], hooks: 1, keys: 1 });
  const { items } = await mesh.client.get<{ items: OnboardingView[] }>("/onboard");
  expect(items[0]).toEqual(view);
});

test("workerd killed after every single activity: the same end, one of everything", async () => {
  const overrides = { redelivery: { handoverMs: 5_000, effectMs: 5_000, leaseMs: 5_000 } };
  const left = new Set<string>(onboardingActivities.slice(0, -1));
  // One kill to an attempt; what went by while it was dying is for the next onboarding.
  for (const owner of ["acme", "solo", "acme", "solo"]) {
    if (left.size === 0) break;
    const repository = await addRepository(owner, `killed-${left.size}`);
    const stop = killAfter(left);
    const view = await ended((await onboard(repository, { overrides })).id, 240_000);
    stop();
    expect(view.error, mesh.said.slice(-40).join("\n")).toBeNull();
    expect(view).toMatchObject({ status: "completed", board: { owner } });
    expect(view.completed.map(({ activity }) => activity)).toEqual([...onboardingActivities]);
    expect(outside(repository, view)).toMatchObject({
      boards: [view.board?.number],
      hooks: 1,
      pulls: ["mesh/setup/dev-container"],
      keys: 1,
    });
    const { credentials } = await mesh.client.get<{ credentials: { name: string }[] }>(`/projects/${repository}/credentials/health`);
    expect(credentials.map(({ name }) => name)).toEqual(["model-gateway"]);
  }
  expect([...left]).toEqual([]);
});

/** Ends the runtime as soon as it says that one of these activities is done, which is then taken out; once in each attempt. */
function killAfter(activities: Set<string>): () => void {
  const attempts = new Set<string>();
  hear = (line) => {
    const said = /"an activity of an onboarding is done".*"activity":"([a-z-]+)","attempt":(\d+)/.exec(line);
    const [, activity = "", attempt = ""] = said ?? [];
    const victim = mesh.wrangler.runtime();
    if (!activities.has(activity) || attempts.has(attempt) || victim === undefined) return;
    process.kill(victim, "SIGKILL");
    attempts.add(attempt);
    activities.delete(activity);
  };
  return () => (hear = () => undefined);
}
