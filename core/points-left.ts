import type { ProjectName } from "./ids.ts";
import type { Moment } from "./time.ts";

/** What a credential of GitHub has left of its points of this hour, and the projects that live on it; `detail`, in words, when GitHub did not tell. */
export type PointsLeft = { readonly projects: readonly ProjectName[] } & (
  | { readonly left: number; readonly limit: number; readonly resetAt: Moment }
  | { readonly detail: string }
);
