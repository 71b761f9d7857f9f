import { WebSocket } from "ws";
import type { BenchMesh } from "./bench-mesh.ts";
import { closedLoop, Connections, percentile } from "./load.ts";
import type { Load } from "./load.ts";
import { asOperator, MeshAgent } from "./mesh-agent.ts";
import { Rounds } from "./rounds.ts";
import type { Figure, Pace } from "./rounds.ts";

const levels = [1, 16, 64] as const;
const agents = 4;
const capability = "bench";
const payload = { path: "/todos/17", change: "due date", tries: 3 };
/** Bulk: tasks in one call, and calls in flight. */
export const perCall = 100;
const callsInFlight = 8;

/** Both ends of a system that takes tasks and tells when they are done. */
interface System {
  readonly name: string;
  /** Submits tasks in one call; resolves when all of them are stored as done. */
  readonly roundTrip: (tasks: number) => Promise<void>;
  readonly close: () => Promise<void>;
}

const durabilities: Record<string, string> = {
  "bare, one commit each": "fsync at submit, fsync at done",
  "bare, committed together": "fsync at submit, fsync at done; shared",
  "bare, together, worker's socket": "fsync at submit, fsync at done; shared",
  mesh: "fsync at submit with dispatch, fsync at done; shared",
};

/**
 * Round trips of small tasks: submitted by HTTP, done at once by agents on sockets, and done when the agent's report is acknowledged. Beside
 * it bare Durable Objects, whose tasks are submitted and done by an HTTP request each.
 */
export async function measureTasks(bench: BenchMesh, pace: Pace): Promise<Figure[]> {
  const systems = [
    bareByHttp(bench.bare, "plain", "bare, one commit each"),
    bareByHttp(bench.bare, "grouped", "bare, committed together"),
    await bareBySocket(bench.bare),
    await ourMesh(bench.mesh),
  ];
  const figures: Figure[] = [];
  for (const inFlight of levels) {
    const rounds = new Rounds(pace);
    for (const { name, roundTrip } of systems) rounds.add(name, () => closedLoop(inFlight, pace.forMs, () => roundTrip(1)));
    await rounds.run();
    figures.push(...figuresOf(`tasks, ${inFlight} in flight`, rounds, systems, 0.8));
  }
  const rounds = new Rounds(pace);
  for (const { name, roundTrip } of systems.slice(1)) rounds.add(name, () => bulk(pace.bulk, roundTrip));
  await rounds.run();
  figures.push(...figuresOf(`${pace.bulk} tasks, ${perCall} a call, ${callsInFlight} calls in flight`, rounds, systems.slice(1), null));
  for (const { close } of systems) await close();
  return figures;
}

function figuresOf(name: string, rounds: Rounds, systems: readonly System[], aim: number | null): Figure[] {
  return systems.map(({ name: of }): Figure => {
    const measured = { name, of, durability: durabilities[of] ?? "", ...rounds.of(of) };
    if (of !== "mesh") return { ...measured, beside: null, aim: null };
    const beside = "bare, committed together";
    return { ...measured, beside, ratio: rounds.ratio("mesh", beside), aim };
  });
}

export async function bulk(tasks: number, roundTrip: (tasks: number) => Promise<void>): Promise<Load> {
  const latencies: number[] = [];
  let left = tasks;
  const begun = performance.now();
  await Promise.all(
    Array.from({ length: callsInFlight }, async () => {
      while (left > 0) {
        const now = Math.min(left, perCall);
        left -= now;
        const at = performance.now();
        await roundTrip(now);
        latencies.push(performance.now() - at);
      }
    }),
  );
  const rate = (tasks / (performance.now() - begun)) * 1_000;
  latencies.sort((a, b) => a - b);
  return { rate, p50: percentile(latencies, 0.5), p99: percentile(latencies, 0.99) };
}

function payloads(count: number): unknown[] {
  return Array.from({ length: count }, () => payload);
}

export function bareByHttp(url: URL, object: string, name: string): System {
  const connections = new Connections(url, 64);
  return {
    name,
    async roundTrip(tasks) {
      const ids = await connections.json<number[]>("POST", `/${object}/tasks`, payloads(tasks));
      await connections.json("POST", `/${object}/done`, ids);
    },
    close: async () => connections.close(),
  };
}

export async function bareBySocket(url: URL): Promise<System> {
  const connections = new Connections(url, 64);
  const done = new Completions();
  const address = new URL("/socket/socket", url);
  address.protocol = "ws:";
  const socket = new WebSocket(address, { perMessageDeflate: false });
  await new Promise((resolve, reject) => socket.on("open", resolve).on("error", reject));
  socket.on("message", (data) => {
    const { assigned, acknowledged } = JSON.parse(String(data)) as { assigned?: { id: number }[]; acknowledged?: number[] };
    if (assigned) socket.send(JSON.stringify(assigned.map(({ id }) => id)));
    for (const id of acknowledged ?? []) done.add(String(id));
  });
  return {
    name: "bare, together, worker's socket",
    async roundTrip(tasks) {
      const ids = await connections.json<number[]>("POST", "/socket/tasks", payloads(tasks));
      await done.all(ids.map(String));
    },
    async close() {
      connections.close();
      await new Promise((resolve) => {
        socket.on("close", resolve);
        socket.close(1000);
      });
    },
  };
}

export async function ourMesh(url: URL): Promise<System> {
  const connections = new Connections(url, 64);
  const done = new Completions();
  const onDone = (taskId: string): void => done.add(taskId);
  const hosted = await Promise.all(
    Array.from({ length: agents }, (_, index) =>
      MeshAgent.connect(connections, url, { id: `bench-${index + 1}`, capability, slots: 1_000, onDone }),
    ),
  );
  return {
    name: "mesh",
    async roundTrip(tasks) {
      const body = Array.from({ length: tasks }, () => ({ capability, payload }));
      const submitted = await connections.json<{ tasks: { id: string }[] }>("POST", "/tasks", body, asOperator);
      await done.all(submitted.tasks.map(({ id }) => id));
    },
    async close() {
      await Promise.all(hosted.map((agent) => agent.close()));
      connections.close();
    },
  };
}

/** What is done, for those who wait for it: before or after it is. */
class Completions {
  readonly #done = new Set<string>();
  readonly #waiting = new Map<string, () => void>();

  add(id: string): void {
    const waiting = this.#waiting.get(id);
    if (waiting === undefined) this.#done.add(id);
    else {
      this.#waiting.delete(id);
      waiting();
    }
  }

  async all(ids: readonly string[]): Promise<void> {
    await Promise.all(
      ids.map((id) => (this.#done.delete(id) ? undefined : new Promise<void>((resolve) => this.#waiting.set(id, resolve)))),
    );
  }
}
