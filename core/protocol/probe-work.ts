import * as z from "zod";
import type { ProjectKey } from "../ids.ts";
import type { Moment } from "../time.ts";
import type { AgentFrame, Report } from "./frames.ts";

/** Agents that offer it can be tested with `mesh agents test`; nothing else is ever done with it. Every token allows it. */
export const probeCapability = "mesh.probe";

/** The pseudo-project of the attempts of a test: no orchestrator has them. */
export const probeProject = "probe" as ProjectKey;

/** Payload of capability `mesh.probe`: end with the result `{value}` after `holdMs`, unless stopped before. */
export const probeWork = z.object({ value: z.string().max(1_000), holdMs: z.number().int().min(0).max(600_000) });
export type ProbeWork = z.output<typeof probeWork>;

/** Body of `POST /agents/:id/probe`: what the mailbox of the agent under test does. */
export const probeAction = z.discriminatedUnion("do", [
  z.strictObject({ do: z.literal("begin") }),
  /** Sent as they are: also frames that no mesh would send. Their tasks' ids begin with `probe.`. */
  z.strictObject({
    do: z.literal("send"),
    frames: z
      .array(z.looseObject({ type: z.string() }))
      .min(1)
      .max(100),
  }),
  /** Reports are not acknowledged until `commit`, or lost with `cut`. */
  z.strictObject({ do: z.literal("withhold") }),
  z.strictObject({ do: z.literal("commit") }),
  /** The connection is dropped; reports that were withheld count as never received. */
  z.strictObject({ do: z.literal("cut") }),
  z.strictObject({ do: z.literal("end") }),
]);
export type ProbeAction = z.output<typeof probeAction>;

/** Something the agent under test did, or had done to it. */
export type ProbeSaying =
  | Extract<AgentFrame, { type: "hello" }>
  | { readonly type: "report"; readonly report: Report }
  | { readonly type: "closed"; readonly code: number; readonly reason: string };

/** Numbered from 1. */
export type ProbeEntry = ProbeSaying & { readonly n: number; readonly at: Moment };
