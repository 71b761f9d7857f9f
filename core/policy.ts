import * as z from "zod";
import { dayMs, hourMs, minuteMs, secondMs } from "./time.ts";
import type { Issue, Result } from "./result.ts";
import { toolRules } from "./tools/tool-rules.ts";

const ms = (least: number, most: number, fallback: number) => z.number().int().min(least).max(most).default(fallback);
const share = (fallback: number) => z.number().min(0).max(1).default(fallback);
const count = (least: number, most: number, fallback: number) => z.number().int().min(least).max(most).default(fallback);
/** Null = for ever. */
const age = (most: number) => z.number().int().min(1).max(most).nullable().default(null);
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
  retryBudget: count(0, 20, 3).describe("rework cycles in each of planning, QA and review; the label budget:n overrides it"),
  maxActiveRuns: count(1, 100, 2).describe("issues worked on at a time"),
  planReview: section({ approveAt: share(0.8).describe("how sure the reviewer must be for a plan to pass without a person") }),
  questions: section({
    answerAt: share(0.75).describe("how sure the architect must be to answer without a person"),
    holdForMs: ms(0, dayMs, 10 * minuteMs).describe("how long a session holds its slot while it waits, before it is parked"),
    remindAfterMs: ms(minuteMs, 7 * dayMs, 30 * minuteMs).describe("first reminder of an open question"),
    remindEveryMs: ms(minuteMs, 7 * dayMs, 4 * hourMs).describe("reminders after that"),
    onSilence: z
      .enum(["wait", "best-guess", "fail"])
      .default("wait")
      .describe("when nobody answers: wait, go on with the architect's guess, or fail the run"),
    onSilenceAfterMs: ms(minuteMs, 60 * dayMs, dayMs).describe("how long nobody has to have answered for that"),
    linkForMs: ms(minuteMs, 365 * dayMs, 30 * dayMs).describe("how long the links and buttons of one notification work"),
  }),
  budget: section({
    perIssueUsd: z.number().min(0).max(10_000).default(5).describe("US dollars an issue may cost before a person is asked"),
    noProgressUsd: z.number().min(0).max(10_000).default(3).describe("US dollars spent without progress before a person is asked"),
    projectUsd: z
      .number()
      .min(0)
      .max(1_000_000)
      .nullable()
      .default(null)
      .describe("US dollars the project's agents may spend at the model gateway; without it the limit that is set there"),
    perDayUsd: z
      .number()
      .min(0)
      .max(100_000)
      .nullable()
      .default(null)
      .describe("US dollars the project may cost on one day (UTC) before its sessions wait for the next one; empty: no such limit"),
    meshPerDayUsd: z
      .number()
      .min(0)
      .max(1_000_000)
      .nullable()
      .default(null)
      .describe(
        "US dollars all projects together may cost on one day (UTC) before no session begins until the next one; empty: no such limit. Set mesh-wide",
      ),
    continueUsd: z.number().min(0.01).max(10_000).default(5).describe('US dollars more that a "go on" allows'),
  }),
  session: section({
    stallAfterMs: ms(secondMs, dayMs, 10 * minuteMs).describe("without any sign of work a session counts as stalled"),
    activeLimitMs: ms(minuteMs, 7 * dayMs, 4 * hourMs).describe("the longest a session may work in one phase"),
    takeoverAfterMs: ms(secondMs, dayMs, 15 * minuteMs).describe("after that another runner takes the work over"),
    tellWaitingAfterMs: ms(secondMs, dayMs, 15 * minuteMs).describe("people are told that no runner takes the work"),
    infrastructureRetries: count(1, 20, 3).describe("failures of the machinery in a row before a person is asked"),
    quotaUnknownMs: ms(minuteMs, 7 * dayMs, hourMs).describe("the wait at a provider's limit that says no end"),
    allowWorkflowChanges: z.boolean().default(false).describe("an agent's branch may change GitHub Actions workflows"),
  }),
  /** What agents may do with their tools, over the defaults; see core/tools. */
  tools: toolRules.prefault({}),
  backoff: section({
    firstMs: ms(0, hourMs, 10 * secondMs).describe("before the first retry; doubled each time"),
    mostMs: ms(0, dayMs, 5 * minuteMs).describe("the longest wait between two tries"),
  }),
  qa: section({
    testCommand: z.string().min(1).max(2_000).nullable().default(null).describe("run on a runner in the worktree; empty: none"),
    checks: z.boolean().default(false).describe("await GitHub's checks of the pull request's head"),
    testTimeoutMs: ms(secondMs, dayMs, 30 * minuteMs).describe("the longest a test run may take"),
    evaluateAt: share(0.7).describe("how sure the evaluator of the tests must be to decide without a person"),
  }),
  merge: z.enum(["auto", "human"]).default("human").describe("who merges a pull request that passed: the mesh, or a person"),
  mergeMethod: z.enum(["merge", "squash", "rebase"]).default("squash").describe("how it is merged"),
  deployment: section({
    healthUrl: z.url().max(2_000).nullable().default(null).describe("asked after a merge until it is healthy; empty: no deployment check"),
    smokeTestUrl: z.url().max(2_000).nullable().default(null).describe("asked once after that"),
    timeoutMs: ms(secondMs, dayMs, 10 * minuteMs).describe("how long a deployment may take"),
    intervalMs: ms(100, hourMs, 15 * secondMs).describe("between two looks"),
  }),
  filters: section({
    authors: z
      .array(z.string().min(1).max(39))
      .max(200)
      .default([])
      .describe("GitHub logins whose issues are worked on; empty: anyone with write access"),
    requireWriteAccess: z.boolean().default(true).describe("only issues of people with write access"),
    requiredLabels: z.array(z.string().min(1).max(50)).max(50).default([]).describe("an issue needs all of these"),
    excludedLabels: z.array(z.string().min(1).max(50)).max(50).default([]).describe("an issue with one of these is left alone"),
  }),
  tasks: section({
    timeoutSeconds: count(1, 86_400, 120).describe("seconds an attempt may take, unless the task says otherwise"),
    maxAttempts: count(1, 20, 3).describe("attempts of a task, unless the task says otherwise"),
    expiresAfterMs: ms(secondMs, 30 * dayMs, 2 * hourMs).describe("a task that nobody took by then fails"),
  }),
  github: section({
    pollShare: z.number().min(0.01).max(1).default(0.2).describe("share of the hourly GraphQL points the board poll may use"),
    pollActiveMs: ms(secondMs, hourMs, minuteMs).describe("between two readings of a board with active runs"),
    pollIdleMs: ms(secondMs, dayMs, 5 * minuteMs).describe("between two readings of any other"),
  }),
  /**
   * What nobody has taken is said again after this long, and an effect whose consumer was not heard of for `leaseMs` is given to another.
   * A local mesh, which loses messages with every restart, wants less.
   */
  redelivery: section({
    handoverMs: ms(secondMs, hourMs, 30 * secondMs).describe("a task handed over and not confirmed is handed over again"),
    effectMs: ms(secondMs, hourMs, minuteMs).describe("an effect that nobody has taken is sent again"),
    leaseMs: ms(5 * secondMs, hourMs, 3 * minuteMs).describe("an effect whose consumer was not heard of is given to another"),
  }),
  retention: section({
    finishedMs: ms(hourMs, 365 * dayMs, 7 * dayMs).describe("how long the orchestrator keeps what has ended; the history stays"),
    eventsMonths: age(240).describe("whole months of events kept in the database; empty: for ever. Set mesh-wide"),
    journalDays: age(3_650).describe("days the archived journal is kept in R2; empty: for ever. Set mesh-wide"),
    recordingsDays: age(3_650).describe("days recordings are kept in R2; empty: for ever. Set mesh-wide"),
    onboardingsDays: age(3_650).describe("days a finished onboarding is kept; empty: for ever. Set mesh-wide"),
  }),
  backups: section({
    enabled: z.boolean().default(true).describe("a backup of the whole mesh every night. Set mesh-wide"),
    hourUtc: count(0, 23, 2).describe("the hour (UTC) of it, and of the nightly clean-up. Set mesh-wide"),
    keepDays: count(1, 3_650, 30).describe("days a backup is kept; the newest always stays. Set mesh-wide"),
  }),
  notify: section({
    /** Whose phone listens to which topic of the notification server; empty = the Worker's own topic. An answer is by that person. */
    topics: z
      .array(z.strictObject({ person: z.string().trim().min(1).max(60), topic: z.string().regex(/^[-_A-Za-z0-9]{1,64}$/) }))
      .max(20)
      .default([])
      .describe("whose phone listens to which topic of the notification server; empty: the Worker's own topic"),
    quietFrom: timeOfDay.describe("no reminders from then"),
    quietTo: timeOfDay.describe("until then, each day; over midnight when it is the earlier of the two"),
    utcOffsetMinutes: count(-14 * 60, 14 * 60, 0).describe("minutes from UTC to the quiet hours' zone: 60 for UTC+1"),
  }),
  people: z.array(z.string().min(1).max(39)).max(20).default([]).describe("GitHub logins mentioned when something needs a person"),
});

export type Policy = z.output<typeof policySchema>;
/** A partial policy as a person writes it. */
export type PolicyOverrides = z.input<typeof policySchema>;

export const defaultPolicy: Policy = policySchema.parse({});

/** Settings that there were and that nothing reads: what a mesh has stored of them is passed over. */
const retired: Readonly<Record<string, readonly string[]>> = { github: ["writeSpacingMs"], session: ["leaseMs"] };

function withoutRetired(overrides: unknown): unknown {
  if (!isSection(overrides)) return overrides;
  return Object.fromEntries(
    Object.entries(overrides).map(([name, value]) => {
      const gone = retired[name] ?? [];
      return [name, isSection(value) ? Object.fromEntries(Object.entries(value).filter(([key]) => !gone.includes(key))) : value];
    }),
  );
}

/** Checks what a person set. Unknown keys and values out of range are refused with the key's path. */
export function parsePolicy(overrides: unknown): Result<Policy, readonly Issue[]> {
  const parsed = policySchema.safeParse(withoutRetired(overrides ?? {}));
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
