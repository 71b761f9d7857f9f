import { describe, expect, test } from "vitest";
import type { ProjectProfile } from "../inputs.ts";
import { failure, first, HeardMesh, requestFor, second } from "./onboarding-fixture.ts";
import { hourMs, minuteMs } from "../time.ts";
import { mostLosses, mostPaused } from "./transition.ts";
import { onboardingActivities } from "./view.ts";
import { viewOnboarding } from "./view-onboarding.ts";

const profile = { key: "R_1", name: "acme/shop", board: { number: 3 } } as unknown as ProjectProfile;

test("from a request to ready, activity by activity", () => {
  const mesh = new HeardMesh().before("validate");
  expect(mesh.get()).toMatchObject({ status: "pending", attempt: 1, activity: null });
  for (const activity of onboardingActivities) {
    mesh.say({ type: "onboarding-step-begun", onboarding: first, attempt: 1, activity });
    expect(viewOnboarding(mesh.get())).toMatchObject({ status: "running", activity, error: null });
    expect(mesh.done(activity)).toEqual({ status: "applied" });
  }
  const ready = viewOnboarding(mesh.get());
  expect(ready).toMatchObject({ status: "completed", activity: null, phase: "login-and-settings", login: null });
  expect(ready.completed.map(({ activity }) => activity)).toEqual([...onboardingActivities]);
  expect(ready.explain).toBe("Ready: put a card into the board's first column.");
});

test("what was found is there for the activities that follow, and shown", () => {
  const mesh = new HeardMesh().before("validate");
  const permissions = [{ name: "issues-write", result: "works", detail: "yes" }] as const;
  mesh.say({
    type: "onboarding-step-done",
    onboarding: first,
    attempt: 1,
    activity: "validate",
    summary: "s",
    found: { permissions, profile },
  });
  mesh.done("board");
  expect(mesh.get().found).toEqual({ permissions, profile });
  expect(viewOnboarding(mesh.get())).toMatchObject({ project: "R_1", board: { number: 3 }, permissions });
});

describe("a failure", () => {
  test("names the activity, the reason and the fix; a retry goes on from there", () => {
    const mesh = new HeardMesh().before("trial");
    mesh.say({ type: "onboarding-failed", onboarding: first, attempt: 1, activity: "trial", ...failure });
    expect(viewOnboarding(mesh.get())).toMatchObject({
      status: "failed",
      phase: "environment",
      error: { activity: "trial", ...failure },
      explain: "Stopped while having a runner clone, install and test the project: The repository is archived.",
    });
    expect(mesh.done("trial")).toEqual({ status: "ignored", reason: "ended" });
    expect(mesh.say({ type: "onboarding-retried", onboarding: first, by: "operator" })).toEqual({ status: "applied" });
    expect(mesh.get()).toMatchObject({ status: "pending", attempt: 2, retries: 1, error: null, activity: "trial" });
    expect(mesh.get().completed).toHaveLength(onboardingActivities.indexOf("trial"));
    expect(mesh.say({ type: "onboarding-retried", onboarding: first, by: "operator" })).toEqual({
      status: "ignored",
      reason: "not-failed",
    });
  });

  test("what an earlier attempt still says is stale", () => {
    const mesh = new HeardMesh().before("trial");
    mesh.say({ type: "onboarding-resumed", onboarding: first, attempt: 1 });
    const stale = { status: "ignored", reason: "stale" };
    expect(mesh.say({ type: "onboarding-failed", onboarding: first, attempt: 1, activity: "trial", ...failure })).toEqual(stale);
    expect(mesh.say({ type: "onboarding-resumed", onboarding: first, attempt: 1 })).toEqual(stale);
    expect(mesh.get()).toMatchObject({ status: "running", attempt: 2 });
  });

  test("a workflow that is lost again and again ends as one", () => {
    const mesh = new HeardMesh().before("board");
    for (let attempt = 1; attempt <= mostLosses + 1; attempt += 1) mesh.say({ type: "onboarding-resumed", onboarding: first, attempt });
    expect(mesh.get()).toMatchObject({ status: "failed", error: { activity: "board", reason: "workflow-lost" } });
    expect(mesh.get().error?.fix).not.toBe("");
  });
});

test("a login is waited for, and what is shown goes when it is there", () => {
  const mesh = new HeardMesh().before("login");
  const login = { mode: "device", deviceUrl: "https://auth.openai.com/codex/device", userCode: "ABCD-1234" } as const;
  mesh.say({ type: "onboarding-step-begun", onboarding: first, attempt: 1, activity: "login" });
  mesh.say({ type: "onboarding-waiting", onboarding: first, attempt: 1, login });
  const since = mesh.get().loginSince;
  expect(viewOnboarding(mesh.get())).toMatchObject({
    status: "waiting_auth",
    login,
    explain: "Waits for the code ABCD-1234 to be typed at https://auth.openai.com/codex/device; it goes on by itself.",
  });
  mesh.say({ type: "onboarding-waiting", onboarding: first, attempt: 1, login: { ...login, userCode: "EFGH-5678" } });
  expect(mesh.get()).toMatchObject({ login: { userCode: "EFGH-5678" }, loginSince: since });
  mesh.done("login");
  expect(mesh.get()).toMatchObject({ status: "running", login: null, activity: "model-budget" });
  expect(mesh.get()).not.toHaveProperty("loginSince");
});

describe("a service that asks to wait", () => {
  const at = Date.UTC(2026, 10, 27, 5, 0);
  const asks = (mesh: HeardMesh, forMs: number, from = at) =>
    mesh.say(
      {
        type: "onboarding-paused",
        onboarding: first,
        attempt: mesh.get().attempt,
        activity: "board",
        service: "GitHub",
        until: from + forMs,
        message: "GitHub: the rate limit is used up",
      },
      from,
    );
  const begin = (mesh: HeardMesh) =>
    mesh.say({ type: "onboarding-step-begun", onboarding: first, attempt: mesh.get().attempt, activity: "board" });

  test("is waited for, and it says so until the activity is carried out again", () => {
    const mesh = new HeardMesh().before("board");
    asks(mesh, 10 * minuteMs);
    expect(viewOnboarding(mesh.get())).toMatchObject({
      status: "running",
      activity: "board",
      pause: { service: "GitHub", until: at + 10 * minuteMs },
      explain: "Waits until 2026-11-27 05:10 UTC because GitHub asks, then goes on making the board, or looking at the one there is.",
    });
    expect(begin(mesh)).toEqual({ status: "applied" });
    expect(viewOnboarding(mesh.get())).toMatchObject({ status: "running", pause: null, explain: expect.stringMatching(/^Now making/) });
    expect(mesh.get().paused).toEqual({ times: 1, ms: 10 * minuteMs });
    mesh.done("board");
    expect(mesh.get()).not.toHaveProperty("paused");
  });

  test.each([
    ["for longer than is allowed, at once", mostPaused.ms + 1, 1],
    ["hour after hour", hourMs, 4],
    ["for a second, again and again", 1_000, mostPaused.times + 1],
  ])("%s: it stops with what to do, and a retry has all the time again", (_, forMs, times) => {
    const mesh = new HeardMesh().before("board");
    for (let time = 1; time < times; time += 1) {
      asks(mesh, forMs);
      begin(mesh);
    }
    expect(mesh.get().status).toBe("running");
    asks(mesh, forMs);
    expect(viewOnboarding(mesh.get())).toMatchObject({ status: "failed", pause: null, error: { reason: "asked-to-wait-too-long" } });
    const { message, fix } = mesh.get().error ?? {};
    expect(message).toMatch(
      /^GitHub asks to wait until 2026-11-27 0\d:\d\d UTC.*more than 3 hours or 60 times.*GitHub: the rate limit is used up$/,
    );
    expect(fix).toContain("retry");
    mesh.say({ type: "onboarding-retried", onboarding: first, by: "operator" });
    asks(mesh, minuteMs);
    expect(mesh.get()).toMatchObject({ status: "running", paused: { times: 1 }, attempt: 2 });
  });

  test("a person who has to log in is told that first", () => {
    const mesh = new HeardMesh().before("login");
    mesh.say({ type: "onboarding-waiting", onboarding: first, attempt: 1, login: { mode: "api-key" } });
    const until = at + minuteMs;
    mesh.say({ type: "onboarding-paused", onboarding: first, attempt: 1, activity: "login", service: "GitHub", until, message: "m" }, at);
    expect(viewOnboarding(mesh.get())).toMatchObject({ status: "waiting_auth", pause: null });
    expect(mesh.get().paused).toEqual({ times: 1, ms: minuteMs });
  });
});

describe("one repository at a time", () => {
  test("the same request answers the active one, another is refused with its id", () => {
    const mesh = new HeardMesh().before("board");
    const again = { type: "onboarding-requested", onboarding: second, request: requestFor(), by: "operator" } as const;
    expect(mesh.say(again)).toEqual({ status: "ignored", reason: "same-request", detail: first });
    const other = { ...again, request: requestFor("acme/shop", { skipTrial: true }) };
    expect(mesh.say(other)).toEqual({ status: "ignored", reason: "already-onboarding", detail: first });
    expect(mesh.say({ ...again, request: requestFor("acme/other") })).toEqual({ status: "applied", detail: second });
  });

  test("one that failed is not retried while a newer one is at it", () => {
    const mesh = new HeardMesh().before("board");
    mesh.say({ type: "onboarding-failed", onboarding: first, attempt: 1, activity: "board", ...failure });
    mesh.say({ type: "onboarding-requested", onboarding: second, request: requestFor(), by: "operator" });
    const retried = mesh.say({ type: "onboarding-retried", onboarding: first, by: "operator" });
    expect(retried).toEqual({ status: "ignored", reason: "already-onboarding", detail: second });
  });
});

test("an unknown one is told nothing", () => {
  const mesh = new HeardMesh();
  expect(mesh.say({ type: "onboarding-retried", onboarding: first, by: "operator" })).toEqual({
    status: "ignored",
    reason: "unknown-onboarding",
  });
});
