import fc from "fast-check";
import { expect, test } from "vitest";
import { meshProject } from "../ids.ts";
import type { OnboardingId } from "../ids.ts";
import type { ProjectInput } from "../inputs.ts";
import { hourMs } from "../time.ts";
import { leftNoTrace } from "../project/lookup.ts";
import { ReplayedProject } from "../project/replay.ts";
import { first, failure, requestFor, second } from "./onboarding-fixture.ts";
import { isOnboarding } from "./state.ts";
import type { Onboarding } from "./state.ts";
import type { OnboardingInput } from "./inputs.ts";
import { mostPaused } from "./transition.ts";
import { onboardingActivities } from "./view.ts";

const onboarding = fc.constantFrom(first, second);
const attempt = fc.integer({ min: 1, max: 4 });
// Mostly the activity that comes next, so that histories get far.
const activity = fc.constantFrom(...onboardingActivities, ...onboardingActivities.slice(0, 3));
const of = { onboarding, attempt };
const body: fc.Arbitrary<OnboardingInput> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constant("onboarding-requested" as const),
      onboarding,
      request: fc.constantFrom(requestFor(), requestFor("acme/shop", { skipTrial: true })),
      by: fc.constant("operator"),
    }),
  },
  { weight: 3, arbitrary: fc.record({ type: fc.constant("onboarding-step-begun" as const), activity, ...of }) },
  {
    weight: 8,
    arbitrary: fc.record({ type: fc.constant("onboarding-waiting" as const), login: fc.constant({ mode: "api-key" as const }), ...of }),
  },
  { weight: 2, arbitrary: fc.record({ type: fc.constant("onboarding-failed" as const), activity, ...failureOf(), ...of }) },
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constant("onboarding-paused" as const),
      activity,
      service: fc.constant("GitHub"),
      until: fc.integer({ min: 0, max: 2 * hourMs }),
      message: fc.constant("later"),
      ...of,
    }),
  },
  { weight: 3, arbitrary: fc.record({ type: fc.constant("onboarding-retried" as const), onboarding, by: fc.constant("operator") }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant("onboarding-resumed" as const), ...of }) },
  {
    weight: 12,
    arbitrary: fc.record({
      type: fc.constant("onboarding-step-done" as const),
      activity,
      summary: fc.constant("s"),
      found: fc.constantFrom({}, { permissions: [] }, { trial: { installCommand: null, testCommand: "npm test" } }),
      ...of,
    }),
  },
);
/** A whole attempt that goes well, said at once: random inputs alone would seldom come to an end. */
const run = fc
  .record(of)
  .map((said): OnboardingInput[] =>
    onboardingActivities.map((each) => ({ type: "onboarding-step-done", activity: each, summary: "s", found: {}, ...said })),
  );
const history = fc
  .array(
    fc.record({ said: fc.oneof({ weight: 12, arbitrary: body.map((one) => [one]) }, { weight: 1, arbitrary: run }), twice: fc.boolean() }),
    {
      maxLength: 60,
    },
  )
  .map((steps) =>
    steps.flatMap(({ said, twice }, step) =>
      said.flatMap((one, place): ProjectInput[] => {
        const input = { ...one, id: `i${step}.${place}`, at: step };
        return twice ? [input, { ...input, id: `${input.id}.again` }] : [input];
      }),
    ),
  );

function failureOf() {
  return { reason: fc.constant(failure.reason), message: fc.constant(failure.message), fix: fc.constant(failure.fix) };
}

function check(property: (before: Onboarding | undefined, after: Onboarding, input: ProjectInput, mesh: ReplayedProject) => void) {
  fc.assert(
    fc.property(history, (inputs) => {
      const mesh = new ReplayedProject(meshProject);
      for (const input of inputs) {
        const before = new Map(mesh.onboardings);
        mesh.apply(input);
        for (const [id, after] of mesh.onboardings) property(before.get(id), after, input, mesh);
      }
    }),
    { numRuns: 2_000 },
  );
}

test("1. completed activities are a prefix in their order, and the activity is the one after it", () => {
  check((_, after) => {
    expect(after.completed.map(({ activity: done }) => done)).toEqual(onboardingActivities.slice(0, after.completed.length));
    if (after.activity !== null) expect(after.activity).toBe(onboardingActivities[after.completed.length]);
  });
});

test("2. completed is completed for good, failed until a retry", () => {
  check((before, after, input) => {
    expect(after.status === "completed").toBe(after.completed.length === onboardingActivities.length);
    if (before?.status === "completed") expect(after).toBe(before);
    if (before?.status === "failed" && after !== before) expect(input.type).toBe("onboarding-retried");
  });
});

test("3. the attempt never falls, and another attempt's word changes nothing", () => {
  check((before, after, input) => {
    if (before === undefined) return;
    expect(after.attempt).toBeGreaterThanOrEqual(before.attempt);
    if ("attempt" in input && input.attempt !== before.attempt) expect(after).toBe(before);
  });
});

test("4. of one repository at most one is active", () => {
  check((_, __, ___, mesh) => {
    const active = [...mesh.activeOnboardings()].map(({ request }) => request.repository);
    expect(active).toEqual([...new Set(active)]);
  });
});

test("5. error, login and end stand exactly when they should", () => {
  check((_, after) => {
    expect(after.error !== null).toBe(after.status === "failed");
    expect(after.login !== null).toBe(after.status === "waiting_auth");
    expect(after.endedAt !== undefined).toBe(!isOnboarding(after));
    expect(after.error?.fix).not.toBe("");
  });
});

test("6. nothing found is forgotten", () => {
  check((before, after) => {
    for (const name of Object.keys(before?.found ?? {})) expect(after.found).toHaveProperty(name);
  });
});

test("7. a pause stands only while it is running, and pauses are within what is allowed, of one activity", () => {
  check((before, after) => {
    if (after.pause !== undefined) expect(after.status).toBe("running");
    if (after.paused === undefined) return;
    expect(after.paused.times).toBeLessThanOrEqual(mostPaused.times);
    expect(after.paused.ms).toBeLessThanOrEqual(mostPaused.ms);
    expect(isOnboarding(after)).toBe(true);
    if (before !== undefined && before.activity !== after.activity) expect(after.paused.times).toBe(1);
  });
});

test("said twice is said once: a repeat leaves no trace", () => {
  fc.assert(
    fc.property(history, (inputs) => {
      const mesh = new ReplayedProject(meshProject);
      const known = new Set<OnboardingId>();
      for (const input of inputs) {
        const change = mesh.apply(input);
        for (const { id } of change.onboardings) known.add(id);
        // Waiting may be said again: what is shown can have changed.
        if (input.type === "onboarding-waiting") continue;
        // Each pause that is asked for counts.
        if (input.type === "onboarding-paused") continue;
        expect(leftNoTrace(mesh.apply({ ...input, id: `${input.id}.repeated` }))).toBe(true);
      }
    }),
    { numRuns: 2_000 },
  );
});
