import type * as z from "zod";
import { meshFrame, type MeshFrame } from "../core/protocol/frames.ts";

const knownFrames = new Set<string>(meshFrame.options.map(({ shape }) => shape.type.value));

/** What the mesh sent. Fields that this version does not know are left out, since a newer mesh may say more; a frame it does not know is `unknown`. */
export function parseMeshFrame(data: string): MeshFrame | "unknown" | "malformed" {
  let value: unknown;
  try {
    value = JSON.parse(data);
  } catch {
    return "malformed";
  }
  const { type, version } = (value ?? {}) as { readonly type?: unknown; readonly version?: unknown };
  if (typeof type === "string" && !knownFrames.has(type)) return "unknown";
  const parsed = meshFrame.safeParse(value);
  if (parsed.success) return parsed.data;
  for (const issue of parsed.error.issues) leaveOut(value, issue);
  const known = meshFrame.safeParse(value);
  if (known.success) return known.data;
  // Of a mesh of another version nothing more is to be understood than that it is one.
  return type === "welcome" && typeof version === "number" ? { type, version, ack: 0 } : "malformed";
}

function leaveOut(value: unknown, issue: z.core.$ZodIssue): void {
  if (issue.code !== "unrecognized_keys") return;
  const holder = issue.path.reduce<unknown>((inner, key) => (inner as Record<PropertyKey, unknown>)[key], value);
  for (const key of issue.keys) Reflect.deleteProperty(holder as object, key);
}
