import * as z from "zod";
import type { ProjectKey } from "../../core/ids.ts";
import { hourMs } from "../../core/time.ts";
import { restName } from "./rest-memory.ts";
import type { Moment } from "../../core/time.ts";

const memory = z.object({
  version: z.literal(1),
  /** When the board was last read; 0 = never. */
  polledAt: z.number().default(0),
  cards: z.number().default(0),
  /** Cards the credential may not see: more than 0 means a missing permission. */
  redacted: z.number().default(0),
  /** What the polls of this hour have cost. */
  points: z.object({ hourFrom: z.number(), used: z.number(), limit: z.number() }).default({ hourFrom: 0, used: 0, limit: 5_000 }),
  /** How each card stood when it was last told to the orchestrator, by issue. */
  seen: z.record(z.string(), z.string()).default({}),
  /** When the pull requests and branches of active runs were last asked for. */
  pullsAt: z.number().default(0),
  deliveriesAt: z.number().default(0),
  /** When the repository was last asked for its name. */
  repositoryAt: z.number().default(0),
});

/**
 * What the reconcile remembers of a project between two crons, which run in any isolate. Losing it costs a few readings and nothing else.
 * Stored. Fields are only added, with a default.
 */
export type PollMemory = z.output<typeof memory>;

const prefix = "polls/";
const nothing: PollMemory = memory.parse({ version: 1 });

export async function pollMemory(env: Env, project: ProjectKey): Promise<PollMemory> {
  const stored = await env.ARCHIVE.get(nameOf(project));
  const parsed = stored && memory.safeParse(await stored.json().catch(() => null));
  return parsed?.success ? parsed.data : nothing;
}

export async function rememberPoll(env: Env, project: ProjectKey, known: PollMemory): Promise<void> {
  await env.ARCHIVE.put(nameOf(project), JSON.stringify(known));
}

/** The next reconcile reads everything anew. */
export async function forgetPoll(env: Env, project: ProjectKey): Promise<void> {
  await env.ARCHIVE.delete(nameOf(project));
}

/** Deletes what is remembered of projects that are not among `known`; answers of how many. */
export async function deletePolls(env: Env, known: () => Promise<ReadonlySet<ProjectKey>>, dryRun: boolean): Promise<number> {
  const { objects } = await env.ARCHIVE.list({ prefix: prefix });
  const present = await known();
  const names = new Set([...present].map(nameOf));
  const gone = objects.map(({ key }) => key).filter((key) => key !== restName && !names.has(key));
  if (!dryRun && gone.length > 0) await env.ARCHIVE.delete(gone);
  return gone.length;
}

/** The points counted for the hour that `at` lies in. */
export function pointsAt(known: PollMemory, at: Moment): PollMemory["points"] {
  return at - known.points.hourFrom >= hourMs ? { ...known.points, hourFrom: at, used: 0 } : known.points;
}

function nameOf(project: ProjectKey): string {
  return `${prefix}${project}.json`;
}
