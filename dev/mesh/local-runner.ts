import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { own, type OwnedProcess } from "./processes.ts";

/** A runner as a process of its own, as on a user's machine. */
export interface LocalRunner {
  readonly id: string;
  readonly process: OwnedProcess;
  stop(): Promise<void>;
}

/** What a local runner may have beside the usual. */
export interface RunnerChoices {
  /** `vendor=command`: a device flow that can be begun from the mesh. */
  readonly deviceLogin?: string;
  /** The agent is not logged in; by default it has a key, which the scripted model takes. */
  readonly withoutKey?: boolean;
  /** More variables of the runner's own process, e.g. `CLAUDE_AUTH_TIMEOUT_MS`. */
  readonly env?: Readonly<Record<string, string>>;
  /** Where it finds the mesh and the model, when that is not the direct way. */
  readonly url?: string;
  readonly modelUrl?: string;
  /** More flags of the runner's own. */
  readonly flags?: readonly string[];
  /** Repositories taken even without isolation, beside the demonstration's. */
  readonly trust?: readonly string[];
}

export interface LocalRunnerOptions extends RunnerChoices {
  readonly root: string;
  readonly id: string;
  readonly token: string;
  /** The Worker's routes. */
  readonly url: string;
  readonly dir: string;
  /** Where Claude Code finds its (scripted) model. */
  readonly modelUrl: string;
  readonly slots: number;
  readonly log: (line: string) => void;
}

/** Starts `runner/main.ts` with the token in its environment, and the model's address in the agent's. */
export function startLocalRunner(options: LocalRunnerOptions): LocalRunner {
  mkdirSync(options.dir, { recursive: true });
  const child = own(
    join(options.root, "node_modules/.bin/node"),
    [
      join(options.root, "runner/main.ts"),
      "--url",
      options.url,
      "--id",
      options.id,
      "--slots",
      String(options.slots),
      "--dir",
      options.dir,
      ...["acme/todo-app", "solo/notes", ...(options.trust ?? [])].flatMap((repository) => ["--trust", repository]),
      "--agent-env",
      `ANTHROPIC_BASE_URL=${options.modelUrl}`,
      ...(options.withoutKey ? [] : ["--agent-env", "ANTHROPIC_API_KEY=local"]),
      ...(options.deviceLogin === undefined ? [] : ["--device-login", options.deviceLogin]),
      ...(options.flags ?? []),
    ],
    {
      cwd: options.root,
      env: { ...process.env, ...options.env, MESH_AGENT_TOKEN: options.token },
      onLine: (line) => options.log(`${options.id}: ${line}`),
    },
  );
  return { id: options.id, process: child, stop: () => child.stop(8_000) };
}
