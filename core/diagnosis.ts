import type { ProjectName } from "./ids.ts";
import type { Moment } from "./time.ts";

/** Whether something outside answers. `detail` is for people, without anything secret. */
export interface Probe {
  readonly ok: boolean;
  readonly detail: string;
}

/** What the mesh alone can tell about itself: `mesh doctor` judges it. */
export interface Diagnosis {
  /** The Worker's clock. */
  readonly at: Moment;
  readonly version: string;
  /** When the cron last looked at everything; null: never. An idle mesh is looked at every five minutes. */
  readonly reconciledAt: Moment | null;
  readonly database: Probe;
  /** GitHub with the credential of each project; empty without projects. */
  readonly github: readonly (Probe & { readonly project: ProjectName })[];
  readonly projects: readonly ProjectHealth[];
}

export interface ProjectHealth {
  readonly name: ProjectName | "mesh";
  /** The journal's last number, and how far the read model has followed; null: the database does not tell. */
  readonly seq: number;
  readonly projected: number | null;
  /** Effects and tasks on their way out. */
  readonly outbox: number;
}
