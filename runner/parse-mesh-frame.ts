import * as z from "zod";
import { command, commandBody, meshFrame } from "../core/protocol/frames.ts";
import type { MeshFrame } from "../core/protocol/frames.ts";
import type { AttemptRef } from "./journal.ts";

const knownFrames = new Set<string>(meshFrame.options.map(({ shape }) => shape.type.value));

/** A command of a newer mesh, to an attempt that may be under way. */
export interface UnknownCommand {
  readonly type: "unknown-command";
  readonly commandId: string;
  readonly ref: AttemptRef;
  readonly named: string;
}

const knownCommands = new Set<string>(commandBody.options.map(({ shape }) => shape.type.value));
const namedCommand = command.extend({ body: z.object({ type: z.string().max(200) }) });

function unknownCommand(value: unknown): UnknownCommand | undefined {
  const parsed = z.object({ type: z.literal("command"), command: namedCommand }).safeParse(value).data?.command;
  if (parsed === undefined || knownCommands.has(parsed.body.type)) return undefined;
  const { commandId, taskId, attempt, body } = parsed;
  return { type: "unknown-command", commandId, ref: { taskId, attempt }, named: body.type };
}

/** What the mesh sent. Fields that this version does not know are left out, since a newer mesh may say more; what it knows has to be readable. */
export function parseMeshFrame(data: string): MeshFrame | UnknownCommand | "unknown" | "malformed" {
  try {
    const value: unknown = JSON.parse(data);
    const frame = meshFrame.safeParse(value);
    if (frame.success) return frame.data;
    const newer = unknownCommand(value);
    if (newer !== undefined) return newer;
    const { type, version } = value as { readonly type?: unknown; readonly version?: unknown };
    // Of a mesh of another version nothing more is to be understood than that it is one.
    if (type === "welcome" && typeof version === "number") return { type, version, ack: 0 };
    return typeof type === "string" && !knownFrames.has(type) ? "unknown" : "malformed";
  } catch {
    return "malformed";
  }
}
