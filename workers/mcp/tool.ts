import type { McpServer } from "@modelcontextprotocol/server";
import type * as z from "zod";
import type { Problem } from "../http/errors.ts";
import type { Answer, CallRoute } from "./call-route.ts";

/** What a call does to the mesh, as clients are told: https://modelcontextprotocol.io/specification/2026-07-28/server/tools */
export interface Effect {
  /** `viewer`: it only reads, and a viewer's token is enough. */
  readonly role: "viewer" | "operator";
  /** It may end or undo something, which a client asks its person about. */
  readonly destructive: boolean;
  /** The same call twice changes nothing more than once. */
  readonly idempotent: boolean;
  /** It leads to changes outside the mesh, at GitHub or on a runner. */
  readonly outside: boolean;
}

export const reads: Effect = { role: "viewer", destructive: false, idempotent: true, outside: false };

interface ToolSpec<I extends z.ZodType, O extends z.ZodObject> extends Effect {
  readonly name: string;
  readonly title: string;
  /** For models: what it does, when to use it, what comes next. */
  readonly description: string;
  readonly input: I;
  /** What of the route's answer is given on; fields it does not name stay behind. */
  readonly output: O;
  /** Asks the mesh by its own routes. */
  readonly ask: (call: CallRoute, input: z.output<I>) => Promise<Answer>;
  /** The same as readable text. */
  readonly text: (value: z.output<O>) => string;
}

/** One tool of the MCP server. */
export interface Tool extends Effect {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  register(server: McpServer, call: CallRoute): void;
}

/** Makes a tool whose result is what the route answered, cut to the output's schema, and whose refusals are the route's. */
export function defineTool<I extends z.ZodType, O extends z.ZodObject>(spec: ToolSpec<I, O>): Tool {
  const { name, title, description, role, destructive, idempotent, outside, input, output } = spec;
  return {
    name,
    title,
    description,
    role,
    destructive,
    idempotent,
    outside,
    register(server, call) {
      const annotations = {
        readOnlyHint: role === "viewer",
        destructiveHint: destructive,
        idempotentHint: idempotent,
        openWorldHint: outside,
      };
      server.registerTool<O, z.ZodType>(
        name,
        { title, description, inputSchema: input, outputSchema: output, annotations },
        async (given) => {
          const answer = await spec.ask(call, given as z.output<I>);
          if (!answer.ok) return refusal(answer.error);
          const value = output.parse(answer.value);
          return { content: [{ type: "text", text: spec.text(value) }], structuredContent: value };
        },
      );
    },
  };
}

/**
 * A problem as a tool's error: its detail and each fault for the model, the whole problem under `_meta` for programs. It is not structured
 * content, which older clients hold against the output's schema.
 */
function refusal(problem: Problem) {
  const faults = (problem.issues ?? []).map(({ path, message }) => `\n- ${path || "input"}: ${message}`);
  const text = `Refused (${problem.reason}): ${problem.detail}${faults.join("")}`;
  return { content: [{ type: "text" as const, text }], isError: true, _meta: { "mesh-six/problem": problem } };
}
