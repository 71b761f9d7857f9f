import { minuteMs, secondMs, type Moment } from "../core/time.ts";

/** How often a session's work is told to the mesh, and looked for when the agent says nothing. */
export interface WorkRhythm {
  readonly tellEveryMs: number;
  readonly lookEveryMs: number;
}

/** The rhythm that keeps a session with work from counting as stalled, which it does after `stallAfterMs` (10 min). */
export function workRhythm(stallAfterMs = 10 * minuteMs): WorkRhythm {
  return {
    tellEveryMs: Math.min(15 * secondMs, Math.max(50, stallAfterMs / 10)),
    lookEveryMs: Math.min(minuteMs, Math.max(100, stallAfterMs / 5)),
  };
}

/** A process of this machine. */
export interface SeenProcess {
  readonly pid: number;
  readonly parent: number;
  /** As in proc_pid_stat(5): `T` and `t` are stopped, `Z` and `X` dead. */
  readonly state: string;
  /** Tells apart those that had the same number one after the other. */
  readonly startedAt: string;
}

/** What a look at a session that says nothing has found. */
export interface SeenWork {
  /** A tool runs, by the agent's own word; also of an agent that never tells of tools. */
  readonly busy: boolean;
  /** Commands of the agent that live; null when this machine does not tell. */
  readonly commands: number | null;
  /** Something in the worktree has changed since the look before. */
  readonly changed: boolean;
}

/**
 * What shows that a session is at work although its agent says nothing. A tool without a process is believed only where processes cannot be seen: its agent
 * may hang. A process without a tool is none: it may be a server that was left running.
 */
export function signOfWork({ busy, commands, changed }: SeenWork): "command" | "change" | null {
  if (busy && commands !== 0) return "command";
  return changed ? "change" : null;
}

/** An agent and everything below it. */
export function familyOf(agent: number, processes: readonly SeenProcess[]): SeenProcess[] {
  const family = processes.filter(({ pid }) => pid === agent);
  const known = new Set([agent]);
  for (let before = -1; before !== known.size;) {
    before = known.size;
    for (const each of processes) {
      if (!known.has(each.parent) || known.has(each.pid)) continue;
      known.add(each.pid);
      family.push(each);
    }
  }
  return family;
}

export function processKey({ pid, startedAt }: SeenProcess): string {
  return `${pid}.${startedAt}`;
}

/** How many commands of an agent live: what is below it, without what it had (`own`: keys) before it began to work. */
export function liveCommands(agent: number, own: ReadonlySet<string>, processes: readonly SeenProcess[]): number {
  return familyOf(agent, processes).filter((each) => each.pid !== agent && !/[TtZXx]/.test(each.state) && !own.has(processKey(each)))
    .length;
}

/** Whether a nudge would come too late: there was a sign of work that the mesh cannot have known of. */
export function isAtWork(lastSignAt: Moment, stallAfterMs: number, now: Moment): boolean {
  return now - lastSignAt < stallAfterMs / 2;
}
