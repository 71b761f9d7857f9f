import * as z from "zod";

/** Capabilities of runners beside the steps of a session: plain tasks with a deadline. */
export const runnerCapabilities = { trial: "environment", login: "agent-login" } as const;

const text = (most: number) => z.string().max(most);

/** Payload of capability `environment`: clone, install, run the tests, and say how it went. The clone's credential is asked for as for a session. */
export const trialWork = z.object({
  type: z.literal("trial"),
  project: text(200),
  cloneUrl: z.url(),
  branch: text(255),
  /** Null: found out from the repository (lock files, build files). */
  installCommand: text(2_000).nullable(),
  testCommand: text(2_000).nullable(),
  timeoutMs: z.number().int().positive(),
});
export type TrialWork = z.output<typeof trialWork>;

export const trialResult = z.strictObject({
  ok: z.boolean(),
  /** Where it ended. */
  step: z.enum(["clone", "install", "test"]),
  exitCode: z.number().int().nullable(),
  timedOut: z.boolean(),
  installCommand: text(2_000).nullable(),
  /** What was, or would have been, run as the test; null: none was given and none was found. */
  testCommand: text(2_000).nullable(),
  head: z.string().nullable(),
  durationMs: z.number().int().nonnegative(),
  /** The end of the output. */
  tail: text(8_000),
});
export type TrialResult = z.output<typeof trialResult>;

/** Payload of capability `agent-login`. */
export const loginWork = z.discriminatedUnion("type", [
  /** Asks the agent's own command whether it is logged in. */
  z.object({ type: z.literal("status") }),
  /** Starts a device flow and answers as soon as its address and code have appeared; the same one while it waits. */
  z.object({ type: z.literal("device-start") }),
  z.object({ type: z.literal("device-status") }),
]);
export type LoginWork = z.output<typeof loginWork>;

export const loginStatusResult = z.strictObject({
  loggedIn: z.boolean(),
  /** As the agent names it: `api-key`, `claude.ai`, …; null when not logged in. */
  method: text(100).nullable(),
  /** What a person runs on that machine to log in. */
  command: text(500),
});
export type LoginStatusResult = z.output<typeof loginStatusResult>;

export const deviceStartResult = z.strictObject({
  url: z.url(),
  /** In the vendor's form: `XXXX-XXXX`; OpenAI's have five after the dash. */
  code: z.string().regex(/^[A-Z0-9]{4}-[A-Z0-9]{4,5}$/),
  expiresInMs: z.number().int().positive(),
});
export type DeviceStartResult = z.output<typeof deviceStartResult>;

export const deviceStatusResult = z.strictObject({
  state: z.enum(["waiting", "done", "failed", "none"]),
  message: text(1_000),
});
export type DeviceStatusResult = z.output<typeof deviceStatusResult>;
