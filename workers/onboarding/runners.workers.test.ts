import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { Assignment } from "../../core/protocol/frames.ts";
import { clock } from "../../platform/clock.ts";
import { createOnboardingMesh, passedTrial } from "./onboarding-fixture.ts";
import type { OnboardingMesh } from "./onboarding-fixture.ts";
import { loginLimitMs } from "./login.ts";

let it: OnboardingMesh;
/** What the runner of the tests answers, by capability and kind of work. */
let answers: Record<string, Assignment["payload"] | undefined> = {};
let asked: readonly unknown[] = [];
const trial = { ...passedTrial };

beforeAll(async () => {
  it = await createOnboardingMesh();
});
afterAll(() => it.dispose());
afterEach(() => clock.reset());

const waiting = (id: string) => it.until(id, ({ status }) => status !== "pending" && status !== "running");
const callback = (id: string, body: object = {}) => it.mesh.send("POST", `/onboard/${id}/auth-callback`, body);

describe("a runner", () => {
  test("that is not there, or away: the commands that start one, and a retry when it is back", async () => {
    it.mesh.addRepository("acme/away");
    const view = await it.ended((await it.onboard("acme/away")).id);
    expect(view).toMatchObject({ status: "failed", error: { activity: "runner", reason: "no-runner" } });
    expect(view.error?.fix).toContain("curl -X POST https://mesh.test/agents");
    expect(view.error?.fix).toContain("npm run mesh -- runner --url https://mesh.test --id my-machine");
    const away = await it.addRunner("bob");
    away.agent.close();
    clock.shift(10 * 60_000);
    const again = await it.retry(view.id);
    expect(again.error).toMatchObject({ reason: "no-runner" });
    expect(again.error?.message).toContain("bob is offline");
    clock.reset();
    await it.mesh.send("DELETE", "/agents/bob");
    const runner = await it.addRunner("ann", ({ payload }) => answers[(payload as { type: string }).type]);
    asked = runner.asked;
    expect(await it.retry(view.id)).toMatchObject({ status: "completed", attempt: 3 });
  });

  test("in GitHub Actions is proposed by a pull request, once", async () => {
    const added = it.mesh.addRepository("acme/actions");
    const view = await it.ended((await it.onboard("acme/actions", { actionsRunner: true })).id);
    expect(view.status).toBe("completed");
    const [proposal] = [...added.proposals.values()];
    expect(view.completed.find(({ activity }) => activity === "runner")?.summary).toContain(
      `its Actions workflow is proposed: ${proposal?.url}`,
    );
    expect(Object.values(proposal?.files ?? {})[0]).toContain("--url 'https://mesh.test'");
  });
});

describe("the trial", () => {
  test("shows the end of what failed, and is made anew by a retry", async () => {
    it.mesh.addRepository("acme/trial");
    answers = { trial: { ...trial, ok: false, exitCode: 1, tail: "1 failing\nexpected 2" } };
    const view = await it.ended((await it.onboard("acme/trial", { skipTrial: false })).id);
    expect(view).toMatchObject({ status: "failed", error: { activity: "trial", reason: "trial-test-failed" } });
    expect(view.error?.message).toContain("`npm test` ended with exit code 1");
    expect(view.error?.message).toContain("expected 2");
    answers = { trial };
    const ready = await it.retry(view.id);
    expect(ready.status).toBe("completed");
    expect(asked.filter((payload) => (payload as { project?: string }).project === "acme/trial")).toHaveLength(2);
  });

  test("uses the test command that was asked for", async () => {
    it.mesh.addRepository("acme/given");
    const overrides = { qa: { testCommand: "make check" } };
    const view = await it.ended((await it.onboard("acme/given", { skipTrial: false, overrides })).id);
    expect(view.status).toBe("completed");
    expect(asked.at(-1)).toMatchObject({
      type: "trial",
      testCommand: "make check",
      branch: "main",
      cloneUrl: "https://github.test/acme/given.git",
    });
    const { policy } = await (await it.mesh.request("/projects/acme/given")).json<{ policy: object }>();
    expect(policy).toMatchObject({ qa: { testCommand: "make check" } });
  });
});

describe("login by a key", () => {
  test("waits for it, takes it into the Vault, and tells nobody", async () => {
    it.mesh.addRepository("acme/key");
    const { id } = await it.onboard("acme/key", { skipAuth: false, skipLiteLLM: true });
    expect(await waiting(id)).toMatchObject({
      status: "waiting_auth",
      login: { mode: "api-key" },
      explain: expect.stringContaining("push one"),
    });
    const secret = "sk-ant-api03-of-the-tests";
    expect((await callback(id, { variables: { ANTHROPIC_API_KEY: secret } })).status).toBe(202);
    const view = await it.ended(id);
    expect(view).toMatchObject({ status: "completed", login: null });
    expect(view.completed.find(({ activity }) => activity === "login")?.summary).toBe("In the Vault: agent (ANTHROPIC_API_KEY)");
    const journal = await it.mesh.env.ORCHESTRATORS.getByName("mesh").entriesSince(0, 1_000);
    expect(JSON.stringify(journal)).not.toContain(secret);
    expect((await callback(id)).status).toBe(409);
  });

  test.each([
    ["a subscription's login", { CLAUDE_CODE_OAUTH_TOKEN: "x" }],
    ["a subscription's token as a key", { ANTHROPIC_API_KEY: "sk-ant-oat01-abc" }],
    ["a pasted code", { ANTHROPIC_API_KEY: "uJ3kT9xQpL0vWz8nB2dR7y#s4Fh6Kq1Mw9Xc3Vb5Zt8Pn" }],
    ["a variable of the runner", { PATH: "/tmp" }],
    ["nothing", {}],
  ])("refuses %s", async (_, variables) => {
    it.mesh.addRepository("acme/refused");
    const { id } = await it.onboard("acme/refused", { skipAuth: false, skipLiteLLM: true });
    await waiting(id);
    const refused = await callback(id, { variables });
    expect(refused.status).toBe(400);
    const text = await refused.text();
    expect(text).toContain("variables");
    expect(text).not.toContain("sk-ant-oat01");
    expect(await it.until(id, () => true)).toMatchObject({ status: "waiting_auth" });
  });

  test("times out after a day with the way on, and a retry waits anew", async () => {
    it.mesh.addRepository("acme/late");
    const { id } = await it.onboard("acme/late", { skipAuth: false, skipLiteLLM: true });
    await waiting(id);
    clock.shift(loginLimitMs);
    await callback(id);
    const view = await it.ended(id);
    expect(view).toMatchObject({ status: "failed", error: { activity: "login", reason: "login-timeout" } });
    expect(view.error?.fix).toContain("mesh credentials push acme/late");
    clock.reset();
    expect((await it.mesh.send("POST", `/onboard/${id}/retry`)).status).toBe(202);
    expect(await waiting(id)).toMatchObject({ status: "waiting_auth" });
    await callback(id, { variables: { ANTHROPIC_API_KEY: "sk-ant-api03-late" } });
    expect((await it.ended(id)).status).toBe("completed");
  });

  test("is spared where the gateway makes the key", async () => {
    it.mesh.addRepository("acme/gateway");
    const view = await it.ended((await it.onboard("acme/gateway", { skipAuth: false })).id);
    expect(view.completed.find(({ activity }) => activity === "login")?.summary).toContain("the model gateway makes the project's own");
  });
});

describe("login on the runner", () => {
  test("says what to run where, and goes on when it is done", async () => {
    it.mesh.addRepository("acme/runner");
    answers = { status: { loggedIn: false, method: null, command: "claude auth login" } };
    const { id } = await it.onboard("acme/runner", { skipAuth: false, login: "runner" });
    const login = { mode: "runner", command: "claude auth login", runner: "ann" };
    expect(await waiting(id)).toMatchObject({ status: "waiting_auth", login });
    answers = { status: { loggedIn: true, method: "claude.ai", command: "claude auth login" } };
    await callback(id);
    expect(await it.ended(id)).toMatchObject({ status: "completed" });
  });
});

describe("login by device code", () => {
  const url = "https://auth.openai.com/codex/device";
  const started = { url, code: "ABCD-12345", expiresInMs: 900_000 };

  test("shows address and code, and goes on when the runner says so", async () => {
    it.mesh.addRepository("acme/device");
    answers = { "device-start": started, "device-status": { state: "waiting", message: "" } };
    const { id } = await it.onboard("acme/device", { skipAuth: false, login: "device" });
    expect(await waiting(id)).toMatchObject({
      status: "waiting_auth",
      login: { mode: "device", deviceUrl: url, userCode: "ABCD-12345", runner: "ann" },
    });
    answers = { ...answers, "device-start": { ...started, code: "WXYZ-98765" }, "device-status": { state: "failed", message: "expired" } };
    await callback(id);
    expect(await it.until(id, ({ login }) => login?.userCode === "WXYZ-98765")).toMatchObject({ status: "waiting_auth" });
    answers = { "device-status": { state: "done", message: "" } };
    await callback(id);
    expect(await it.ended(id)).toMatchObject({ status: "completed" });
  });

  test("that the agent does not know is said, and not waited for", async () => {
    it.mesh.addRepository("acme/unknown");
    answers = { "device-start": { fails: "claude has no device flow" } };
    const view = await it.ended((await it.onboard("acme/unknown", { skipAuth: false, login: "device" })).id);
    expect(view).toMatchObject({ status: "failed", error: { reason: "login-unavailable", message: "ann: claude has no device flow" } });
  });

  test.each(["https://auth.openai.com.evil.example/device", "https://auth.openai.com@evil.example/"])("never shows %s", async (address) => {
    it.mesh.addRepository("acme/untrusted");
    answers = { "device-start": { ...started, url: address } };
    const view = await it.ended((await it.onboard("acme/untrusted", { skipAuth: false, login: "device" })).id);
    expect(view).toMatchObject({ status: "failed", login: null, error: { activity: "login", reason: "login-untrusted" } });
    expect(JSON.stringify(view)).not.toContain(address);
  });
});
