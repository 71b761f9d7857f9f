import * as z from "zod";
import { randomId } from "../../platform/random-id.ts";

const memory = z.object({
  version: z.literal(1),
  /** Until when nothing of the mesh is due. */
  until: z.number().default(0),
  /** Until when nothing of a project is due, by key. */
  projects: z.record(z.string(), z.number()).default({}),
  /** Up to which event the read model is known to have a project's journal. */
  projected: z.record(z.string(), z.number()).default({}),
  /** When the workflows of onboardings are to be looked at. */
  onboardingsAt: z.number().default(0),
  archivedAt: z.record(z.string(), z.number()).default({}),
  partitionsAt: z.number().default(0),
  /** When the night's backup and clean-up are due; 0 = to be looked up. */
  nightlyAt: z.number().default(0),
  /** When everything that was due was last looked at. */
  reconciledAt: z.number().default(0),
  /** When a project's Vault is to be asked for credentials to renew, by key. */
  credentials: z.record(z.string(), z.number()).default({}),
});

/**
 * What the crons, which run in any isolate, know of when there is something to do: an idle mesh costs one read of this a minute, and wakes neither
 * objects nor database. Losing it costs one look at everything. Stored. Fields are only added, with a default.
 */
export type RestMemory = z.output<typeof memory>;

export const restName = "polls/rest.json";

/** What is known, and `as`: which writing of it that was; null when there was none. */
export async function restMemory(env: Env): Promise<RestMemory & { readonly as: string | null }> {
  const stored = await env.ARCHIVE.get(restName);
  const parsed = stored && memory.safeParse(await stored.json().catch(() => null));
  return { ...(parsed?.success ? parsed.data : memory.parse({ version: 1 })), as: stored?.etag ?? null };
}

/** Keeps what a cron has found out since it read the memory `as` it was, unless it was forgotten meanwhile: then the next one looks at everything. */
export async function rememberRest(env: Env, known: RestMemory, as: string | null): Promise<void> {
  await env.ARCHIVE.put(restName, JSON.stringify(known), as === null ? {} : { onlyIf: { etagMatches: as } });
}

/** The next cron looks at everything: a project, the settings or a credential have changed. Another writing each time, so that a cron under way notices. */
export async function forgetRest(env: Env): Promise<void> {
  await env.ARCHIVE.put(restName, JSON.stringify({ version: 1, forgotten: randomId() }));
}
