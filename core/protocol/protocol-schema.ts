import * as z from "zod";
import {
  agentFrame,
  closeCodes,
  commandBody,
  limits,
  meshFrame,
  protocolVersion,
  registration,
  reportBody,
  sessionAssignment,
} from "./frames.ts";
import { probeCapability, probeWork } from "./probe-work.ts";

interface Typed {
  readonly shape: { readonly type: { readonly value: string } };
}

/** The agent protocol for programs that cannot read its TypeScript: every frame, report and command as JSON Schema (draft 2020-12), by its `type`. */
export function protocolSchema(): object {
  return {
    title: "mesh-six agent protocol",
    version: protocolVersion,
    limits,
    closeCodes,
    registration: schemaOf(registration, "input"),
    agentFrames: byType(agentFrame.options, "input"),
    reports: byType(reportBody.options, "input"),
    meshFrames: byType(meshFrame.options, "output"),
    commands: byType(commandBody.options, "output"),
    payloads: { session: schemaOf(sessionAssignment, "output"), [probeCapability]: schemaOf(probeWork, "output") },
  };
}

function byType(options: readonly (z.ZodType & Typed)[], io: "input" | "output"): Record<string, object> {
  return Object.fromEntries(options.map((option) => [option.shape.type.value, schemaOf(option, io)]));
}

/** What the mesh says ("output") is open: a later mesh may say more, and whoever checks it by the schema is to pass that over. */
function schemaOf(schema: z.ZodType, io: "input" | "output"): object {
  if (io === "input") return z.toJSONSchema(schema, { io });
  return z.toJSONSchema(schema, { io, override: ({ jsonSchema }) => void delete jsonSchema.additionalProperties });
}
