import { WebSocket } from "ws";
import type { LiveFrame, RunView } from "../../core/project/views.ts";
import type { LocalMesh } from "../mesh/local-mesh.ts";

/** What was heard since it was last taken. */
export interface News {
  readonly runs: readonly RunView[];
  /** A project, or one of its cards, has changed. */
  readonly ofProjects: boolean;
  /** Something may have been missed: all has to be asked for. */
  readonly missed: boolean;
}

const connectAgainMs = 500;
/** The mesh tells listeners once and does not make sure of it, so now and then all is asked for. */
const askAnywayMs = 20_000;

/**
 * Listens on the mesh's live socket, as a dashboard does: to ask for every run twice a second would cost the mesh more than the issues that are watched.
 * While there is no socket everything counts as missed.
 */
export function hearNews(mesh: Pick<LocalMesh, "url" | "operatorToken">): { take(): News; close(): void } {
  const runs = new Map<string, RunView>();
  let [ofProjects, greeted, askedAt] = [false, false, 0];
  let closed = false;
  let again: NodeJS.Timeout | undefined;
  let socket: WebSocket | undefined;
  const connect = (): void => {
    socket = new WebSocket(`${mesh.url.replace("http", "ws")}/api/live`, { headers: { authorization: `Bearer ${mesh.operatorToken}` } });
    socket.on("message", (data) => {
      const frame = JSON.parse(String(data)) as LiveFrame;
      if (frame.type === "hello") return void ([greeted, askedAt] = [true, 0]);
      for (const message of frame.messages) {
        if (message.type === "run-changed") runs.set(message.run.key, message.run);
        if (message.type === "project-changed") ofProjects = true;
      }
    });
    socket.on("error", () => socket?.terminate());
    socket.on("close", () => {
      greeted = false;
      if (!closed) again = setTimeout(connect, connectAgainMs);
    });
  };
  connect();
  return {
    take() {
      const missed = !greeted || Date.now() - askedAt >= askAnywayMs;
      if (missed) askedAt = Date.now();
      const news = { runs: [...runs.values()], ofProjects, missed };
      runs.clear();
      ofProjects = false;
      return news;
    },
    close() {
      closed = true;
      clearTimeout(again);
      socket?.terminate();
    },
  };
}
