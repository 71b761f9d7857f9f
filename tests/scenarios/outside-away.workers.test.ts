import { afterEach, expect, test } from "vitest";
import { ClientError } from "../../clients/client-error.ts";
import type { ClientFault, Service } from "../../clients/client-error.ts";
import { ModelError } from "../../clients/model/model.ts";
import { hourMs, minuteMs } from "../../core/time.ts";
import { clock, now } from "../../platform/clock.ts";
import { createQueueFaults } from "../support/queue-faults.ts";
import { createScenario, until } from "../support/scenario.ts";
import type { Story } from "../support/scenario.ts";

const { mesh, story } = createScenario();

afterEach(() => clock.reset());

/** The default pauses between two tries. */
const patient = { backoff: { firstMs: 10_000, mostMs: 5 * minuteMs } };

/** Lets time pass, and each step's consumers come to their end. */
async function passQuietly(it: Story, ms: number): Promise<void> {
  const faults = createQueueFaults({});
  for (let left = ms; left > 0; left -= minuteMs) {
    await it.pass(minuteMs);
    await until(() => expect(faults.isQuiet).toBe(true));
  }
  faults.restore();
}

/** The act, failing while `isDown`. */
function failing<A extends readonly unknown[], R>(isDown: () => boolean, error: () => ClientError, act: (...args: A) => Promise<R>) {
  return async (...args: A): Promise<R> => {
    if (isDown()) throw error();
    return act(...args);
  };
}

const fault = (service: Service, status: number, change: Partial<ClientFault> = {}) =>
  new ClientError(service, `answered ${status}`, { code: "unavailable", retryable: true, status, ...change });
const modelDown = {
  error: new ModelError("answered 503", { code: "unavailable", retryable: true }, { usage: { inputTokens: 0, outputTokens: 0 }, usd: 0 }),
};

test("with the model down the guidance is done without, and a plan's review is put before a person", async () => {
  const it = await story("acme/no-model");
  mesh.model.answer("tech_consultation", modelDown);
  mesh.model.answer("plan_review", modelDown);
  await it.runner("laptop-no-model");
  const issue = await it.begins();
  await until(async () => {
    await it.pass(minuteMs);
    expect((await it.run(issue)).awaiting).toBe("question");
  }, 15_000);
  const asked = await it.run(issue);
  expect(asked.explain).toContain("The plan review failed");
  expect(it.markers(issue)).not.toContain(`${issue.number}.1:guidance`);
  mesh.model.answer("plan_review", { value: { approve: true, confidence: 0.95, feedback: "sound" } });
  const open = asked.questions.find(({ status }) => status === "with-human");
  await mesh.send("POST", `/questions/${open?.id}/answer`, { answer: "Try again" });
  expect((await it.reaches(issue, { phase: "ACCEPTED" })).cycles).toEqual({ planning: 0, qa: 0, review: 0 });
  await it.settled();
  mesh.model.answer("tech_consultation", { value: { guidance: "Start with the parser." } });
});

test("a question goes straight to a person when the model is down", async () => {
  const it = await story("acme/no-architect");
  mesh.model.answer("architect_answer", modelDown);
  const heard: string[] = [];
  const runner = await it.runner("laptop-no-architect");
  const { implement } = runner.scripts;
  runner.scripts.implement = async (work) => {
    heard.push(...(await work.ask("ask-1", { text: "Which colour?", options: [{ label: "Blue" }] })));
    await implement(work);
  };
  const issue = await it.begins();
  const open = await until(async () => {
    await it.pass(20_000, 20_000);
    const question = (await it.run(issue)).questions.find(({ status }) => status === "with-human");
    if (!question) throw new Error("not with a person");
    return question;
  });
  expect(open.guess).toBeNull();
  await mesh.send("POST", `/questions/${open.id}/answer`, { answer: "Green" });
  await it.reaches(issue, { phase: "ACCEPTED" });
  await it.settled();
  expect(heard).toEqual(["Green"]);
  expect(await (await mesh.send("POST", `/questions/${open.id}/answer`, { answer: "Red" })).json()).toMatchObject({
    status: "already-answered",
    answered: "Green",
  });
});

test("what GitHub refuses with 403 and a time waits for it, and is done once", async () => {
  const it = await story("acme/limited");
  mesh.github.failNext("comment", fault("GitHub", 403, { code: "rate-limited", retryAt: now() + 20 * minuteMs }));
  mesh.github.failNext("moveCard", fault("GitHub", 403, { code: "rate-limited", retryAt: now() + 20 * minuteMs }));
  await it.runner("laptop-limited");
  const issue = await it.begins();
  await it.reaches(issue, { phase: "ACCEPTED" });
  await it.pass(18 * minuteMs);
  expect([issue.comments, issue.card?.column]).toEqual([[], "Todo"]);
  expect(await it.run(issue)).toMatchObject({ run: 1, phase: "ACCEPTED" });
  await it.pass(3 * minuteMs);
  await until(() => expect(issue.card?.column).toBe("Done"));
  await it.settled();
  const markers = it.markers(issue);
  expect(new Set(markers).size).toBe(markers.length);
  expect(it.writes("moveCard")).toHaveLength(5);
  expect((await it.events("effect-failed")).map(({ data }) => data["code"])).toEqual(["rate-limited", "rate-limited"]);
});

test("an hour of 500 from ntfy: the notification waits, and comes once", async () => {
  const it = await story("acme/silent", patient);
  mesh.model.answer("plan_review", { value: { approve: true, confidence: 0.5, feedback: "not sure" } });
  const published = mesh.ntfy.published.length;
  let down = true;
  const publish = mesh.ntfy.publish.bind(mesh.ntfy);
  Object.assign(mesh.ntfy, {
    publish: failing(
      () => down,
      () => fault("ntfy", 500),
      publish,
    ),
  });
  await it.runner("laptop-silent");
  const issue = await it.begins();
  await it.reaches(issue, { awaiting: "question" });
  await it.recorded("effect-failed");
  await passQuietly(it, hourMs);
  expect(mesh.ntfy.published.length).toBe(published);
  expect((await it.run(issue)).explain).toContain("The notification could not be sent yet: ntfy: answered 500.");
  down = false;
  await it.pass(10 * minuteMs);
  await until(() => expect(mesh.ntfy.published.length - published).toBeGreaterThan(0));
  await it.settled();
  // The reminder that fell due meanwhile had nobody to remind.
  expect(mesh.ntfy.published.slice(published)).toMatchObject([{ title: expect.not.stringContaining("Still waiting") }]);
  expect((await it.run(issue)).explain).not.toContain("could not be sent");
  expect((await it.run(issue)).awaiting).toBe("question");
  expect((await it.events("effect-failed")).filter(({ data }) => data["final"] === true)).toEqual([]);
});

test("an hour without GitHub stops no run for good and asks nobody", async () => {
  const it = await story("acme/gone", patient);
  mesh.model.answer("plan_review", { value: { approve: true, confidence: 0.95, feedback: "sound" } });
  let down = true;
  const names = ["comment", "moveCard", "openPullRequest", "mergePullRequest", "closeIssue", "observeCard"] as const;
  for (const name of names) {
    const real = mesh.github[name] as (...args: unknown[]) => Promise<unknown>;
    Object.assign(mesh.github, {
      [name]: failing(
        () => down,
        () => fault("GitHub", 502),
        real,
      ),
    });
  }
  await it.runner("laptop-gone");
  const issue = it.repository.addIssue({ column: "Todo" });
  down = false;
  await it.cardChanged(issue);
  down = true;
  await it.reaches(issue, { phase: "IMPLEMENTATION", awaiting: "pull-request" });
  await passQuietly(it, hourMs);
  const waiting = await it.run(issue);
  expect([waiting.phase, waiting.awaiting, waiting.questions]).toEqual(["IMPLEMENTATION", "pull-request", []]);
  down = false;
  await it.pass(10 * minuteMs);
  await until(async () => {
    await it.pass(minuteMs);
    expect((await it.run(issue)).phase).toBe("ACCEPTED");
  });
  await it.settled();
  expect([it.writes("openPullRequest").length, it.writes("mergePullRequest").length]).toEqual([1, 1]);
});
