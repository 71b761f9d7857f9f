import { afterAll, beforeAll, expect, test } from "vitest";
import { onboardingActivities } from "../../core/onboarding/view.ts";
import { createOnboardingMesh, passedTrial } from "./onboarding-fixture.ts";
import type { OnboardingMesh } from "./onboarding-fixture.ts";

let it: OnboardingMesh;

beforeAll(async () => {
  it = await createOnboardingMesh();
});
afterAll(() => it.dispose());

test("from a repository to ready", async () => {
  it.mesh.addRepository("acme/shop");
  await it.addRunner("ann", ({ capability }) => (capability === "environment" ? passedTrial : undefined));
  const { id, status } = await it.onboard("acme/shop", { skipTrial: false, skipDevContainer: false });
  expect(status).toBe("pending");
  const view = await it.ended(id);
  expect(view.error).toBeNull();
  expect(view).toMatchObject({ status: "completed", attempt: 1, project: "R_acmeshop", board: { owner: "acme" } });
  expect(view.completed.map(({ activity }) => activity)).toEqual([...onboardingActivities]);
  expect(Object.fromEntries(view.completed.map(({ activity, summary }) => [activity, summary]))).toEqual({
    validate: "acme/shop, an organisation's, public: 12 of 12 checks work",
    board: "Made by the mesh: https://github.test/orgs/acme/projects/1; fields made: Session, Agent, Run, Priority",
    registry: "Registered as acme/shop, under the repository's id R_acmeshop",
    webhook: "The board is told of by webhook, and polled as a backstop; repository webhook made, organization webhook made",
    storage: "Written, read and deleted under journal/R_acmeshop/ of the archive's bucket",
    "dev-container": "Proposed for no language in particular: https://github.test/acme/shop/pull/100",
    runner: "ann serves it, with planning, implementation, qa",
    trial: "ann cloned it and ran `npm ci` and `npm test`, in 2 s",
    login: "Left out, as asked: the runner's own environment is taken to have what the agent needs",
    "model-budget": "Made: mesh-six/acme/shop, without a limit; its key is in the Vault",
    settings: "tests: `npm test`, as the trial found; merges: human",
  });
  const { profile } = await (await it.mesh.request("/projects/acme/shop")).json<{ profile: object }>();
  expect(profile).toMatchObject({ overrides: { qa: { testCommand: "npm test" } } });
});
