import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { serve } from "@hono/node-server";
import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import { Hono } from "hono";
import { z } from "zod";

/** What a stand-in can be told to do wrong through `POST /__faults`. */
export const faultSchema = z.strictObject({
  /** Answer with this status instead of doing the work. */
  status: z.int().min(100).max(599).optional(),
  /** Body of that answer; text or JSON. */
  body: z.unknown().optional(),
  headers: z.record(z.string(), z.string()).optional(),
  /** Wait this many milliseconds first; alone, the work is done afterwards. */
  delayMs: z.number().min(0).optional(),
  /** Close the connection without an answer. */
  drop: z.boolean().optional(),
  /** How many requests it meets; 1 unless told. */
  times: z.int().min(1).optional(),
  /** Only requests whose path begins with this. */
  path: z.string().optional(),
  method: z.string().optional(),
  /** True: every request is refused with 503 until `down: false`. */
  down: z.boolean().optional(),
});
export type Fault = z.infer<typeof faultSchema>;

/** One request a stand-in got, without its body. `at` is epoch milliseconds. */
export interface Call {
  at: number;
  method: string;
  path: string;
  status: number;
  note?: Record<string, unknown>;
}

export interface StandInEnv {
  Bindings: { incoming: IncomingMessage; outgoing: ServerResponse };
  Variables: { note: Record<string, unknown> };
}

const CALLS_KEPT = 5000;

/** The planned misbehaviour and the call log of one stand-in. */
export class StandInControl {
  readonly calls: Call[] = [];
  #planned: (Fault & { left: number })[] = [];
  #down = false;

  get down(): boolean {
    return this.#down;
  }

  setDown(down: boolean): void {
    this.#down = down;
  }

  plan(fault: Fault): void {
    const { down, ...rest } = fault;
    if (down !== undefined) this.#down = down;
    if (rest.status !== undefined || rest.delayMs !== undefined || rest.drop) this.#planned.push({ ...rest, left: rest.times ?? 1 });
  }

  clear(): void {
    this.#planned = [];
    this.#down = false;
  }

  planned(): Fault[] {
    return this.#planned.map(({ left, ...fault }) => ({ ...fault, times: left }));
  }

  /** The next planned fault that fits the request, spent once by asking. */
  take(method: string, path: string): Fault | undefined {
    const fault = this.#planned.find((f) => path.startsWith(f.path ?? "/") && (f.method ?? method).toUpperCase() === method);
    if (!fault) return undefined;
    fault.left -= 1;
    if (fault.left <= 0) this.#planned = this.#planned.filter((f) => f !== fault);
    return fault;
  }

  record(call: Call): void {
    this.calls.push(call);
    if (this.calls.length > CALLS_KEPT) this.calls.shift();
  }
}

function faultAnswer(fault: Fault): Response {
  const text = typeof fault.body === "string" ? fault.body : JSON.stringify(fault.body ?? { error: "planned fault" });
  const type = typeof fault.body === "string" ? "text/plain" : "application/json";
  return new Response(text, { status: fault.status ?? 503, headers: { "content-type": type, ...fault.headers } });
}

/**
 * An app with what every stand-in has: `GET /__calls`, `GET|POST|DELETE /__faults`, and the faults carried out before the routes
 * that are added to it. Paths beginning with `/__` never fail and are not logged.
 */
export function createStandInApp(control: StandInControl): Hono<StandInEnv> {
  const app = new Hono<StandInEnv>();
  app.use(async (c, next) => {
    const path = new URL(c.req.url).pathname;
    if (path.startsWith("/__")) return next();
    const at = Date.now();
    c.set("note", {});
    const fault = control.take(c.req.method, path);
    if (fault?.delayMs) await delay(fault.delayMs);
    if (fault?.drop) {
      control.record({ at, method: c.req.method, path, status: 0 });
      c.env.incoming.socket.destroy();
      return RESPONSE_ALREADY_SENT;
    }
    if (fault?.status !== undefined) {
      control.record({ at, method: c.req.method, path, status: fault.status });
      return faultAnswer(fault);
    }
    if (control.down) {
      control.record({ at, method: c.req.method, path, status: 503 });
      return c.text("service unavailable", 503);
    }
    await next();
    const note = c.get("note");
    control.record({ at, method: c.req.method, path, status: c.res.status, ...(Object.keys(note).length > 0 ? { note } : {}) });
  });
  app.get("/__calls", (c) => c.json({ count: control.calls.length, calls: control.calls }));
  app.get("/__faults", (c) => c.json({ down: control.down, planned: control.planned() }));
  app.delete("/__faults", (c) => {
    control.clear();
    return c.body(null, 204);
  });
  app.post("/__faults", async (c) => {
    const fault = faultSchema.safeParse(await c.req.json().catch(() => undefined));
    if (!fault.success) return c.text(z.prettifyError(fault.error), 400);
    control.plan(fault.data);
    return c.json({ down: control.down, planned: control.planned() });
  });
  return app;
}

export interface Listening {
  port: number;
  /** `http://127.0.0.1:<port>` */
  url: string;
  server: Server;
  close(): Promise<void>;
}

/** Serves the app on 127.0.0.1; port 0 takes any free one. Rejects when the port is taken. `close` ends open connections too. */
export async function listen(app: Hono<StandInEnv>, port = 0): Promise<Listening> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const server = serve({ fetch: app.fetch, port, hostname: "127.0.0.1" }, (info) => resolve(info.port)) as Server;
  server.once("error", reject);
  const bound = await promise;
  return {
    port: bound,
    url: `http://127.0.0.1:${bound}`,
    server,
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}
