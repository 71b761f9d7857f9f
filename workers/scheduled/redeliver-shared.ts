import { failedWith } from "../../clients/client-error.ts";
import type { ProjectProfile } from "../../core/inputs.ts";
import { hourMs } from "../../core/time.ts";
import type { Moment } from "../../core/time.ts";
import { now } from "../../platform/clock.ts";
import type { Clients } from "../clients.ts";
import { deliveriesEveryMs } from "./reconcile-project.ts";
import { redeliver } from "./redeliver.ts";
import { attempt } from "./report.ts";
import type { ScheduledFailure } from "../../core/cleaned-up.ts";

/** What this isolate knows of the App's webhook; another isolate may ask once more, which changes nothing. */
let appDeliveriesDue = 0;
let appHookMissingUntil = 0;
/** The same of organisations' webhooks, by login. */
const organizationDeliveriesDue = new Map<string, Moment>();

/** Has what never arrived of the App's webhook and of organisations' webhooks repeated; both serve many projects. How many. Never rejects. */
export async function redeliverShared(
  clients: Clients,
  profiles: readonly ProjectProfile[],
  which: "due" | "now",
  failures: ScheduledFailure[],
): Promise<number> {
  const [ofApp, ofOrganizations] = await Promise.all([
    attempt("app-deliveries", failures, () => redeliverApp(clients, which), 0),
    redeliverOrganizations(clients, profiles, which, failures),
  ]);
  return ofApp + ofOrganizations;
}

/** GitHub answers 404 to an App that has no webhook, which is nothing to tell anyone; one may be given to it later. */
async function redeliverApp(clients: Clients, which: "due" | "now"): Promise<number> {
  const at = now();
  if (!clients.hasApp || at < appHookMissingUntil || (which === "due" && at < appDeliveriesDue)) return 0;
  try {
    const redelivered = await redeliver(clients.github, { kind: "app" });
    appDeliveriesDue = at + deliveriesEveryMs;
    return redelivered;
  } catch (error) {
    if (!failedWith(error, "not-found")) throw error;
    appHookMissingUntil = at + hourMs;
    return 0;
  }
}

/** Each organisation's hook is asked for once, with the credential of one of its projects; it serves all of them. */
async function redeliverOrganizations(
  clients: Clients,
  profiles: readonly ProjectProfile[],
  which: "due" | "now",
  failures: ScheduledFailure[],
): Promise<number> {
  const at = now();
  let count = 0;
  const byOrganization = Map.groupBy(
    profiles.filter(({ board }) => board?.ownerKind === "organization"),
    ({ board }) => board?.owner.toLowerCase() ?? "",
  );
  for (const [organization, [profile]] of byOrganization) {
    if (!profile || (which === "due" && at < (organizationDeliveriesDue.get(organization) ?? 0))) continue;
    count += await attempt(
      `deliveries of ${organization}`,
      failures,
      async () => {
        const hook = await clients.webhooks.organizationHook(profile);
        organizationDeliveriesDue.set(organization, at + (hook === undefined ? hourMs : deliveriesEveryMs));
        return hook === undefined ? 0 : redeliver(clients.github, { kind: "organization", organization, profile, hook });
      },
      0,
    );
  }
  return count;
}
