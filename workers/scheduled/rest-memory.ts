import * as z from "zod";

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

const name = "polls/rest.json";

export async function restMemory(env: Env): Promise<RestMemory> {
  const stored = await env.ARCHIVE.get(name);
  const parsed = stored && memory.safeParse(await stored.json().catch(() => null));
  return parsed?.success ? parsed.data : memory.parse({ version: 1 });
}

export async function rememberRest(env: Env, known: RestMemory): Promise<void> {
  await env.ARCHIVE.put(name, JSON.stringify(known));
}

/** The next cron looks at everything: a project or the settings have changed. */
export async function forgetRest(env: Env): Promise<void> {
  await env.ARCHIVE.delete(name);
}
