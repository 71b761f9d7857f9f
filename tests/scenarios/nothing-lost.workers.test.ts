import { abortAllDurableObjects, evictDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, expect, test } from "vitest";
import { dayMs } from "../../core/time.ts";
import { clock } from "../../platform/clock.ts";
import { createQueueFaults, createRandom } from "../support/queue-faults.ts";
import { createScenario, healthUrl, pushTo, reportTests, until } from "../support/scenario.ts";

const { story } = createScenario();
/** In the tests' names. A seed fixes what is lost and disturbed, not how the real queues' deliveries fall between. */
const seeds = ["a", "b"].map((letter) => ({ letter, seed: Math.floor(Math.random() * 2 ** 31) }));
let faults: ReturnType<typeof createQueueFaults> | undefined;

afterEach(() => {
  faults?.restore();
  clock.reset();
});

test.each(seeds)("messages lost at random, objects evicted and aborted between steps: accepted (seed $seed)", async ({ letter, seed }) => {
  const random = createRandom(seed);
  const name = `acme/lossy-${letter}`;
  // Whatever is lost, a deployment that is healthy is found to be so in the end: this story is about one round.
  const it = await story(name, { deployment: { healthUrl, timeoutMs: dayMs } });
  const agent = `laptop-lossy-${letter}`;
  let tests = 0;
  const runner = await it.runner(agent, {
    implement: async (work) => {
      await work.ask("ask-1", { text: "Which colour?" });
      pushTo(it.repository, work);
    },
    test: (work) => reportTests(work, (tests += 1) > 1),
  });
  faults = createQueueFaults({ drops: () => random() < 0.3, copies: 1 });
  const held = faults;
  const issue = await it.begins();
  const disturb = async () => {
    const chance = random();
    if (chance < 0.3) await it.evict();
    else if (chance < 0.5) await evictDurableObject(env.MAILBOXES.getByName(agent));
    else if (chance < 0.6) await evictDurableObject(env.POOL.getByName("pool"));
    else if (chance < 0.75) {
      // Its socket is gone with the mailbox.
      runner.cut();
      await abortAllDurableObjects();
    }
    // The first call after an abort may still hear of it.
    for (let tries = 0; !runner.isOnline && tries < 5; tries += 1) await runner.connect().catch(() => runner.cut());
  };
  try {
    await until(async () => {
      const run = await it.run(issue);
      if (run.phase === "ACCEPTED" && (await it.owner.view()).outbox === 0) return;
      await until(() => expect(held.isQuiet).toBe(true));
      await disturb();
      await it.pass(31_000, 31_000);
      throw new Error(`${run.phase}/${run.awaiting}: ${run.explain} ${(await it.owner.view()).outbox}`);
    }, 25_000);
  } catch (thrown) {
    throw new Error(`seed ${seed}`, { cause: thrown });
  }
  const run = await it.run(issue);
  expect([run.run, run.cycles.qa]).toEqual([1, 1]);
  expect(it.writes("openBugIssue")).toHaveLength(1);
  expect([...it.repository.pulls.values()]).toMatchObject([{ merged: true }]);
  expect(it.writes("mergePullRequest")).toHaveLength(1);
  const markers = it.markers(issue);
  expect(new Set(markers).size).toBe(markers.length);
  expect(issue).toMatchObject({ state: "closed", card: { column: "Done" } });
  expect(held.dropped).toBeGreaterThan(0);
});
