import type { AgentView } from "../../core/pool/views.ts";
import { probeCapability } from "../../core/protocol/probe-work.ts";
import type { ProbeAction, ProbeEntry, ProbeWork } from "../../core/protocol/probe-work.ts";
import type { ReportBody } from "../../core/protocol/frames.ts";

/** What the mesh does for a test of an agent. */
export interface ProbedMesh {
  agent(): Promise<AgentView & { readonly mailbox: unknown }>;
  act(action: ProbeAction): Promise<void>;
  /** Entries after a number, waiting up to `waitS` for the first. */
  entries(after: number, waitS: number): Promise<readonly ProbeEntry[]>;
}

/** How long an agent may take: for what it does at once, to come back after a cut, and between signs of life. */
export interface Patience {
  readonly replyMs: number;
  readonly reconnectMs: number;
  readonly lifeMs: number;
}

/** Why a check did not pass; the message says what was expected and what came. */
export class Unmet extends Error {}

/** A check that does not apply to this agent. */
export class NotApplicable extends Error {}

export type ReportEntry = Extract<ProbeEntry, { type: "report" }>;
export type ReportOf<T extends ReportBody["type"]> = Extract<ReportBody, { type: T }>;

export interface Probe {
  readonly taskId: string;
  readonly attempt: number;
  readonly frame: ProbeAction;
}

/** One agent on the bench: attempts are made up for it, and what it says is waited for. */
export class Bench {
  readonly patience: Patience;
  readonly mesh: ProbedMesh;
  /** The agent has no socket: what belongs to sockets does not apply. */
  byHttp = false;
  /** It has been seen to stop when it was told to. */
  stops = false;
  /** Everything the agent did since the test began. */
  readonly entries: ProbeEntry[] = [];
  readonly #name = crypto.randomUUID().slice(0, 8);
  #made = 0;
  #since = 0;

  constructor(mesh: ProbedMesh, patience: Patience) {
    this.mesh = mesh;
    this.patience = patience;
  }

  /** An attempt of its own task, not given yet. */
  make(work: Partial<ProbeWork> = {}): Probe {
    this.#made += 1;
    const [taskId, attempt] = [`probe.${this.#name}-${this.#made}`, 1];
    const payload: ProbeWork = { value: taskId, holdMs: 0, ...work };
    const assignment = { taskId, attempt, capability: probeCapability, payload, priority: 5, timeoutSeconds: 600, ownSlots: this.slots };
    return { taskId, attempt, frame: { do: "send", frames: [{ type: "assign", assignments: [assignment] }] } };
  }

  /** A check begins: what was before is not looked at, unless it asks for it. */
  begin(): void {
    this.#since = this.last;
  }

  /** How many probes the agent says it can have at a time. */
  slots = 1;

  async give(work: Partial<ProbeWork> = {}): Promise<Probe> {
    const probe = this.make(work);
    await this.mesh.act(probe.frame);
    return probe;
  }

  /** Tells an attempt to stop; answers the command's id. */
  async stop({ taskId, attempt }: Probe): Promise<string> {
    const commandId = `stop.${taskId}.${attempt}.${crypto.randomUUID().slice(0, 8)}`;
    const body = { type: "stop", mode: "now", reason: "the test wants to see it stop" };
    await this.mesh.act({ do: "send", frames: [{ type: "command", command: { commandId, taskId, attempt, body } }] });
    return commandId;
  }

  get last(): number {
    return this.entries.at(-1)?.n ?? 0;
  }

  /** The first entry after `after` that fits; what ends the wait otherwise is `Unmet`. */
  async until<T extends ProbeEntry>(
    what: string,
    fits: (entry: ProbeEntry) => entry is T,
    { after = this.#since, withinMs = this.patience.replyMs }: { after?: number; withinMs?: number } = {},
  ): Promise<T> {
    const end = Date.now() + withinMs;
    for (;;) {
      const found = this.entries.find((entry): entry is T => entry.n > after && fits(entry));
      if (found !== undefined) return found;
      const closed = this.entries.find((entry) => entry.n > after && entry.type === "closed");
      if (closed?.type === "closed") throw new Unmet(`the mesh had to close its connection with ${closed.code}: ${closed.reason}`);
      const left = end - Date.now();
      if (left <= 0) throw new Unmet(`no ${what} within ${Math.round(withinMs / 100) / 10} s`);
      this.entries.push(...(await this.mesh.entries(this.last, Math.min(20, left / 1_000))));
    }
  }

  /** The report of this type on an attempt. */
  async hears<T extends ReportBody["type"]>(
    probe: Probe,
    type: T,
    options: { after?: number; withinMs?: number } = {},
  ): Promise<ReportOf<T>> {
    const entry = await this.until(
      `${type} of ${probe.taskId}`,
      (one): one is ReportEntry => isAbout(one, probe) && one.report.body.type === type,
      options,
    );
    return entry.report.body as ReportOf<T>;
  }

  /** The first of these reports on an attempt. */
  async hearsEither(probe: Probe, types: readonly ReportBody["type"][], withinMs = this.patience.replyMs): Promise<ReportBody> {
    const fits = (one: ProbeEntry): one is ReportEntry => isAbout(one, probe) && types.includes(one.report.body.type);
    return (await this.until(`${types.join(" or ")} of ${probe.taskId}`, fits, { withinMs })).report.body;
  }

  /** Different reports of this type on an attempt so far; one that came twice under its number is one. */
  count(probe: Probe, type: ReportBody["type"]): number {
    const about = this.entries.filter((entry): entry is ReportEntry => isAbout(entry, probe) && entry.report.body.type === type);
    return new Set(about.map(({ report }) => report.seq)).size;
  }
}

export function isAbout(entry: ProbeEntry, { taskId, attempt }: Probe): entry is ReportEntry {
  return entry.type === "report" && entry.report.body.taskId === taskId && entry.report.body.attempt === attempt;
}
