import * as z from "zod";

/** Agents that offer it can be tested with `mesh agents test`; nothing else is ever done with it. */
export const probeCapability = "mesh.probe";

/** Payload of capability `mesh.probe`: end with the result `{value}` after `holdMs`, unless stopped before. */
export const probeWork = z.strictObject({ value: z.string().max(1_000), holdMs: z.number().int().min(0).max(600_000) });
export type ProbeWork = z.output<typeof probeWork>;
