import { pool } from "../../durable-objects/remote.ts";
import { builtInAgents } from "./built-in-agents.ts";

const done = new WeakSet<object>();

/** Makes sure that the pool knows the built-in agents: asked for at first need, once per isolate, and by each reconcile. */
export async function registerBuiltInOnce(env: Env): Promise<void> {
  if (done.has(env.POOL)) return;
  await pool(env).registerBuiltIn(builtInAgents);
  done.add(env.POOL);
}
