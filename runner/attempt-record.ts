import { sessionAssignment, type SessionAssignment } from "../core/protocol/frames.ts";
import type { AttemptRecord, AttemptRef } from "./journal.ts";

/** The assignment of a session's step; undefined for other work. */
export function payloadOf(record: AttemptRecord): SessionAssignment | undefined {
  return sessionAssignment.safeParse(record.assignment.payload).data;
}

/** The attempt alone, of something that names it. */
export function refOf({ taskId, attempt }: AttemptRef): AttemptRef {
  return { taskId, attempt };
}

/** Tells attempts apart. */
export function keyOf({ taskId, attempt }: AttemptRef): string {
  return `${taskId} ${attempt}`;
}
