import type { AgentId } from "../../core/ids.ts";
import type { BuiltInAgent } from "../../core/pool/built-in-agent.ts";
import { verdictOf } from "./work-built-in.ts";

const slots = 1_000;
const offer = (name: string) => ({ name, weight: 1, preferred: false, requirements: [] });

/** The agents that the Worker itself is: models asked for one verdict. */
export const builtInAgents: readonly BuiltInAgent[] = [
  { id: "built-in.architect" as AgentId, capabilities: ["tech-consultation", "answer-question", "learn"].map(offer), slots },
  { id: "built-in.reviewer" as AgentId, capabilities: [offer("plan-review")], slots },
  { id: "built-in.evaluator" as AgentId, capabilities: [offer("test-evaluation")], slots },
  { id: "built-in.general" as AgentId, capabilities: [offer("general")], slots },
];

/** Whether a capability is the Worker's own. */
export function isBuiltIn(capability: string): boolean {
  return Object.hasOwn(verdictOf, capability);
}
