import type { ProjectKey, ProjectName } from "../../core/ids.ts";
import type { Departure, HookRemoval, KeptHistory } from "../../core/pool/departure.ts";
import { dayMs, hourMs } from "../../core/time.ts";
import { databaseFailure } from "../../drizzle/database-failure.ts";
import { forgetProject, unlistProject } from "../../drizzle/forget-project.ts";
import { cursorOf } from "../../drizzle/project-page.ts";
import { sessionsOf } from "../../drizzle/queries/list-sessions.ts";
import { orchestrator, pool, sessionFeed, vault } from "../../durable-objects/remote.ts";
import { recordedSessions } from "../../durable-objects/session-recording.ts";
import { now } from "../../platform/clock.ts";
import { errorText, log } from "../../platform/log.ts";
import type { Clients } from "../clients.ts";
import { pokeProjection } from "../queues/projections.ts";
import { forgetRegistry, registeredProjects } from "../registry.ts";
import { archiveJournal } from "../scheduled/archive-journal.ts";
import { forgetPoll } from "../scheduled/poll-memory.ts";
import { forgetRest } from "../scheduled/rest-memory.ts";
import { deleteObjects } from "./delete-objects.ts";

/** What people are told is tried for about a day; then the rest is not waited for any longer. */
const patienceMs = dayMs + 2 * hourMs;

/** How far a deletion has come. */
export interface Deletion {
  readonly project: ProjectName;
  readonly history: KeptHistory;
  readonly webhooks: readonly HookRemoval[];
  /** What it waits for; null: nothing of it is left. */
  readonly waitsFor: "what is still to be said" | "the read model" | "the database" | "a second look" | null;
}

/**
 * Deletes a project. From the first step on it is not registered and cannot be registered again; every step may be repeated, and the reconcile
 * goes on with what is left until nothing is. null: there is no such project. Throws when an outside service fails; then it is gone on with later, too.
 */
export async function deleteProject(
  env: Env,
  clients: Clients,
  name: ProjectName,
  choice: { readonly history: KeptHistory; readonly by: string },
): Promise<Deletion | null> {
  await forgetRest(env);
  const departure = await pool(env).projectDeparts(name, choice.history, choice.by);
  forgetRegistry(env);
  return departure === null ? null : continueDeletion(env, clients, departure);
}

/** Goes on with a deletion from wherever it stands. */
export async function continueDeletion(env: Env, clients: Clients, departure: Departure): Promise<Deletion> {
  const { profile, history, by, at } = departure;
  const { key, name } = profile;
  await orchestrator(env, key).apply({ id: `closed.${at}`, at: now(), type: "project-closed", by });
  await vault(env, key).wipe(by, history);
  const webhooks = departure.webhooks ?? (await leaveOutside(env, clients, departure));
  await forgetPoll(env, key);
  const waitsFor = await finish(env, clients, departure).catch((error: unknown): Deletion["waitsFor"] => {
    if (databaseFailure(error) === undefined) throw error;
    log("warn", "a deletion waits for the database", { project: key, reason: "database-away", error: errorText(error) });
    return "the database";
  });
  if (waitsFor === null) await pool(env).departed(key, history === "forget");
  return { project: name, history, webhooks, waitsFor };
}

/**
 * Takes back what was made at the model gateway and at GitHub. An organisation's webhook serves all of its boards: it stays while another project
 * has one. What could not be had for a day is left to its owner.
 */
async function leaveOutside(env: Env, clients: Clients, { profile, at }: Departure): Promise<readonly HookRemoval[]> {
  const owner = profile.board?.owner.toLowerCase();
  const others = await registeredProjects(env, 0);
  const shared = others.some(({ board }) => board?.ownerKind === "organization" && board.owner.toLowerCase() === owner);
  const isPatient = now() - at < patienceMs;
  await clients.modelBudget.remove(profile.name).catch((error: unknown) => {
    if (isPatient) throw error;
  });
  const removed = await clients.webhooks.remove(profile, { organization: !shared }).catch((error: unknown): readonly HookRemoval[] => {
    if (isPatient) throw error;
    return [{ kind: "repository", url: null, state: "not-allowed" }];
  });
  await pool(env).webhooksRemoved(profile.key, removed);
  return removed;
}

async function finish(env: Env, clients: Clients, { profile, history, at }: Departure): Promise<Deletion["waitsFor"]> {
  const { key, name } = profile;
  const owner = orchestrator(env, key);
  const { outbox, seq, name: isFilled } = await owner.view();
  if (outbox > 0 && now() - at < patienceMs) return "what is still to be said";
  const db = clients.openDatabase();
  if (history === "forget") {
    // Asked for before the rows that name them are gone. One that is being written at this moment is looked for again.
    // The read model may not have seen the last ones.
    const sessions = new Set([...(await sessionsOf(db, key)), ...(await recordedSessions(env.ARCHIVE, key))]);
    for (const session of sessions) await sessionFeed(env, session).forget();
    await owner.empty(true);
    const deleted = (await forgetProject(db, key, name)) + (await deleteObjects(env, objectsOf(key)));
    // A consumer that had read a page of the journal before may have written it just now.
    return deleted > 0 ? "a second look" : null;
  }
  // Emptied already, it was read to its end before.
  if (isFilled !== null && (await cursorOf(db, key)) < seq) {
    await pokeProjection(env, key);
    return "the read model";
  }
  while ((await archiveJournal(env, key)) > 0);
  await owner.empty(false);
  await unlistProject(db, key);
  return null;
}

/** Where a project's own objects lie in the archive. */
function objectsOf(project: ProjectKey): string[] {
  return [`journal/${project}/`, `polls/${project}.json`, `recordings/${project}/`];
}
