import type { JournalPage } from "../core/events.ts";
import type { EffectId, ProjectKey, ProjectName, TaskId } from "../core/ids.ts";
import type { Applied, InputBody, ProjectInput, ProjectProfile } from "../core/inputs.ts";
import type { BenchMesh } from "./bench-mesh.ts";
import { heapUsed } from "./inspector.ts";
import { Connections, median } from "./load.ts";

/** How an orchestrator does that has this many finished runs, and as many finished tasks. */
export interface Aged {
  readonly finished: number;
  /** Milliseconds for one input, in commits of `inputsPerCommit`; median. */
  readonly applyMs: number;
  /** Of the whole isolate, in bytes, after a collection. */
  readonly heap: number;
}

const key = "R_history" as ProjectKey;
const inputsPerCommit = 100;
const commitsMeasured = 150;
/** Before the first age, so that the code is compiled. */
const commitsBefore = 100;

const profile: ProjectProfile = {
  key,
  name: "acme/history" as ProjectName,
  repositoryUrl: "https://github.test/acme/history",
  cloneUrl: "https://github.test/acme/history.git",
  defaultBranch: "main",
  board: {
    id: "PVT_1",
    number: 1,
    url: "https://github.test/orgs/acme/projects/1",
    owner: "acme",
    ownerKind: "organization",
    observedBy: "webhook",
  },
  credential: { kind: "token" },
  overrides: {},
};

/** Lets one orchestrator grow old and measures it at each age: neither its time nor its memory should know how much has been. */
export async function measureHistory({ rig, inspector }: BenchMesh, ages: readonly number[]): Promise<Aged[]> {
  const life = new Life(rig);
  await life.begin();
  const measured: Aged[] = [];
  for (let commit = 0; commit < commitsBefore; commit += 1) await life.time();
  for (const finished of ages) {
    while (life.finished < finished) await life.pass(Math.min(inputsPerCommit / 4, finished - life.finished));
    const times: number[] = [];
    for (let commit = 0; commit < commitsMeasured; commit += 1) times.push(await life.time());
    measured.push({ finished, applyMs: median(times) / inputsPerCommit, heap: await heapUsed(inspector, "mesh-six") });
  }
  life.end();
  return measured;
}

/** One orchestrator's life, called directly. */
class Life {
  finished = 0;
  readonly #connections: Connections;
  #at = Date.now();
  #inputs = 0;
  #cursor = 0;

  constructor(rig: URL) {
    this.#connections = new Connections(rig, 1);
  }

  async begin(): Promise<void> {
    await this.#apply([{ type: "project-configured", profile, meshOverrides: {} }]);
  }

  /** So many runs and tasks begin and come to their end. */
  async pass(count: number): Promise<void> {
    const numbers = Array.from({ length: count }, (_, index) => this.finished + index + 1);
    await this.#apply(numbers.flatMap(runAndTask));
    this.finished += count;
    await this.#giveUpEffects();
  }

  /** Milliseconds of one commit of begun and ended tasks. */
  async time(): Promise<number> {
    const inputs = Array.from({ length: inputsPerCommit / 2 }, (_, index) => taskOf(`t${this.#inputs}-${index}`)).flat();
    const begun = performance.now();
    await this.#apply(inputs);
    return performance.now() - begun;
  }

  end(): void {
    this.#connections.close();
  }

  async #apply(bodies: readonly InputBody[]): Promise<void> {
    this.#at += 1;
    const inputs = bodies.map((body): ProjectInput => {
      this.#inputs += 1;
      return { id: `history.${this.#inputs}`, at: this.#at, ...body };
    });
    const applied = await this.#call<readonly Applied[]>("applyAll", inputs);
    const other = applied.find(({ status }) => status !== "applied");
    if (other !== undefined) throw new Error(`an input was not applied: ${other.reason}`);
  }

  /** Nobody outside carries anything out here, so that what was asked for is given up. */
  async #giveUpEffects(): Promise<void> {
    for (;;) {
      const page = await this.#call<JournalPage>("journalSince", this.#cursor, 1_000);
      this.#cursor = page.events.at(-1)?.seq ?? this.#cursor;
      const effects = page.events.filter(({ type }) => type === "effect-requested").map(({ data }) => String(data["effect"]) as EffectId);
      const failed = { type: "effect-failed", code: "not-found", message: "nobody is there", retryable: false } as const;
      if (effects.length > 0) await this.#apply(effects.map((effect) => ({ ...failed, effect })));
      if (!page.more && effects.length === 0) return;
    }
  }

  #call<T>(method: string, ...args: unknown[]): Promise<T> {
    return this.#connections.json<T>("POST", `/${key}/${method}`, args);
  }
}

function runAndTask(number: number): InputBody[] {
  const card = {
    issue: number,
    itemId: `PVTI_${number}`,
    column: "Todo",
    archived: false,
    state: "open",
    title: "Add due dates",
    body: "Each todo gets a due date.",
    labels: [],
    author: "ann",
    authorCanWrite: true,
    ours: false,
    url: `https://github.test/acme/history/issues/${number}`,
    observedAt: Date.now(),
  } as const;
  return [
    { type: "card-observed", card },
    { type: "operator-commanded", issue: number, command: "cancel", by: "bench", reason: "enough" },
    ...taskOf(`r${number}`),
  ];
}

function taskOf(name: string): InputBody[] {
  const id = `${key}.${name}` as TaskId;
  const task = { id, capability: "nobody", payload: { path: "/todos/17" }, priority: 5, timeoutSeconds: 60, maxAttempts: 3, wait: true };
  return [
    { type: "tasks-submitted", tasks: [task] },
    { type: "task-cancelled", task: id, by: "bench" },
  ];
}
