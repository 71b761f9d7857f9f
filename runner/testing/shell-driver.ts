import { spawn } from "node:child_process";
import type { AgentDriver, AgentEvent, Conversation, ConversationOptions } from "../drivers/driver.ts";

/** An agent for tests whose whole work is a shell script, run behind the wall; its last word is what the script printed, of which the end is kept. */
export function shellDriver(scriptFor: (options: ConversationOptions) => string): AgentDriver {
  return {
    name: "shell",
    has: () => false,
    start(options): Conversation {
      const { place, isolation, environment } = options;
      const { command, args } = isolation.wrap(place, "sh", ["-c", scriptFor(options)]);
      const child = spawn(command, [...args], {
        cwd: place.tree,
        env: { ...environment },
        stdio: ["ignore", "pipe", "pipe"],
        detached: true,
      });
      let text = "";
      let stopped = false;
      const hear = (data: Buffer) => (text = (text + data.toString()).slice(-1_000_000));
      child.stdout.on("data", hear);
      child.stderr.on("data", hear);
      const over = new Promise<void>((resolve) => child.once("close", () => resolve()));
      return {
        events: (async function* (): AsyncGenerator<AgentEvent> {
          yield { type: "conversation-started", conversationId: "shell-1" };
          await over;
          await isolation.endAll(place);
          yield stopped ? { type: "stopped", because: "asked-to" } : { type: "finished", text };
        })(),
        busy: true,
        pid: undefined,
        answer: () => false,
        say: () => false,
        stop() {
          stopped = true;
          if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, "SIGKILL");
        },
      };
    },
  };
}
