import type { ProjectKey } from "../../core/ids.ts";
import { ok, refused } from "../../core/result.ts";
import type { Result } from "../../core/result.ts";
import { hourMs } from "../../core/time.ts";
import type { Moment } from "../../core/time.ts";
import { alignReadModel } from "../../drizzle/align-read-model.ts";
import { orchestrator, pool, settings, vault } from "../../durable-objects/remote.ts";
import type { MeshSettings } from "../../durable-objects/settings.ts";
import type { VaultPage } from "../../durable-objects/vault-backup.ts";
import { now } from "../../platform/clock.ts";
import type { Clients } from "../clients.ts";
import { forgetGrants } from "../http/auth.ts";
import { configureProjects } from "../projects/configure-projects.ts";
import { forgetRegistry } from "../registry.ts";
import { forgetRest } from "../scheduled/rest-memory.ts";
import { hasTables, withCopies } from "./copies.ts";
import { checksum, placeOf, readManifest } from "./manifest.ts";
import type { Manifest, Part } from "./manifest.ts";

/** Why a backup is not brought back. */
export interface RestoreRefusal {
  readonly reason: "unknown-backup" | "not-empty" | "restoring-another" | "damaged" | "newer-version" | "secrets-refused";
  readonly detail: string;
}

export interface Restored {
  readonly name: string;
  readonly at: number;
  readonly projects: number;
  readonly agents: number;
  readonly objects: number;
}

/** Pages of one object, in their order. */
type Group = readonly [Part, ...Part[]];

/**
 * Brings a backup back into a mesh that is empty. Objects first, the registry and the agents' tokens last, so that no work is given out on half a mesh;
 * then everything goes on from where it stood, with its timers. Broken off, it goes on where it was when it is asked for again. Every page is checked before
 * the first is taken.
 */
export async function restoreBackup(env: Env, clients: Clients, name: string, by: string): Promise<Result<Restored, RestoreRefusal>> {
  const found = await readManifest(env, name);
  if (found === undefined) return refused({ reason: "unknown-backup", detail: "There is no whole backup of that name." });
  const restoring = await settings(env).restoring();
  if (restoring !== null && restoring.name !== name)
    return refused({ reason: "restoring-another", detail: `${restoring.name} is being restored; ask for that one again to finish it.` });
  if (restoring === null) {
    if (!(await pool(env).isEmpty()))
      return refused({
        reason: "not-empty",
        detail: "This mesh has projects, agents or tokens. A backup is restored into an empty one only.",
      });
    for (const part of found.parts)
      if ((await pageOf(env, name, part)) === undefined)
        return refused({ reason: "damaged", detail: `${part.object} is missing, or is not what was written.` });
    await settings(env).noteRestoring({ name, parts: 0 });
  }
  const groups = groupsOf(found);
  for (const [index, group] of groups.entries()) {
    if (index < (restoring?.parts ?? 0)) continue;
    const fault = await restore(env, clients, name, group, by);
    if (fault !== undefined) {
      // Nothing has been taken yet: another backup may be tried.
      if (index === 0) await settings(env).noteRestoring(null);
      return refused(fault);
    }
    await settings(env).noteRestoring({ name, parts: index + 1 });
  }
  await wake(env, groups);
  await settings(env).noteRestoring(null);
  const { at, projects, agents, parts } = found;
  return ok({ name, at, projects, agents, objects: parts.length });
}

/** Vaults come first: when the master key is another one, nothing else has been changed. The registry comes last. */
const order = { vault: 0, orchestrator: 1, mailbox: 2, settings: 3, pool: 4 } as const;

function groupsOf({ parts }: Manifest): Group[] {
  const groups = [...Map.groupBy(parts, ({ kind, of }) => `${kind} ${of ?? ""}`).values()].flatMap(([first, ...more]) =>
    first === undefined ? [] : [[first, ...more] as Group],
  );
  return groups.toSorted(([a], [b]) => order[a.kind] - order[b.kind]);
}

/** A page as it was written; undefined when it is not. */
async function pageOf(env: Env, name: string, { object, bytes, sha256 }: Part): Promise<string | undefined> {
  const stored = await env.ARCHIVE.get(placeOf(name, object));
  if (stored === null || stored.size !== bytes) return undefined;
  const content = new Uint8Array(await stored.arrayBuffer());
  return (await checksum(content)) === sha256 ? new TextDecoder().decode(content) : undefined;
}

async function restore(env: Env, clients: Clients, name: string, group: Group, by: string): Promise<RestoreRefusal | undefined> {
  const [{ kind, of }] = group;
  const pages = async (take: (page: string, part: Part) => Promise<RestoreRefusal | undefined>): Promise<RestoreRefusal | undefined> => {
    for (const part of group) {
      const page = await pageOf(env, name, part);
      if (page === undefined) return { reason: "damaged", detail: `${part.object} is missing, or is not what was written.` };
      const fault = await take(page, part);
      if (fault !== undefined) return fault;
    }
    return undefined;
  };
  if (hasTables(kind)) {
    return withCopies(env, kind, of, async (copies) => {
      const fault = await pages(async (page, part) => {
        const put = await copies.put(page);
        if (put.ok) return undefined;
        return { reason: put.error === "newer-version" ? "newer-version" : "damaged", detail: `${part.object} cannot be read here.` };
      });
      if (fault !== undefined) return fault;
      await copies.done();
      if (kind === "orchestrator") await alignWith(env, clients, of as ProjectKey);
      return undefined;
    });
  }
  return pages(async (page) => {
    if (kind === "settings") return void (await settings(env).restore(JSON.parse(page) as MeshSettings));
    const put = await vault(env, of as ProjectKey).importPage(JSON.parse(page) as VaultPage, by);
    if (put.ok) return undefined;
    return { reason: "secrets-refused", detail: `The secrets of ${of} were not taken: ${put.error}.${adviceOf(put.error)}` };
  });
}

function adviceOf(error: string): string {
  return error === "unknown-key" ? " Set MASTER_KEY, or MASTER_KEY_PREVIOUS, to the one they were sealed under." : "";
}

/** The journal as it was: the read model goes back to it, or begins with it. Runs begun since the backup have left branches and comments at GitHub. */
async function alignWith(env: Env, clients: Clients, project: ProjectKey): Promise<void> {
  const owner = orchestrator(env, project);
  const [profile, { told, formerRuns }] = await Promise.all([owner.profile(), owner.outlook()]);
  if (profile !== null && told !== null) {
    const at = now();
    const entry = {
      type: "project-configured",
      profile,
      meshOverrides: told.overrides,
      formerRuns: Math.max(formerRuns, unusedRuns(at)),
    } as const;
    await owner.apply({ id: `restored.${at}`, at, ...entry });
  }
  const { seq: last, name } = await owner.view();
  const [event] = (await owner.journalSince(0, 1)).events;
  await alignReadModel(clients.openDatabase(), project, { name, first: event?.seq ?? last + 1, last });
}

/** A number that no run has reached yet, higher with every hour, of at most six digits for a century: a restore does not use numbers of the one before. */
function unusedRuns(at: Moment): number {
  return Math.floor((at - Date.UTC(2025, 0)) / hourMs);
}

/** Everything is there: agents may connect, orchestrators are told the settings, the next cron looks at all of it. */
async function wake(env: Env, groups: readonly Group[]): Promise<void> {
  forgetRegistry(env);
  forgetGrants();
  for (const [part] of groups) {
    if (part.kind === "orchestrator") await orchestrator(env, part.of as ProjectKey).agentsChanged();
  }
  await configureProjects(env);
  await forgetRest(env);
}
