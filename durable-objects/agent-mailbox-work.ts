import type { ProjectKey } from "../core/ids.ts";
import type { Assignment, Command, MeshFrame, ReportBody } from "../core/protocol/frames.ts";
import type { Moment } from "../core/time.ts";

/** Names one attempt. */
export interface AttemptRef {
  readonly taskId: string;
  readonly attempt: number;
}

/** What orchestrators have for an agent, as they tell it. */
export interface Outstanding {
  readonly assignments: readonly Assignment[];
  readonly commands: readonly Command[];
}

interface Held<T> {
  readonly project: ProjectKey;
  readonly item: T;
  /** The connection it was last sent on, and when. */
  sentOn: number;
  sentAt: Moment;
}

/** By long-poll, what is not yet accepted is told again after this long. */
const repeatedAfterMs = 30_000;

const ending: ReadonlySet<ReportBody["type"]> = new Set(["task-done", "task-failed", "task-declined", "parked", "stopped"]);

/**
 * An agent's outstanding attempts and commands, in memory only: the orchestrators' rows are the record, this is the copy that is sent and
 * counted against the agent's slots. An attempt leaves when its agent reports the end of it, so that its slot is free before the commit.
 */
export class OutstandingWork {
  readonly #attempts = new Map<string, Held<Assignment>>();
  /** Attempts by the slots they take. */
  readonly #taken = new Map<string, number>();
  readonly #commands = new Map<string, Held<Command>>();
  readonly #accepted = new Set<string>();
  /** Ended by a report that no orchestrator has committed yet: not to be sent again. */
  readonly #ended = new Set<string>();

  get size(): number {
    return this.#attempts.size;
  }

  /** Whether an attempt fits: beside others of its capability when that has slots of its own, else beside all that share the agent's. */
  fits(item: Assignment, slots: number): boolean {
    return (this.#taken.get(laneOf(item)) ?? 0) < (item.ownSlots ?? slots);
  }

  /** Takes what fits and what is here already; what has ended here is neither `taken` nor `full`. */
  take(project: ProjectKey, items: readonly Assignment[], slots: number): { taken: Assignment[]; full: Assignment[] } {
    const [taken, full]: [Assignment[], Assignment[]] = [[], []];
    for (const item of items) {
      if (this.hasEnded(item)) continue;
      const fits = this.has(item) || this.fits(item, slots);
      if (fits && !this.has(item)) this.add(project, item);
      (fits ? taken : full).push(item);
    }
    return { taken, full };
  }

  /** How many attempts the project has here. */
  countOf(project: ProjectKey): number {
    let count = 0;
    for (const held of this.#attempts.values()) if (held.project === project) count += 1;
    return count;
  }

  has(ref: AttemptRef): boolean {
    return this.#attempts.has(keyOf(ref));
  }

  /** Whether one of the attempts here is a step of this session. */
  holdsSession(session: string): boolean {
    for (const { item } of this.#attempts.values()) if (sessionOf(item) === session) return true;
    return false;
  }

  /** Whether the agent has reported its end, and the orchestrator may not know yet. */
  hasEnded(ref: AttemptRef): boolean {
    return this.#ended.has(keyOf(ref));
  }

  add(project: ProjectKey, item: Assignment): void {
    if (!this.#attempts.has(keyOf(item))) this.#count(item, 1);
    this.#attempts.set(keyOf(item), { project, item, sentOn: 0, sentAt: 0 });
  }

  command(project: ProjectKey, item: Command): void {
    this.#commands.set(item.commandId, { project, item, sentOn: 0, sentAt: 0 });
  }

  /** Takes note of a report; true when it frees a slot. */
  heard(body: ReportBody): boolean {
    const key = keyOf(body);
    if (body.type === "task-accepted") this.#accepted.add(key);
    if (body.type === "command-received") this.#commands.delete(body.commandId);
    if (!ending.has(body.type)) return false;
    this.#ended.add(key);
    return this.#drop(key);
  }

  /** The orchestrator has committed these reports. */
  committed(bodies: readonly ReportBody[]): void {
    for (const body of bodies) if (ending.has(body.type)) this.#ended.delete(keyOf(body));
  }

  /** The agent has begun a new journal: what it had not delivered is gone. */
  forgetEnded(): void {
    this.#ended.clear();
  }

  /** Takes these attempts back; answers whether one of them was here. */
  revoke(refs: readonly AttemptRef[]): boolean {
    const here = refs.filter((ref) => this.has(ref));
    for (const ref of here) this.#drop(keyOf(ref));
    return here.length > 0;
  }

  /** Names what is here now, to be told from what comes while the orchestrators are asked. */
  snapshot(): ReadonlySet<string> {
    return new Set([...this.#attempts.keys(), ...this.#commands.keys()]);
  }

  /** Brings the project's part in line with what its orchestrator said; what came after `before` was taken, or is `arriving`, stays. */
  align(project: ProjectKey, told: Outstanding, before: ReadonlySet<string>, arriving: ReadonlySet<string>): void {
    const [attempts, commands] = [new Set(told.assignments.map(keyOf)), new Set(told.commands.map(({ commandId }) => commandId))];
    for (const [key, held] of this.#attempts) if (held.project === project && before.has(key) && !attempts.has(key)) this.#drop(key);
    for (const [id, held] of this.#commands) if (held.project === project && before.has(id) && !commands.has(id)) this.#commands.delete(id);
    for (const item of told.assignments) {
      const key = keyOf(item);
      if (!this.#attempts.has(key) && !this.#ended.has(key) && !arriving.has(key)) this.add(project, item);
    }
    for (const item of told.commands) if (!this.#commands.has(item.commandId)) this.command(project, item);
  }

  /** What to send on a connection: all that was not sent on it, but the attempts the agent says it works on. */
  unsent(connection: number, working: readonly AttemptRef[]): Outstanding {
    const known = new Set(working.map(keyOf));
    for (const key of known) if (this.#attempts.has(key)) this.#accepted.add(key);
    const open = [...this.#attempts].filter(([key, { sentOn }]) => sentOn !== connection && !known.has(key));
    const commands = [...this.#commands.values()].filter(({ sentOn }) => sentOn !== connection);
    return { assignments: open.map(([, { item }]) => item), commands: commands.map(({ item }) => item) };
  }

  /** Attempts the agent works on that nobody wants of it any more. */
  strays(working: readonly AttemptRef[]): AttemptRef[] {
    return working.filter((ref) => !this.has(ref) && !this.hasEnded(ref));
  }

  /** What a long-poll answers at a moment: what was not told yet, or not taken up 30 s after. */
  due(at: Moment): Outstanding {
    const late = ({ sentAt }: Held<unknown>) => at - sentAt >= repeatedAfterMs;
    const open = [...this.#attempts].filter(([key, held]) => !this.#accepted.has(key) && late(held));
    return { assignments: open.map(([, { item }]) => item), commands: [...this.#commands.values()].filter(late).map(({ item }) => item) };
  }

  sent(what: Outstanding, connection: number, at: Moment): void {
    const held = [
      ...what.assignments.map((item) => this.#attempts.get(keyOf(item))),
      ...what.commands.map(({ commandId }) => this.#commands.get(commandId)),
    ];
    for (const each of held) if (each !== undefined) Object.assign(each, { sentOn: connection, sentAt: at });
  }

  #drop(key: string): boolean {
    this.#accepted.delete(key);
    for (const [id, { item }] of this.#commands) if (keyOf(item) === key) this.#commands.delete(id);
    const held = this.#attempts.get(key);
    if (held !== undefined) this.#count(held.item, -1);
    return this.#attempts.delete(key);
  }

  #count(item: Assignment, more: 1 | -1): void {
    this.#taken.set(laneOf(item), (this.#taken.get(laneOf(item)) ?? 0) + more);
  }
}

function sessionOf({ payload }: Assignment): unknown {
  return typeof payload === "object" && payload !== null && "sessionId" in payload ? payload["sessionId"] : undefined;
}

/** The empty name stands for the slots that capabilities share. */
function laneOf({ capability, ownSlots }: Assignment): string {
  return ownSlots === undefined ? "" : capability;
}

export function keyOf({ taskId, attempt }: AttemptRef): string {
  return `${taskId}:${attempt}`;
}

/** The frames for what is outstanding; assignments share frames up to half the limit of a frame. */
export function framesOf({ assignments, commands }: Outstanding, frameBytes: number): MeshFrame[] {
  const batches: Assignment[][] = [];
  let room = 0;
  for (const item of assignments) {
    // UTF-16 units: at most three bytes each on the wire, so a sixth of the limit leaves a frame under half of it.
    const size = assignments.length === 1 ? 0 : JSON.stringify(item.payload).length + 500;
    if (batches.length === 0 || size > room) {
      batches.push([]);
      room = frameBytes / 6;
    }
    batches.at(-1)?.push(item);
    room -= size;
  }
  return [
    ...batches.map((batch): MeshFrame => ({ type: "assign", assignments: batch })),
    ...commands.map((item): MeshFrame => ({ type: "command", command: item })),
  ];
}
