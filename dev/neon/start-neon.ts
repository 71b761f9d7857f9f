import { WebSocketServer } from "ws";
import { createStandInApp, listen, StandInControl } from "../stand-in/stand-in.ts";
import { Backend, type StatementCounts } from "./backend.ts";
import { answerSql, type Login } from "./http-sql.ts";
import { WsSession } from "./ws-session.ts";

const LOGIN: Login = { user: "mesh", password: "mesh" };

export type NeonOptions = { port?: number } & ({ dataDir: string } | { memory: true });

export interface Neon {
  /** The connection string for the driver; its host is never resolved. */
  url: string;
  /** For `neonConfig.fetchEndpoint`. */
  fetchEndpoint: string;
  /** For `neonConfig.wsProxy`, together with `useSecureWebSocket = false`. */
  wsProxy: string;
  port: number;
  /** SQL statements since the start or the last `resetCounts`. */
  readonly statements: number;
  readonly counts: StatementCounts;
  resetCounts(): void;
  /** True: every request is answered 503 and new sockets are refused, until false. */
  setDown(down: boolean): void;
  close(): Promise<void>;
}

/**
 * A Neon endpoint on PGlite: SQL over HTTP at `/sql`, the Postgres protocol over WebSocket at `/v2`. `GET /__counts` tells the number
 * of statements, `DELETE /__counts` resets it, `POST /__faults` makes it fail. One backend, so transactions run one after another.
 * Only one process may use a `dataDir`.
 */
export async function startNeon(options: NeonOptions): Promise<Neon> {
  const backend = await Backend.open("dataDir" in options ? options.dataDir : undefined);
  const control = new StandInControl();
  const app = createStandInApp(control);
  app.post("/sql", (c) => answerSql(c, backend, LOGIN));
  app.get("/healthz", (c) => c.text("ok"));
  app.get("/__counts", (c) => c.json(backend.counts));
  app.delete("/__counts", (c) => {
    backend.resetCounts();
    return c.body(null, 204);
  });

  const listening = await listen(app, options.port).catch(async (error: unknown) => {
    await backend.db.close();
    throw error;
  });
  const sockets = new WebSocketServer({ noServer: true });
  listening.server.on("upgrade", (request, socket, head) => {
    const path = new URL(request.url ?? "/", listening.url).pathname;
    if (!/^\/v[12]$/.test(path) || control.down) return void socket.destroy();
    sockets.handleUpgrade(request, socket, head, (ws) => new WsSession(ws, backend, LOGIN));
  });

  return {
    url: `postgres://${LOGIN.user}:${LOGIN.password}@db.localtest/mesh`,
    fetchEndpoint: `${listening.url}/sql`,
    wsProxy: `127.0.0.1:${listening.port}/v2`,
    port: listening.port,
    get statements() {
      return backend.counts.statements;
    },
    get counts() {
      return structuredClone(backend.counts);
    },
    resetCounts: () => backend.resetCounts(),
    setDown: (down) => control.setDown(down),
    close: async () => {
      for (const socket of sockets.clients) socket.terminate();
      await listening.close();
      const release = await backend.turn();
      await backend.db.close();
      release();
    },
  };
}
