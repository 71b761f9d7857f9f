/** Objects of the archive that are too old. */
export interface OldObjects {
  readonly objects: number;
  readonly bytes: number;
}

/** One thing that scheduled work could not do; the others went on. */
export interface ScheduledFailure {
  readonly what: string;
  /** Stable: the client's code, or `internal`. */
  readonly reason: string;
  readonly message: string;
}

/** What a clean-up removed, or would remove: `POST /ops/cleanup`. */
export interface CleanedUp {
  readonly dryRun: boolean;
  /** Backups that are too old, or were broken off. */
  readonly backups: readonly string[];
  readonly partitions: readonly string[];
  /** Events outside any month's partition. */
  readonly events: number;
  readonly journal: OldObjects;
  readonly recordings: OldObjects;
  /** What the reconcile remembers of projects that are no longer registered. */
  readonly polls: number;
  readonly onboardings: number;
  readonly failures: readonly ScheduledFailure[];
}
