import type { AgentId, ProjectKey, ProjectName } from "../ids.ts";
import type { SnapshotKind } from "../protocol/frames.ts";
import type { Moment } from "../time.ts";

/** What people and programs see of a session. One session per run. */
export interface SessionView {
  readonly id: string;
  readonly project: ProjectKey;
  readonly name: ProjectName;
  readonly issue: number;
  readonly run: number;
  readonly agent: AgentId | null;
  /** The kind of coding agent, when it is known. */
  readonly driver: string | null;
  readonly conversationId: string | null;
  /** `asking` has a question open; `parked` has one and no process. */
  readonly state: SessionState;
  /** The step under way, or null between steps. */
  readonly step: string | null;
  readonly startedAt: Moment;
  readonly lastSeenAt: Moment;
  readonly endedAt: Moment | null;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly usd: number;
  /** Bytes of UTF-8. In lists as of `lastSeenAt`; null where that is not known, as in a read model that was filled from the archive. */
  readonly outputBytes: number | null;
  readonly cols: number;
  readonly rows: number;
}

export const sessionStates = ["working", "asking", "parked", "ended"] as const;
export type SessionState = (typeof sessionStates)[number];

/** A session's screen at a moment. Stored. Fields are only added, as optional. */
export interface SessionSnapshot {
  readonly at: Moment;
  readonly kind: SnapshotKind;
  /** Lines with SGR colours. */
  readonly screen: string;
  readonly cols: number;
  readonly rows: number;
}

/** What a session's live socket says. Offsets are bytes of UTF-8 from the session's beginning. */
export type FeedMessage =
  /** First of all. What follows begins at `from`; what lies before it is in the recording. */
  | { readonly type: "hello"; readonly from: number; readonly end: number; readonly cols: number; readonly rows: number }
  | { readonly type: "output"; readonly offset: number; readonly data: string }
  | { readonly type: "ended" };

/** What a viewer says: how far it has come. Who says nothing for 4 MiB is cut off with 4408, and may connect again from its offset. */
export interface ViewerMessage {
  readonly type: "seen";
  readonly offset: number;
}

/** A viewer that does not keep up is closed with it. */
export const tooSlowCode = 4408;
