/** US dollars and tokens. */
export interface Spent {
  readonly usd: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
}

/** What runs have cost, as `GET /usage` tells it. Lists are the most expensive first, but days and hours the newest first. */
export interface Usage {
  readonly total: Spent;
  readonly byProject: readonly (Spent & { readonly project: string; readonly name: string | null })[];
  /** At most 200. `title`: as the issue was last seen. */
  readonly byIssue: readonly (Spent & {
    readonly project: string;
    readonly name: string | null;
    readonly issue: number;
    readonly title: string | null;
  })[];
  /** `agent` is null where the mesh itself asked a model. */
  readonly byAgent: readonly (Spent & { readonly agent: string | null })[];
  readonly byPhase: readonly (Spent & { readonly phase: string })[];
  /** Days in `zone` that cost something, at most 400: `2026-11-23`. */
  readonly byDay: readonly (Spent & { readonly day: string })[];
  /** Hours that cost something, at most 200, by their beginning. */
  readonly byHour: readonly (Spent & { readonly hour: number })[];
}
