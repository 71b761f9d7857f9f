import type { BoardItem } from "../../clients/github/github.ts";
import type { ProjectInput, ProjectProfile } from "../../core/inputs.ts";
import type { Policy } from "../../core/policy.ts";
import type { RunView } from "../../core/project/views.ts";
import { hourMs, minuteMs } from "../../core/time.ts";
import type { Moment } from "../../core/time.ts";
import type { Outlook } from "../../durable-objects/project-orchestrator-views.ts";
import { orchestrator } from "../../durable-objects/remote.ts";
import type { MeshSettings } from "../../durable-objects/settings.ts";
import { now } from "../../platform/clock.ts";
import type { Clients } from "../clients.ts";
import { settingsInputs } from "../projects/configure-projects.ts";
import { branchInput, cardInput, pullInput } from "../observe.ts";
import { followRepository } from "../projects/follow-repository.ts";
import { pointsAt, pollMemory, rememberPoll } from "./poll-memory.ts";
import type { PollMemory } from "./poll-memory.ts";
import { redeliver } from "./redeliver.ts";
import { attempt, failureOf } from "./report.ts";
import type { ScheduledFailure } from "../../core/cleaned-up.ts";
import type { ProjectReport } from "./report.ts";

export const deliveriesEveryMs = 5 * minuteMs;
/** A cron that comes a moment early must not wait for the next. */
export const toleranceMs = 5_000;

/** The state of one project's reconcile: what it knows, and what it has gathered. */
interface Round {
  readonly env: Env;
  readonly clients: Clients;
  readonly profile: ProjectProfile;
  readonly which: "due" | "now";
  readonly at: Moment;
  readonly policy: Policy;
  readonly active: readonly RunView[];
  readonly failures: ScheduledFailure[];
  readonly inputs: ProjectInput[];
}

/** What was done, and until when nothing more of the project is due. */
export interface Reconciled {
  readonly report: ProjectReport;
  readonly restsUntil: Moment;
}

/** Reads again what concerns one project, each card and each run in its own try. Never rejects. */
export async function reconcileProject(
  env: Env,
  clients: Clients,
  registered: ProjectProfile,
  which: "due" | "now",
  meshSettings: MeshSettings | undefined,
  outlook = orchestrator(env, registered.key).outlook(),
): Promise<Reconciled> {
  const failures: ScheduledFailure[] = [];
  const failed: ProjectReport = { project: registered.name, board: "failed", cards: 0, pulls: 0, applied: 0, redelivered: 0, failures };
  return attempt(
    "project",
    failures,
    async () => {
      const owner = orchestrator(env, registered.key);
      const [known, stored] = await Promise.all([outlook, pollMemory(env, registered.key)]);
      const { profile, memory: before } = await follow({ env, clients, profile: registered, which, at: now(), failures }, stored);
      const { policy, runs } = await toldSettings(owner, profile, known, meshSettings);
      const active = runs.filter((run) => run.endedAt === null);
      const round: Round = { env, clients, profile, which, at: now(), policy, active, failures, inputs: [] };
      const board = await readBoard(round, before);
      const pulls = await readPulls(round, board.memory);
      const deliveries = await repeatDeliveries(round, pulls.memory);
      const applied = round.inputs.length === 0 ? [] : await owner.applyAll(round.inputs);
      if (deliveries.memory !== stored) await rememberPoll(env, profile.key, deliveries.memory);
      const report: ProjectReport = {
        project: profile.name,
        board: board.state,
        cards: board.cards,
        pulls: pulls.count,
        applied: applied.filter((outcome) => outcome.status === "applied").length,
        redelivered: deliveries.count,
        failures,
      };
      return { report, restsUntil: report.applied > 0 || failures.length > 0 ? round.at : nextDue(round, deliveries.memory) };
    },
    { report: failed, restsUntil: 0 },
  );
}

/** A repository that was renamed or transferred while no webhook told of it. */
async function follow(
  { env, clients, profile, which, at, failures }: Pick<Round, "env" | "clients" | "profile" | "which" | "at" | "failures">,
  before: PollMemory,
): Promise<{ profile: ProjectProfile; memory: PollMemory }> {
  if (which === "due" && at - before.repositoryAt < hourMs) return { profile, memory: before };
  const followed = await attempt("repository", failures, () => followRepository(env, clients, profile), profile);
  return { profile: followed, memory: { ...before, repositoryAt: at } };
}

/** One that was not told the mesh-wide settings, or that everything stands still, learns it now, before anything is read that may start a run. */
async function toldSettings(
  owner: ReturnType<typeof orchestrator>,
  profile: ProjectProfile,
  known: Outlook,
  meshSettings: MeshSettings | undefined,
): Promise<Outlook> {
  if (meshSettings === undefined || (known.told !== null && saysTheSame(known.told, meshSettings))) return known;
  await owner.applyAll(settingsInputs(profile, meshSettings));
  return owner.outlook();
}

/** What is spent over a cap that is reached changes nothing any more. */
function saysTheSame(told: MeshSettings, now: MeshSettings): boolean {
  const said = ({ overrides, meshState, spent }: MeshSettings) => JSON.stringify([overrides, meshState, spent?.day ?? null]);
  return said(told) === said(now);
}

function nextDue(round: Round, known: PollMemory): Moment {
  const { profile, policy, active, at } = round;
  const dues = [known.deliveriesAt + deliveriesEveryMs];
  if (profile.board !== null) dues.push(known.polledAt + boardEveryMs(round));
  // An active one is looked at as often as a board may be: its read model may lag behind.
  if (active.length > 0) dues.push(at + policy.github.pollActiveMs);
  if (active.some((run) => beyondPlanning.includes(run.phase))) dues.push(known.pullsAt + boardEveryMs(round));
  return Math.max(at, Math.min(...dues));
}

function isDue(round: Round, last: Moment, everyMs: number): boolean {
  return round.which === "now" || round.at - last >= everyMs - Math.min(toleranceMs, everyMs / 2);
}

/** Boards without webhooks are read often while something is active; those with webhooks as a backstop. */
function boardEveryMs({ profile, policy, active }: Round): number {
  return profile.board?.observedBy === "poll" && active.length > 0 ? policy.github.pollActiveMs : policy.github.pollIdleMs;
}

async function readBoard(round: Round, before: PollMemory): Promise<{ state: ProjectReport["board"]; cards: number; memory: PollMemory }> {
  const { clients, profile, policy, at } = round;
  if (profile.board === null) return { state: "none", cards: 0, memory: before };
  if (!isDue(round, before.polledAt, boardEveryMs(round))) return { state: "not-due", cards: 0, memory: before };
  const points = pointsAt(before, at);
  if (points.used >= points.limit * policy.github.pollShare) return { state: "points-spent", cards: 0, memory: before };
  const reading = await attempt("board", round.failures, () => clients.github.observeBoard(profile), undefined);
  if (!reading) return { state: "failed", cards: 0, memory: before };
  const seen: Record<string, string> = {};
  let cards = 0;
  for (const item of reading.items) {
    const stamp = stampOf(item);
    const known = before.seen[item.issue];
    if (!isOfInterest(round, item) || (known === stamp && round.which === "due")) seen[item.issue] = stamp;
    else if (await readCard(round, item.issue)) {
      seen[item.issue] = stamp;
      cards += 1;
    } else if (known !== undefined) seen[item.issue] = known;
  }
  const onBoard = new Set(reading.items.map((item) => item.issue));
  for (const { issue } of round.active) if (!onBoard.has(issue) && (await readCard(round, issue))) cards += 1;
  const spent = { ...points, used: points.used + reading.points };
  return {
    state: "read",
    cards,
    memory: { ...before, polledAt: at, cards: reading.items.length, redacted: reading.redacted, points: spent, seen },
  };
}

/** Cards that may begin a run or belong to one; what lies in the other columns does not concern the mesh. */
function isOfInterest({ policy, active }: Round, item: BoardItem): boolean {
  return item.column === policy.columns.todo || active.some((run) => run.issue === item.issue);
}

function stampOf(item: BoardItem): string {
  return [item.column, item.state, item.archived, item.itemUpdatedAt, item.issueUpdatedAt].join("|");
}

async function readCard(round: Round, issue: number): Promise<boolean> {
  try {
    const input = cardInput(await round.clients.github.observeCard(round.profile, issue));
    if (input) round.inputs.push(input);
    return true;
  } catch (error) {
    round.failures.push(failureOf(`card ${issue}`, error));
    return false;
  }
}

const beyondPlanning = ["IMPLEMENTATION", "QA", "REVIEW"];

async function readPulls(round: Round, before: PollMemory): Promise<{ count: number; memory: PollMemory }> {
  const { clients, profile } = round;
  const waiting = round.active.filter((run) => beyondPlanning.includes(run.phase));
  if (waiting.length === 0 || !isDue(round, before.pullsAt, boardEveryMs(round))) return { count: 0, memory: before };
  for (const { branch, issue } of waiting) {
    try {
      const pull = pullInput(await clients.github.observePullRequest(profile, { branch }));
      const input = pull ?? branchInput(await clients.github.observeBranch(profile, branch));
      if (input) round.inputs.push(input);
    } catch (error) {
      round.failures.push(failureOf(`pull request of ${issue}`, error));
    }
  }
  return { count: waiting.length, memory: { ...before, pullsAt: round.at } };
}

async function repeatDeliveries(round: Round, before: PollMemory): Promise<{ count: number; memory: PollMemory }> {
  const { clients, profile } = round;
  if (!isDue(round, before.deliveriesAt, deliveriesEveryMs)) return { count: 0, memory: before };
  const count = await attempt(
    "deliveries",
    round.failures,
    async () => {
      const hook = await clients.webhooks.repositoryHook(profile);
      return hook === undefined ? 0 : redeliver(clients.github, { kind: "repository", profile, hook });
    },
    0,
  );
  return { count, memory: { ...before, deliveriesAt: round.at } };
}
