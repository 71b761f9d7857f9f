import type { OutboxEntry } from "./project/lookup.ts";
import type { Run } from "./lifecycle/state.ts";
import type { Onboarding } from "./onboarding/state.ts";
import { ok, refused } from "./result.ts";
import type { Result } from "./result.ts";
import type { Task } from "./task/state.ts";

/** Why a stored shape cannot be used: written by a newer version of the code, or damaged. */
export type SnapshotFault = "unknown-version" | "malformed";

/**
 * Stored shapes as this version of the code has them. Fields are only ever added as optional ones, so that an older shape is one of today;
 * a change that needs more raises the version and gets its upgrade here. An unknown version is refused: what holds it is put aside with
 * an event and the rest goes on.
 */
export function readRun(text: string): Result<Run, SnapshotFault> {
  return read<Run>(text, (shape) => typeof shape["issue"] === "number" && typeof shape["run"] === "number");
}

export function readTask(text: string): Result<Task, SnapshotFault> {
  return read<Task>(text, (shape) => typeof shape["id"] === "string" && Array.isArray(shape["attempts"]));
}

export function readOnboarding(text: string): Result<Onboarding, SnapshotFault> {
  return read<Onboarding>(text, (shape) => typeof shape["id"] === "string" && Array.isArray(shape["completed"]));
}

/** An outbox entry is without a version: version 1. */
export function readOutboxEntry(text: string): Result<OutboxEntry, SnapshotFault> {
  return read<OutboxEntry>(text, (shape) => typeof shape["effect"] === "object" && typeof shape["n"] === "number");
}

function read<T>(text: string, isWhole: (shape: Record<string, unknown>) => boolean): Result<T, SnapshotFault> {
  const shape = parse(text);
  if (shape === undefined) return refused("malformed");
  if ((shape["version"] ?? 1) !== 1) return refused("unknown-version");
  return isWhole(shape) ? ok(shape as T) : refused("malformed");
}

/** The store writes only what it serialised itself; text that does not begin as an object is not worth a parse. */
function parse(text: string): Record<string, unknown> | undefined {
  return text.startsWith("{") ? (JSON.parse(text) as Record<string, unknown>) : undefined;
}
