import { readFile } from "node:fs/promises";
import type { JournalPage } from "../core/events.ts";
import { meshProject } from "../core/ids.ts";
import type { BenchMesh } from "./bench-mesh.ts";
import { Connections } from "./load.ts";
import { ourMesh, perCall } from "./tasks.ts";

/** What the platform bills, for one unit of work. */
export interface Price {
  readonly workerRequests: number;
  readonly objectRequests: number;
  readonly rowsWritten: number;
  readonly rowsRead: number;
  readonly queueOperations: number;
  /** Durable Objects in memory, 128 MB each; only known of whole runs. */
  readonly gbSeconds: number;
}

/** What one unit of work costs, by counters that come out the same on every machine. */
export interface Priced {
  readonly name: string;
  readonly price: Price;
  /** US dollars for a thousand. */
  readonly dollarsPerThousand: number;
}

interface Counts {
  readonly workerRequests: number;
  readonly objectRequests: number;
  readonly socketMessages: number;
  readonly rowsWritten: number;
  readonly rowsRead: number;
  readonly queueMessages: number;
}

/** A message is written, read and deleted. https://developers.cloudflare.com/queues/platform/pricing/ */
const operationsPerMessage = 3;
/** Twenty incoming socket messages are one request. https://developers.cloudflare.com/durable-objects/platform/pricing/ */
const messagesPerRequest = 20;
/** US dollars for one of each beyond what a plan includes. https://developers.cloudflare.com/workers/platform/pricing/ */
const dollars: Price = {
  workerRequests: 0.3e-6,
  objectRequests: 0.15e-6,
  rowsWritten: 1e-6,
  rowsRead: 0.001e-6,
  queueOperations: 0.4e-6,
  gbSeconds: 12.5e-6,
};
/** Events the consumer of the projections reads at once. */
const journalPage = 500;
/** Tasks one after the other, and in calls of 100: few enough to take a moment, many enough that one alarm more does not count. */
const single = 200;
const batched = 2_000;

/**
 * What a task costs, submitted by itself and in calls of 100, with the reading of the journal for the read model, once for each call. `bench`
 * runs the counted Worker.
 */
export async function measureTaskPrice(bench: BenchMesh): Promise<Priced[]> {
  const [connections, rig] = [new Connections(bench.mesh, 1), new Connections(bench.rig, 1)];
  const mesh = await ourMesh(bench.mesh);
  const reader = new JournalReader(rig);
  const run = async (tasks: number, together: number): Promise<Counts> => {
    await connections.json<Counts>("GET", "/counts");
    reader.calls = 0;
    for (let done = 0; done < tasks; done += together) {
      await mesh.roundTrip(together);
      await reader.readToEnd();
    }
    const counts = await connections.json<Counts>("GET", "/counts");
    return { ...counts, objectRequests: counts.objectRequests + reader.calls };
  };
  await run(20, 1);
  const [one, many] = [await run(single, 1), await run(batched, perCall)];
  await mesh.close();
  connections.close();
  rig.close();
  return [priced("task, by itself", one, single), priced(`task, ${perCall} a call`, many, batched)];
}

/** Reads a journal as the consumer of the projections does. */
class JournalReader {
  calls = 0;
  readonly #rig: Connections;
  #cursor = 0;

  constructor(rig: Connections) {
    this.#rig = rig;
  }

  async readToEnd(): Promise<void> {
    for (let more = true; more;) {
      const page = await this.#call<JournalPage>("journalSince", this.#cursor, journalPage);
      this.#cursor = page.upTo;
      more = page.more;
    }
    await this.#call("projected", this.#cursor);
  }

  #call<T>(method: string, ...args: unknown[]): Promise<T> {
    this.calls += 1;
    return this.#rig.json<T>("POST", `/${meshProject}/${method}`, args);
  }
}

/** What an issue taken to its end costs, by the report of the demonstration: its orchestrators' own counters. */
export async function readIssuePrice(path: string): Promise<Priced> {
  const { perIssue } = JSON.parse(await readFile(path, "utf8")) as { perIssue: Record<string, number> };
  const of = (name: string): number => perIssue[name] ?? 0;
  const price = {
    workerRequests: of("workerRequests"),
    objectRequests: of("durableObjectRequests"),
    rowsWritten: of("rowsWritten"),
    rowsRead: of("rowsRead"),
    queueOperations: of("queueOperations"),
    gbSeconds: of("durationGbSeconds"),
  };
  return { name: "issue", price, dollarsPerThousand: 1_000 * dollarsOf(price) };
}

function priced(name: string, counts: Counts, units: number): Priced {
  const price = {
    workerRequests: counts.workerRequests / units,
    objectRequests: (counts.objectRequests + counts.socketMessages / messagesPerRequest) / units,
    rowsWritten: counts.rowsWritten / units,
    rowsRead: counts.rowsRead / units,
    queueOperations: (counts.queueMessages * operationsPerMessage) / units,
    gbSeconds: 0,
  };
  return { name, price, dollarsPerThousand: 1_000 * dollarsOf(price) };
}

function dollarsOf(price: Price): number {
  return Object.entries(dollars).reduce((sum, [name, each]) => sum + each * price[name as keyof Price], 0);
}
