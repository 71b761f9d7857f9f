import { proxy } from "hono/proxy";
import { createStandInApp, listen, StandInControl } from "../stand-in/stand-in.ts";
import { headOf, type Release, startRelease } from "./release.ts";

export interface AppOptions {
  port?: number;
  /** A bare repository. */
  gitDir: string;
  /** `main` when left out. */
  branch?: string;
  /** How often the branch is looked at, in milliseconds; 500 when left out. */
  pollMs?: number;
  /** `src/server.js` when left out. */
  entry?: string;
}

/** A release that did not start; the one before it goes on. */
export interface FailedRelease {
  commit: string;
  reason: string;
}

export interface App {
  url: string;
  port: number;
  healthUrl: string;
  readyUrl: string;
  /** The commit that runs; undefined before the first release. */
  readonly commit: string | undefined;
  /** The service's process. */
  readonly pid: number | undefined;
  readonly failures: readonly FailedRelease[];
  /** Looks at the branch now and releases when it moved; resolves when that is done. */
  check(): Promise<void>;
  /** Resolves when this commit runs; rejects when its release failed or the app is closed. */
  released(commit: string): Promise<void>;
  /** True: everything is answered 503, until false. */
  setDown(down: boolean): void;
  /** Ends the service's process too. */
  close(): Promise<void>;
}

interface Waiting {
  commit: string;
  resolve: () => void;
  reject: (reason: Error) => void;
}

/**
 * Deploys a branch of a bare repository: whenever it moves, that commit is checked out and started, and everything asked of the stable
 * URL goes to it (`/healthz` says the commit, `/readyz`). 503 before the first release and while the service is gone.
 * `POST /__faults {"down": true}` makes it unhealthy, `{"status": 500, "path": "/healthz", "times": 3}` for a while;
 * `GET /__state` tells what runs and what failed to start.
 */
export async function startApp(options: AppOptions): Promise<App> {
  const { gitDir, branch = "main", pollMs = 500, entry = "src/server.js" } = options;
  const control = new StandInControl();
  const app = createStandInApp(control);
  const failures: FailedRelease[] = [];
  let running: Release | undefined;
  let tried: string | undefined;
  let waiting: Waiting[] = [];
  let closed = false;

  const settle = (commit: string, failure?: Error): void => {
    const [now, later] = [waiting.filter((w) => w.commit === commit), waiting.filter((w) => w.commit !== commit)];
    waiting = later;
    for (const one of now) {
      if (failure) one.reject(failure);
      else one.resolve();
    }
  };
  const replace = async (release: Release | undefined): Promise<void> => {
    const before = running;
    running = release;
    await before?.end();
  };
  const follow = async (): Promise<void> => {
    const head = closed ? undefined : await headOf(gitDir, branch);
    if (head === undefined || head === tried) return;
    tried = head;
    try {
      const release = await startRelease(gitDir, head, entry);
      void release.exited.then(() => (running === release ? replace(undefined) : undefined));
      await replace(release);
      settle(head);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      failures.push({ commit: head, reason });
      settle(head, new Error(reason));
    }
  };
  let work: Promise<void> = Promise.resolve();
  const check = (): Promise<void> => {
    const next = work.then(follow);
    work = next.catch(() => undefined); // the caller of check hears of it; the next look starts afresh
    return next;
  };

  app.get("/__state", (c) => c.json({ commit: running?.commit ?? null, pid: running?.pid ?? null, failures }));
  app.all("*", async (c): Promise<Response> => {
    if (!running) return c.json({ status: "not deployed" }, 503);
    const url = new URL(c.req.url);
    return proxy(`${running.url}${url.pathname}${url.search}`, { ...c.req }).catch(() => c.json({ status: "unreachable" }, 502));
  });

  const listening = await listen(app, options.port);
  await check().catch(async (error: unknown) => {
    await listening.close();
    throw error;
  });
  let timer: NodeJS.Timeout | undefined;
  const poll = (): void => {
    timer = setTimeout(() => {
      void check()
        .catch(recordUnreadable)
        .finally(() => closed || poll());
    }, pollMs);
  };
  const recordUnreadable = (error: unknown): void => {
    const reason = error instanceof Error ? error.message : String(error);
    if (failures.at(-1)?.reason !== reason) failures.push({ commit: branch, reason });
  };
  poll();

  return {
    url: listening.url,
    port: listening.port,
    healthUrl: `${listening.url}/healthz`,
    readyUrl: `${listening.url}/readyz`,
    get commit() {
      return running?.commit;
    },
    get pid() {
      return running?.pid;
    },
    failures,
    check,
    released: (commit) => {
      const failure = failures.find((f) => f.commit === commit);
      if (running?.commit === commit) return Promise.resolve();
      if (failure) return Promise.reject(new Error(failure.reason));
      return new Promise((resolve, reject) => waiting.push({ commit, resolve, reject }));
    },
    setDown: (down) => control.setDown(down),
    close: async () => {
      closed = true;
      clearTimeout(timer);
      await work;
      await replace(undefined);
      for (const one of waiting) one.reject(new Error("the app was closed"));
      waiting = [];
      await listening.close();
    },
  };
}
