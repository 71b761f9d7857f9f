import type { AgentId } from "../../core/ids.ts";
import type { Command, Report, ReportBody, SessionAssignment } from "../../core/protocol/frames.ts";
import type { Attempt, Task } from "../../core/task/state.ts";

type Without<T> = T extends unknown ? Omit<T, "taskId" | "attempt"> : never;
export type Said = Without<ReportBody>;

interface Work {
  readonly taskId: string;
  readonly attempt: number;
  readonly assignment: SessionAssignment;
  accepted: boolean;
  /** The asking the agent is stopped at, until its answer comes. */
  asking: string | null;
  stop: boolean;
}

/** A runner with its journal on disk: reports are numbered, kept until acknowledged and sent again. */
export class SimulatedRunner {
  readonly agent: AgentId;
  readonly work: Work[] = [];
  journal = "journal-1";
  reports: Report[] = [];
  acked = 0;
  /** What each asking was answered with: invariant 4 says once, and only what it was given for. */
  readonly answers = new Map<string, Set<string>>();
  readonly #had = new Set<string>();
  readonly #commands = new Set<string>();
  #asked = 0;

  constructor(agent: AgentId) {
    this.agent = agent;
  }

  assign(task: Task, attempt: Attempt): void {
    const key = `${task.id}/${attempt.number}`;
    if (this.#had.has(key)) return;
    this.#had.add(key);
    this.work.push({
      taskId: task.id,
      attempt: attempt.number,
      assignment: task.payload as SessionAssignment,
      accepted: false,
      asking: null,
      stop: false,
    });
  }

  revoke(isLive: (taskId: string, attempt: number) => boolean): void {
    for (const one of [...this.work]) if (!isLive(one.taskId, one.attempt)) this.#end(one);
  }

  say(work: Work, body: Said, at: number): void {
    this.reports.push({
      seq: (this.reports.at(-1)?.seq ?? this.acked) + 1,
      at,
      body: { ...body, taskId: work.taskId, attempt: work.attempt } as ReportBody,
    });
  }

  ask(work: Work, at: number, items: number): void {
    work.asking = `ask-${++this.#asked}`;
    const questions = Array.from({ length: items }, (_, n) => ({
      text: `Which colour ${this.#asked}.${n}?`,
      options: [{ label: "Blue" }, { label: "Red" }],
      multiple: false,
    }));
    this.say(work, { type: "ask", askId: work.asking, questions, context: "" }, at);
  }

  end(work: Work, body: Said, at: number): void {
    this.say(work, body, at);
    this.#end(work);
  }

  #end(work: Work): void {
    this.work.splice(this.work.indexOf(work), 1);
  }

  hear(command: Command, at: number): void {
    const work = this.work.find((one) => one.taskId === command.taskId && one.attempt === command.attempt && one.accepted);
    const known = { taskId: command.taskId, attempt: command.attempt } as Work;
    this.say(work ?? known, { type: "command-received", commandId: command.commandId, applied: work !== undefined }, at);
    if (!work || this.#commands.has(command.commandId)) return;
    this.#commands.add(command.commandId);
    const { body } = command;
    if (body.type === "answer") {
      const given = this.answers.get(body.askId) ?? new Set();
      this.answers.set(body.askId, given.add(body.answers.join("\n")));
      if (work.asking === body.askId) work.asking = null;
    } else if (body.type === "park" && work.asking !== null) this.end(work, { type: "parked", questionId: body.questionId }, at);
    else if (body.type === "stop") work.stop = true;
  }

  /** Its disk is gone: a new journal, nothing known; what it should work on is handed over again. */
  loseDisk(): void {
    this.work.length = 0;
    this.reports = [];
    this.acked = 0;
    this.journal = `journal-${Number(this.journal.split("-")[1]) + 1}`;
    this.#had.clear();
    this.#commands.clear();
  }

  acknowledge(seq: number): void {
    this.acked = Math.max(this.acked, seq);
    this.reports = this.reports.filter((report) => report.seq > this.acked || report === this.reports.at(-1));
  }
}
