import * as z from "zod";
import { dayMs, hourMs, minuteMs, secondMs } from "./time.ts";
import type { Issue, Result } from "./result.ts";

const ms = (least: number, most: number, fallback: number) => z.number().int().min(least).max(most).default(fallback);
const share = (fallback: number) => z.number().min(0).max(1).default(fallback);
const count = (least: number, most: number, fallback: number) => z.number().int().min(least).max(most).default(fallback);
const section = <S extends z.ZodRawShape>(shape: S) => z.strictObject(shape).prefault({} as never);

/** `HH:MM`, 00:00 to 23:59. */
const timeOfDay = z
  .string()
  .regex(/^(?:[01]\d|2[0-3]):[0-5]\d$/, "a time of day like 22:30")
  .nullable()
  .default(null);
const columnName = z.string().trim().min(1).max(50);

/**
 * Every number and choice a project may set, with its default. Lengths of time in milliseconds, money in US dollars, shares in 0–1.
 * Stored as overrides: mesh-wide settings under project settings. Fields are only added, with a default.
 */
export const policySchema = z.strictObject({
  /** Names of the board's Status options. */
  columns: section({
    todo: columnName.default("Todo"),
    planning: columnName.default("Planning"),
    inProgress: columnName.default("In Progress"),
    qa: columnName.default("QA"),
    review: columnName.default("Review"),
    done: columnName.default("Done"),
    blocked: columnName.default("Blocked"),
  }),
  /** Rework cycles allowed in each of planning, qa and review; label `budget:n` overrides it. */
  retryBudget: count(0, 20, 3),
  maxActiveRuns: count(1, 100, 2),
  planReview: section({ approveAt: share(0.8) }),
  questions: section({
    answerAt: share(0.75),
    holdForMs: ms(0, dayMs, 10 * minuteMs),
    remindAfterMs: ms(minuteMs, 7 * dayMs, 30 * minuteMs),
    remindEveryMs: ms(minuteMs, 7 * dayMs, 4 * hourMs),
    onSilence: z.enum(["wait", "best-guess", "fail"]).default("wait"),
    onSilenceAfterMs: ms(minuteMs, 60 * dayMs, dayMs),
    /** How long the links and buttons of one notification work; every reminder brings new ones. */
    linkForMs: ms(minuteMs, 365 * dayMs, 30 * dayMs),
  }),
  budget: section({
    perIssueUsd: z.number().min(0).max(10_000).default(5),
    noProgressUsd: z.number().min(0).max(10_000).default(3),
    continueUsd: z.number().min(0.01).max(10_000).default(5),
  }),
  session: section({
    stallAfterMs: ms(secondMs, dayMs, 10 * minuteMs),
    activeLimitMs: ms(minuteMs, 7 * dayMs, 4 * hourMs),
    leaseMs: ms(secondMs, hourMs, 120 * secondMs),
    takeoverAfterMs: ms(secondMs, dayMs, 15 * minuteMs),
    tellWaitingAfterMs: ms(secondMs, dayMs, 15 * minuteMs),
    infrastructureRetries: count(1, 20, 3),
    quotaUnknownMs: ms(minuteMs, 7 * dayMs, hourMs),
    allowWorkflowChanges: z.boolean().default(false),
  }),
  backoff: section({ firstMs: ms(0, hourMs, 10 * secondMs), mostMs: ms(0, dayMs, 5 * minuteMs) }),
  qa: section({
    /** Run on a runner in the worktree; null = none. */
    testCommand: z.string().min(1).max(2_000).nullable().default(null),
    /** Await GitHub's checks of the pull request's head. */
    checks: z.boolean().default(false),
    testTimeoutMs: ms(secondMs, dayMs, 30 * minuteMs),
    evaluateAt: share(0.7),
  }),
  merge: z.enum(["auto", "human"]).default("human"),
  mergeMethod: z.enum(["merge", "squash", "rebase"]).default("squash"),
  deployment: section({
    healthUrl: z.url().max(2_000).nullable().default(null),
    smokeTestUrl: z.url().max(2_000).nullable().default(null),
    timeoutMs: ms(secondMs, dayMs, 10 * minuteMs),
    intervalMs: ms(100, hourMs, 15 * secondMs),
  }),
  filters: section({
    /** Empty = anyone with write access to the repository. */
    authors: z.array(z.string().min(1).max(39)).max(200).default([]),
    requireWriteAccess: z.boolean().default(true),
    requiredLabels: z.array(z.string().min(1).max(50)).max(50).default([]),
    excludedLabels: z.array(z.string().min(1).max(50)).max(50).default([]),
  }),
  tasks: section({
    timeoutSeconds: count(1, 86_400, 120),
    maxAttempts: count(1, 20, 3),
    expiresAfterMs: ms(secondMs, 30 * dayMs, 2 * hourMs),
  }),
  github: section({
    writeSpacingMs: ms(0, minuteMs, secondMs),
    /** Share of the hourly GraphQL points the board poll may use. */
    pollShare: z.number().min(0.01).max(1).default(0.2),
    pollActiveMs: ms(secondMs, hourMs, minuteMs),
    pollIdleMs: ms(secondMs, dayMs, 5 * minuteMs),
  }),
  /**
   * What nobody has taken is said again after this long, and an effect whose consumer was not heard of for `leaseMs` is given to another.
   * A local mesh, which loses messages with every restart, wants less.
   */
  redelivery: section({
    handoverMs: ms(secondMs, hourMs, 30 * secondMs),
    effectMs: ms(secondMs, hourMs, minuteMs),
    leaseMs: ms(5 * secondMs, hourMs, 3 * minuteMs),
  }),
  retention: section({ finishedMs: ms(hourMs, 365 * dayMs, 7 * dayMs) }),
  notify: section({
    /** Whose phone listens to which topic of the notification server; empty = the Worker's own topic. An answer is by that person. */
    topics: z
      .array(z.strictObject({ person: z.string().trim().min(1).max(60), topic: z.string().regex(/^[-_A-Za-z0-9]{1,64}$/) }))
      .max(20)
      .default([]),
    /** No reminders from then to `quietTo`, each day; over midnight when it is the later one. */
    quietFrom: timeOfDay,
    quietTo: timeOfDay,
    /** Of the two times to UTC: 60 for UTC+1. */
    utcOffsetMinutes: count(-14 * 60, 14 * 60, 0),
  }),
  /** People mentioned when something needs them; GitHub logins. */
  people: z.array(z.string().min(1).max(39)).max(20).default([]),
});

export type Policy = z.output<typeof policySchema>;
/** A partial policy as a person writes it. */
export type PolicyOverrides = z.input<typeof policySchema>;

export const defaultPolicy: Policy = policySchema.parse({});

/** Checks what a person set. Unknown keys and values out of range are refused with the key's path. */
export function parsePolicy(overrides: unknown): Result<Policy, readonly Issue[]> {
  const parsed = policySchema.safeParse(overrides ?? {});
  if (parsed.success) return { ok: true, value: parsed.data };
  return { ok: false, error: parsed.error.issues.map(pathed) };
}

function pathed(issue: z.core.$ZodIssue): Issue {
  const at = issue.path.join(".");
  if (issue.code !== "unrecognized_keys") return { path: at, message: issue.message };
  return { path: [...issue.path, issue.keys[0] ?? ""].join("."), message: "unknown setting" };
}

/** Project settings over mesh-wide settings, section by section. */
export function mergeOverrides(mesh: PolicyOverrides, project: PolicyOverrides): PolicyOverrides {
  const merged: Record<string, unknown> = { ...mesh };
  for (const [key, value] of Object.entries(project)) {
    const below = merged[key];
    merged[key] = isSection(below) && isSection(value) ? { ...below, ...value } : value;
  }
  return merged as PolicyOverrides;
}

/**
 * What is set after a change as a person writes it: what it names is set, section by section, and null takes a key (or a whole section) away, so
 * that the value below holds again. A section with nothing left in it goes too. The result is not checked; see `parsePolicy`.
 */
export function patchOverrides(current: PolicyOverrides, patch: object): PolicyOverrides {
  return patched(current, patch);
}

function patched(current: object, patch: object): Record<string, unknown> {
  const after: Record<string, unknown> = { ...current };
  for (const [key, value] of Object.entries(patch)) {
    const before = after[key];
    const set = isSection(value) ? patched(isSection(before) ? before : {}, value) : value;
    const isEmpty = isSection(set) && Object.keys(set).length === 0 && (before === undefined || isSection(before));
    if (set === null || isEmpty) delete after[key];
    else after[key] = set;
  }
  return after;
}

function isSection(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
