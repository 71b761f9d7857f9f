import { afterEach, describe, expect, test } from "vitest";
import type { SessionStep } from "../../core/task/state.ts";
import { clock } from "../../platform/clock.ts";
import { createGate, createScenario, until } from "../support/scenario.ts";
import type { StepScript } from "../support/scripted-runner.ts";

const { story } = createScenario();

afterEach(() => clock.reset());

/** Where a run stops until its gate is opened, and the column its card then has. */
const places = {
  planning: { phase: "PLANNING", awaiting: "session", step: "plan", column: "Planning" },
  implementation: { phase: "IMPLEMENTATION", awaiting: "session", step: "implement", column: "In Progress" },
  qa: { phase: "QA", awaiting: "session", step: "test", column: "QA" },
  review: { phase: "REVIEW", awaiting: "merge", step: null, column: "Review" },
} as const satisfies Record<string, { phase: string; awaiting: string; step: SessionStep | null; column: string }>;
type Place = keyof typeof places;
const everywhere = Object.keys(places) as Place[];
const afterCode = ["qa", "review"] as const;

let made = 0;

/** A story whose run stands at a place, all of it told to GitHub. */
async function standingAt(place: Place) {
  made += 1;
  const name = `acme/people-${String.fromCharCode(97 + Math.floor(made / 26))}${String.fromCharCode(97 + (made % 26))}`;
  const { phase, awaiting, step, column } = places[place];
  const it = await story(name, place === "review" ? { merge: "human" } : {});
  const gate = createGate();
  const runner = await it.runner(`laptop-${name.slice(5)}`);
  if (step !== null) {
    const script = runner.scripts[step];
    runner.scripts[step] = async (work) => {
      await gate.opened;
      await script(work);
    };
  }
  const issue = await it.begins({ title: "Greet by name", body: "Say hello." });
  await it.reaches(issue, { phase, awaiting });
  await it.settled();
  await runner.settled();
  expect(issue.card?.column).toBe(column);
  const pull = () => [...it.repository.pulls.values()].at(-1);
  /** Opens the gate, and merges where people do. */
  const goOn = async () => {
    gate.open();
    if (place === "review") await mergeByHand();
  };
  async function mergeByHand() {
    await it.reaches(issue, { phase: "REVIEW", awaiting: "merge" });
    const open = pull();
    if (open) Object.assign(open, { state: "closed", merged: true, mergedBy: "octocat", mergeCommit: "f".repeat(40) });
    await it.pullChanged(open?.number ?? 0);
  }
  const stops = () => runner.commands.filter(({ body }) => body.type === "stop");
  return { it, issue, runner, gate, goOn, pull, stops };
}

const forever: StepScript = () => new Promise(() => {});

describe.each(everywhere)("in %s", (place) => {
  test("closing the issue cancels the run and stops its session", async () => {
    const { it, issue, stops } = await standingAt(place);
    issue.state = "closed";
    await it.cardChanged(issue);
    expect(await it.run(issue)).toMatchObject({ phase: "CANCELLED", endedBecause: "the issue was closed" });
    if (places[place].step !== null) await until(() => expect(stops()).toHaveLength(1));
    await it.settled();
    expect(issue.card?.column).toBe(places[place].column);
  });

  test("moving the card to Todo starts over: the old run is cancelled, its pull request closed", async () => {
    const { it, issue, runner, pull } = await standingAt(place);
    runner.scripts.plan = forever;
    const before = pull();
    await it.moves(issue, "Todo");
    const run = await it.reaches(issue, { run: 2, phase: "PLANNING", awaiting: "session" });
    await it.settled();
    expect(run.branch).toBe(`mesh/${issue.number}.2`);
    expect(await it.run(issue, 1)).toMatchObject({ phase: "CANCELLED" });
    if (before) expect(before).toMatchObject({ state: "closed", merged: false });
    expect(it.writes("openPullRequest")).toHaveLength(before ? 1 : 0);
    expect(issue.card?.column).toBe("Planning");
  });

  test("moving the card to Done accepts the work as it is", async () => {
    const { it, issue } = await standingAt(place);
    await it.moves(issue, "Done");
    expect(await it.run(issue)).toMatchObject({ phase: "ACCEPTED", endedBecause: "accepted by a human" });
    await it.settled();
    expect(issue).toMatchObject({ state: "closed", card: { column: "Done" } });
    expect(it.markers(issue)).toContain(`${issue.number}.1:closing`);
    expect(it.writes("mergePullRequest")).toEqual([]);
  });

  test("moving the card to Blocked pauses, and back lets it go on to the end", async () => {
    const { it, issue, runner, gate, goOn } = await standingAt(place);
    await it.moves(issue, "Blocked");
    const paused = await it.run(issue);
    expect([paused.phase, paused.awaiting]).toEqual([places[place].phase, "paused"]);
    expect(paused.explain).toContain("Blocked");
    const given = runner.given.length;
    gate.open();
    await it.settled();
    await runner.settled();
    await it.reconcile();
    const still = await it.run(issue);
    // Tests that were running come to their end; nothing else begins, and nothing is merged.
    expect([still.awaiting, still.phase]).toEqual(["paused", place === "qa" ? "REVIEW" : places[place].phase]);
    expect([runner.given.length, issue.card?.column, it.writes("mergePullRequest")]).toEqual([given, "Blocked", []]);
    await it.moves(issue, places[place].column);
    await goOn();
    await it.reaches(issue, { phase: "ACCEPTED" });
    expect((await it.run(issue)).cycles).toEqual({ planning: 0, qa: 0, review: 0 });
  });

  test("an edited issue is told to the session, once", async () => {
    const { it, issue, runner, goOn } = await standingAt(place);
    issue.body = "Say hello, politely.";
    await it.cardChanged(issue);
    await it.cardChanged(issue);
    await it.reconcile();
    expect(await it.events("steering-told")).toHaveLength(1);
    if (place === "planning" || place === "implementation") {
      await until(() =>
        expect(runner.commands.filter(({ body }) => body.type === "prompt" && body.text.includes("politely"))).toHaveLength(1),
      );
    }
    await goOn();
    await it.reaches(issue, { phase: "ACCEPTED" });
  });

  test("a card that was archived, taken off, or labelled no-agent ends the run", async () => {
    const { it, issue } = await standingAt(place);
    if (place === "planning") issue.card = null;
    else if (place === "implementation" && issue.card) issue.card.archived = true;
    else issue.labels.push("no-agent");
    await it.cardChanged(issue);
    expect(await it.run(issue)).toMatchObject({ phase: "CANCELLED" });
  });
});

describe.each(afterCode)("in %s", (place) => {
  test("closing the pull request cancels the run", async () => {
    const { it, issue, pull, stops } = await standingAt(place);
    const open = pull();
    if (open) open.state = "closed";
    await it.pullChanged(open?.number ?? 0);
    expect(await it.run(issue)).toMatchObject({ phase: "CANCELLED", endedBecause: "the pull request was closed without merging" });
    if (place === "qa") await until(() => expect(stops()).toHaveLength(1));
  });

  test("merging it by hand goes on to the deployment, and merges nothing again", async () => {
    const { it, issue, pull, stops } = await standingAt(place);
    const open = pull();
    if (open) Object.assign(open, { state: "closed", merged: true, mergedBy: "octocat", mergeCommit: "e".repeat(40) });
    await it.pullChanged(open?.number ?? 0);
    await it.pullChanged(open?.number ?? 0);
    const run = await it.reaches(issue, { phase: "ACCEPTED" });
    await it.settled();
    expect(run.phases.map(({ phase }) => phase).slice(-2)).toEqual(["REVIEW", "ACCEPTED"]);
    expect(it.writes("mergePullRequest")).toEqual([]);
    expect(await it.events("pull-request-merged")).toMatchObject([{ data: { by: "octocat" } }]);
    if (place === "qa") await until(() => expect(stops()).toHaveLength(1));
    expect(issue).toMatchObject({ state: "closed", card: { column: "Done" } });
  });
});

test.each([
  ["implementation", "Planning", "PLANNING", "plan"],
  ["qa", "Planning", "PLANNING", "plan"],
  ["qa", "In Progress", "IMPLEMENTATION", "rework"],
  ["review", "Planning", "PLANNING", "plan"],
  ["review", "In Progress", "IMPLEMENTATION", "rework"],
] as const)("from %s a person's move to %s sends the work back", async (place, column, phase, step) => {
  const { it, issue, runner } = await standingAt(place);
  runner.scripts[step] = forever;
  await it.moves(issue, column);
  await it.reaches(issue, { phase, awaiting: "session" });
  await it.settled();
  expect(issue.card?.column).toBe(column);
  expect(issue.comments.at(-1)?.body).toContain("the card was moved back");
  expect(it.repository.pulls.size).toBe(place === "implementation" ? 0 : 1);
});

test.each([
  ["planning", "QA"],
  ["planning", "Review"],
  ["planning", "In Progress"],
  ["implementation", "Review"],
  ["qa", "Review"],
  ["review", "QA"],
] as const)("from %s a move to %s means nothing: the card goes back, with the reason", async (place, column) => {
  const { it, issue, goOn } = await standingAt(place);
  await it.moves(issue, column);
  await it.settled();
  expect(issue.card?.column).toBe(places[place].column);
  expect(issue.comments.at(-1)?.body).toContain(`moving this card to "${column}" has no meaning`);
  await goOn();
  await it.reaches(issue, { phase: "ACCEPTED" });
});
