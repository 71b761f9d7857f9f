import type { ProjectProfile } from "../inputs.ts";
import type { Moment } from "../time.ts";

/** Whether the history of a deleted project stays in read model and archive. */
export type KeptHistory = "keep" | "forget";

/** What became of one of a deleted project's webhooks. `not-allowed`: it is still at GitHub, and the credential may not remove it. */
export interface HookRemoval {
  readonly kind: "repository" | "organization";
  readonly state: "removed" | "absent" | "shared" | "not-allowed";
  /** Where it leads, so that a person can find it; null when it was not looked for. */
  readonly url: string | null;
}

/** A project on its way out: no longer registered, and not yet emptied. Stored. Fields are only added, as optional. */
export interface Departure {
  readonly profile: ProjectProfile;
  readonly history: KeptHistory;
  readonly by: string;
  readonly at: Moment;
  /** Set when all were looked after. */
  readonly webhooks?: readonly HookRemoval[];
}
