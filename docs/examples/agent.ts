// An agent in 40 lines. It takes tasks of capability `greet`: {"name": "Ada"} becomes {"greeting": "Hello, Ada"}.
//
//   mesh agents token greeter --capability greet
//   MESH_URL=http://127.0.0.1:8788/api MESH_AGENT_TOKEN=mesh_agent_… node docs/examples/agent.ts
//   mesh tasks submit greet --payload '{"name": "Ada"}' --wait
//   mesh agents test greeter

import { startAgent, TaskFailure } from "../../runner/client/agent-client.ts";

const { MESH_URL: url, MESH_AGENT_TOKEN: token, AGENT_ID: id = "greeter" } = process.env;
if (!url || !token) throw new Error("MESH_URL and MESH_AGENT_TOKEN say where the mesh is and who this is");

const agent = startAgent({
  url,
  id,
  token,
  registration: { capabilities: [{ name: "greet" }], slots: 4, metadata: { version: "1.0.0" } },
  // Registering, heartbeats, numbering, repeating after a cut, declining and stopping are the client's business; the work is ours.
  async work({ payload, progress, signal }) {
    const name = typeof payload === "object" && payload !== null && "name" in payload ? payload.name : undefined;
    if (typeof name !== "string") throw new TaskFailure("refused", 'the payload has to be like {"name": "Ada"}');
    await progress(`looking for the words for ${name}`);
    signal.throwIfAborted();
    return { greeting: `Hello, ${name}` };
  },
  onState: (state, why) => process.stderr.write(`${state}: ${why}\n`),
});

// Finishes what it has, delivers every report, and only then goes.
process.once("SIGTERM", () => void agent.drain());
process.once("SIGINT", () => void agent.drain());

const { reason, message } = await agent.ended;
process.stderr.write(`ended: ${message}\n`);
process.exit(reason === "closed" ? 0 : 1);
