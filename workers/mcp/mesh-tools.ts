import * as z from "zod";
import { moment, readable } from "./shapes.ts";
import { defineTool, reads } from "./tool.ts";

const agent = z.object({
  id: z.string(),
  kind: z.enum(["built-in", "remote"]),
  status: z.string().describe("online, degraded or offline"),
  draining: z.boolean().describe("gets no new work"),
  slots: z.number(),
  lastContactAt: moment,
  capabilities: z.array(
    z.object({ name: z.string(), score: z.number(), results: z.number().describe("of the last 20"), successes: z.number() }),
  ),
});

export const listAgents = defineTool({
  ...reads,
  name: "list-agents",
  title: "List agents",
  description: "Every agent that registered: whether it is online, what it can do, and how well it has done lately.",
  input: z.strictObject({}),
  output: z.object({ items: z.array(agent) }),
  ask: (call) => call("GET", "/agents"),
  text: ({ items }) =>
    items.length === 0
      ? "No agent has registered. A runner is started with: mesh runner"
      : items
          .map(({ id, status, draining, slots, lastContactAt, capabilities }) => {
            const can = capabilities.map(({ name, score }) => `${name} ${score.toFixed(2)}`).join(", ");
            return `- ${id}: ${status}${draining ? ", draining" : ""}, ${slots} slots, last heard ${readable(lastContactAt)}; can ${can || "nothing"}`;
          })
          .join("\n"),
});

const project = z.object({
  key: z.string(),
  name: z.string().describe("owner/name"),
  repositoryUrl: z.string(),
  defaultBranch: z.string(),
  board: z.object({ url: z.string(), owner: z.string(), number: z.number(), observedBy: z.enum(["webhook", "poll"]) }).nullable(),
});

export const listProjects = defineTool({
  ...reads,
  name: "list-projects",
  title: "List projects",
  description: "Every repository the mesh works on, with its board.",
  input: z.strictObject({}),
  output: z.object({ items: z.array(project) }),
  ask: (call) => call("GET", "/projects"),
  text: ({ items }) =>
    items.length === 0
      ? "No project is registered; onboard-project makes one ready."
      : items
          .map(({ name, board }) => `- ${name}: ${board ? `board ${board.url}, observed by ${board.observedBy}` : "no board"}`)
          .join("\n"),
});
