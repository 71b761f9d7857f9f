import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { own, type OwnedProcess } from "./processes.ts";

/** A runner as a process of its own, as on a user's machine. */
export interface LocalRunner {
  readonly id: string;
  readonly process: OwnedProcess;
  stop(): Promise<void>;
}

export interface LocalRunnerOptions {
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
      "--trust",
      "acme/todo-app",
      "--trust",
      "solo/notes",
      "--agent-env",
      `ANTHROPIC_BASE_URL=${options.modelUrl}`,
      "--agent-env",
      "ANTHROPIC_API_KEY=local",
    ],
    {
      cwd: options.root,
      env: { ...process.env, MESH_AGENT_TOKEN: options.token },
      onLine: (line) => options.log(`${options.id}: ${line}`),
    },
  );
  return { id: options.id, process: child, stop: () => child.stop(8_000) };
}
