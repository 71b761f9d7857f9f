import { Agent, request } from "node:http";

/** How one kind of work went under load. */
export interface Load {
  /** Finished per second. */
  readonly rate: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
}

export interface Answer {
  readonly status: number;
  readonly text: string;
}

/** Keep-alive connections to one server. */
export class Connections {
  readonly #agent: Agent;
  readonly #url: URL;

  constructor(url: URL, most: number) {
    this.#url = url;
    this.#agent = new Agent({ keepAlive: true, maxSockets: most, maxFreeSockets: most, scheduling: "fifo" });
  }

  send(method: string, path: string, body?: string | Buffer, headers: Record<string, string> = {}): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const length: Record<string, number> = body === undefined ? {} : { "content-length": Buffer.byteLength(body) };
      const { hostname: host, port } = this.#url;
      const sent = request({ agent: this.#agent, host, port, method, path, headers: { ...headers, ...length } }, (response) => {
        let text = "";
        response.setEncoding("utf8");
        response.on("data", (chunk: string) => (text += chunk));
        response.on("end", () => resolve({ status: response.statusCode ?? 0, text }));
        response.on("error", reject);
      });
      sent.on("error", reject);
      sent.end(body);
    });
  }

  /** Sends JSON and answers JSON. Throws when the status is not in the two hundreds. */
  async json<T>(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<T> {
    const { status, text } = await this.send(method, path, JSON.stringify(body), { "content-type": "application/json", ...headers });
    if (status < 200 || status > 299) throw new Error(`${method} ${path}: ${status} ${text.slice(0, 500)}`);
    return JSON.parse(text) as T;
  }

  close(): void {
    this.#agent.destroy();
  }
}

/** `inFlight` callers for `forMs`, each beginning the next piece of work when its last is finished. */
export async function closedLoop(inFlight: number, forMs: number, work: () => Promise<void>): Promise<Load> {
  const latencies: number[] = [];
  const begun = performance.now();
  const until = begun + forMs;
  await Promise.all(
    Array.from({ length: inFlight }, async () => {
      for (let at = performance.now(); at < until;) {
        await work();
        const after = performance.now();
        latencies.push(after - at);
        at = after;
      }
    }),
  );
  const seconds = (performance.now() - begun) / 1_000;
  latencies.sort((a, b) => a - b);
  return { rate: latencies.length / seconds, p50: percentile(latencies, 0.5), p99: percentile(latencies, 0.99) };
}

/** The value that `share` (0 to 1) of the ascending values do not pass. https://en.wikipedia.org/wiki/Percentile#The_nearest-rank_method */
export function percentile(ascending: readonly number[], share: number): number {
  return ascending[Math.max(0, Math.ceil(ascending.length * share) - 1)] ?? Number.NaN;
}

export function median(values: readonly number[]): number {
  return percentile(
    values.toSorted((a, b) => a - b),
    0.5,
  );
}
