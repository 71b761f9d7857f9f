import type { ProbeEntry } from "../../core/protocol/probe-work.ts";
import { isAbout, NotApplicable, Unmet } from "./bench.ts";
import type { Bench, Probe, ReportEntry } from "./bench.ts";

/** One thing that an agent has to do. `run` resolves when it does, and throws `Unmet` or `NotApplicable`. */
export interface Check {
  readonly name: string;
  readonly run: (bench: Bench) => Promise<void>;
}

const isReport = (entry: ProbeEntry): entry is ReportEntry => entry.type === "report";

/** In this order: later ones stand on what earlier ones have shown. */
export const checks: readonly Check[] = [
  { name: "accepts a task and reports its result", run: result },
  { name: "does an attempt once, however often it is given", run: once },
  { name: "repeats after a cut what was not acknowledged", run: repeats },
  { name: "confirms a stop and stops", run: stops },
  { name: "says after a cut what it works on, and goes on with it", run: goesOn },
  { name: "declines what is beyond its slots", run: declines },
  { name: "passes over frames and fields it does not know", run: unknown },
  { name: "gives signs of life while idle", run: life },
  { name: "finishes what it has after a drain", run: drains },
  { name: "numbers its reports one after another, each number for one report", run: numbers },
];

async function result(bench: Bench): Promise<void> {
  await done(bench, await bench.give());
}

async function done(bench: Bench, probe: Probe, withinMs = bench.patience.replyMs): Promise<void> {
  await bench.hears(probe, "task-accepted");
  const body = await bench.hearsEither(probe, ["task-done", "task-failed", "stopped", "parked"], withinMs);
  if (body.type !== "task-done") throw new Unmet(`${body.type} instead of task-done: ${"message" in body ? body.message : ""}`);
  const expected = { value: probe.taskId };
  if (!same(body.result, expected)) {
    throw new Unmet(`the result is ${JSON.stringify(body.result)}, not ${JSON.stringify(expected)}`);
  }
}

async function once(bench: Bench): Promise<void> {
  const probe = await bench.give({ holdMs: 300 });
  await bench.mesh.act(probe.frame);
  await done(bench, probe, bench.patience.replyMs + 300);
  await bench.mesh.act(probe.frame);
  // Whatever it had to say about the third giving it has said before it ends this one.
  await done(bench, await bench.give({ holdMs: 300 }), bench.patience.replyMs + 300);
  for (const type of ["task-accepted", "task-done"] as const) {
    const count = bench.count(probe, type);
    if (count !== 1) throw new Unmet(`${count} times ${type} of one attempt`);
  }
}

async function repeats(bench: Bench): Promise<void> {
  await bench.mesh.act({ do: "withhold" });
  const probe = await bench.give();
  const isFirst = (one: ProbeEntry): one is ReportEntry => isAbout(one, probe) && one.report.body.type === "task-accepted";
  const { report } = await bench.until("task-accepted", isFirst);
  const after = bench.last;
  await bench.mesh.act({ do: "cut" });
  const isAgain = (one: ProbeEntry): one is ReportEntry => isReport(one) && one.report.seq === report.seq;
  const again = await bench.until(`report ${report.seq} again`, isAgain, { after, withinMs: bench.patience.reconnectMs });
  if (!same(again.report, report)) throw new Unmet(`report ${report.seq} came again as another`);
  await bench.hears(probe, "task-done", { after });
}

async function goesOn(bench: Bench): Promise<void> {
  if (bench.byHttp) throw new NotApplicable("without a socket there is no hello");
  needsStop(bench);
  const probe = await bench.give({ holdMs: 120_000 });
  await bench.hears(probe, "task-accepted");
  const before = bench.last;
  await bench.mesh.act({ do: "cut" });
  const hello = await bench.until("hello", (one): one is Extract<ProbeEntry, { type: "hello" }> => one.type === "hello", {
    after: before,
    withinMs: bench.patience.reconnectMs,
  });
  const named = hello.working.some(({ taskId, attempt }) => taskId === probe.taskId && attempt === probe.attempt);
  await bench.mesh.act(probe.frame);
  await bench.stop(probe);
  await bench.hearsEither(probe, ["stopped", "task-failed", "task-done"]);
  if (!named) throw new Unmet("its hello after the cut does not name the attempt in `working`");
  const count = bench.count(probe, "task-accepted");
  if (count !== 1) throw new Unmet(`it accepted the attempt ${count} times`);
}

async function numbers(bench: Bench): Promise<void> {
  const seen = new Map<number, ReportEntry>();
  let highest = 0;
  for (const entry of bench.entries.filter(isReport)) {
    const { seq, body } = entry.report;
    const before = seen.get(seq);
    if (before && !same(before.report.body, body)) {
      throw new Unmet(`number ${seq} was given to ${before.report.body.type} and to ${body.type}`);
    }
    if (!before && seq < highest) throw new Unmet(`number ${seq} came after ${highest}`);
    seen.set(seq, entry);
    highest = Math.max(highest, seq);
  }
  const closed = bench.entries.find((entry) => entry.type === "closed");
  if (closed?.type === "closed") throw new Unmet(`the mesh had to close its connection with ${closed.code}: ${closed.reason}`);
}

const mostHeld = 20;

async function declines(bench: Bench): Promise<void> {
  if (bench.slots > mostHeld) throw new NotApplicable(`with more than ${mostHeld} slots for probes it is not tried`);
  needsStop(bench);
  const held: Probe[] = [];
  for (let count = 0; count <= bench.slots; count += 1) held.push(await bench.give({ holdMs: 120_000 }));
  const said = await Promise.allSettled(held.map((probe) => bench.hearsEither(probe, ["task-accepted", "task-declined"])));
  const types = said.map((one) => (one.status === "fulfilled" ? one.value.type : "nothing"));
  const accepted = held.filter((_, index) => types[index] === "task-accepted");
  const ends = await Promise.allSettled(
    accepted.map(async (probe) => {
      await bench.stop(probe);
      await bench.hearsEither(probe, ["stopped", "task-failed", "task-done"]);
    }),
  );
  const declined = types.filter((type) => type === "task-declined").length;
  if (accepted.length !== bench.slots || declined !== 1) {
    throw new Unmet(`of ${held.length} attempts for ${bench.slots} slots it accepted ${accepted.length} and declined ${declined}`);
  }
  const stuck = ends.find((end) => end.status === "rejected");
  if (stuck) throw new Unmet(`the declined one apart, ${String((stuck.reason as Error).message)}`);
}

async function stops(bench: Bench): Promise<void> {
  const holdMs = 3 * bench.patience.replyMs;
  const probe = await bench.give({ holdMs });
  await bench.hears(probe, "task-accepted");
  const commandId = await bench.stop(probe);
  const isConfirmation = (one: ProbeEntry): one is ReportEntry =>
    isReport(one) && one.report.body.type === "command-received" && one.report.body.commandId === commandId;
  try {
    await bench.until("command-received", isConfirmation);
    const end = await bench.hearsEither(probe, ["stopped", "task-failed", "task-done"]);
    if (end.type === "task-done") throw new Unmet("it reported task-done for work that it was told to stop");
  } catch (thrown) {
    // Its slot is to be free for the checks after this one.
    await bench.hearsEither(probe, ["stopped", "task-failed", "task-done"], holdMs).catch(() => {});
    throw thrown;
  }
  bench.stops = true;
}

async function unknown(bench: Bench): Promise<void> {
  const probe = bench.make();
  const before = bench.last;
  await bench.mesh.act({ do: "send", frames: [{ type: "a-frame-of-later-versions", detail: { deep: [1, null, "x"] } }] });
  const more = probe.frame.do === "send" ? probe.frame.frames.map((frame) => ({ ...frame, later: true })) : [];
  await bench.mesh.act({ do: "send", frames: more });
  await done(bench, probe);
  if (bench.entries.some(({ n, type }) => n > before && type === "hello")) throw new Unmet("it left and connected again");
}

async function life(bench: Bench): Promise<void> {
  const contact = async () => ((await bench.mesh.agent()).mailbox as { lastContactAt: number }).lastContactAt;
  let before = await contact();
  const end = Date.now() + bench.patience.lifeMs;
  while (Date.now() < end) {
    const heard = await bench.mesh.entries(bench.last, Math.min(1, bench.patience.lifeMs / 5_000));
    bench.entries.push(...heard);
    const at = await contact();
    if (heard.length > 0) before = at;
    else if (at > before) return;
  }
  throw new Unmet(`none within ${Math.round(bench.patience.lifeMs / 1_000)} s; a heartbeat is due every 30 s`);
}

async function drains(bench: Bench): Promise<void> {
  const probe = await bench.give({ holdMs: 500 });
  await bench.hears(probe, "task-accepted");
  await bench.mesh.act({ do: "send", frames: [{ type: "drain" }] });
  await done(bench, probe, bench.patience.replyMs + 500);
}

function needsStop({ stops }: Bench): void {
  if (!stops) throw new NotApplicable("what it was given could not be taken back, since it does not stop");
}

/** Both came through the same parser, so that equal values have equal texts. */
function same(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
