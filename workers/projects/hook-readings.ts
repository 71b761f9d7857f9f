import { failedWith } from "../../clients/client-error.ts";
import type { HookDeliveries, HookRef } from "../../clients/github/github.ts";
import type { ProjectProfile } from "../../core/inputs.ts";
import { dayMs } from "../../core/time.ts";
import { now } from "../../platform/clock.ts";
import type { Clients } from "../clients.ts";

/** A webhook that tells of a project, as GitHub has it. */
export interface HookReading {
  readonly kind: HookRef["kind"];
  /** GitHub's number of it; null when there is none that may be seen, and for the App's, which has none. */
  readonly number: number | null;
  readonly lastDelivery: HookDeliveries["last"];
  /** Deliveries of the last day that never arrived, of the newest hundred. */
  readonly failed: number;
}

/** Asks GitHub how the webhooks fare that tell of a project: its own, its organisation's when it has a board of one, and the App's when it has one. */
export async function hookReadings(clients: Clients, profile: ProjectProfile): Promise<readonly HookReading[]> {
  const { board, credential } = profile;
  const organization = board?.ownerKind === "organization" ? board.owner : undefined;
  const readings = await Promise.all([
    repositoryReading(clients, profile),
    organization === undefined ? undefined : organizationReading(clients, profile, organization),
    credential.kind === "app" && clients.hasApp ? appReading(clients) : undefined,
  ]);
  return readings.filter((reading) => reading !== undefined);
}

async function repositoryReading(clients: Clients, profile: ProjectProfile): Promise<HookReading> {
  const hook = await clients.webhooks.repositoryHook(profile);
  return hook === undefined ? unseen("repository") : read(clients, { kind: "repository", profile, hook }, hook);
}

async function organizationReading(clients: Clients, profile: ProjectProfile, organization: string): Promise<HookReading> {
  const hook = await clients.webhooks.organizationHook(profile);
  return hook === undefined ? unseen("organization") : read(clients, { kind: "organization", organization, profile, hook }, hook);
}

/** An App need not have a webhook. */
async function appReading(clients: Clients): Promise<HookReading | undefined> {
  try {
    return await read(clients, { kind: "app" }, null);
  } catch (error) {
    if (failedWith(error, "not-found")) return undefined;
    throw error;
  }
}

async function read(clients: Clients, hook: HookRef, number: number | null): Promise<HookReading> {
  const { last, failed } = await clients.github.deliveries(hook, now() - dayMs);
  return { kind: hook.kind, number, lastDelivery: last, failed };
}

function unseen(kind: HookReading["kind"]): HookReading {
  return { kind, number: null, lastDelivery: null, failed: 0 };
}
