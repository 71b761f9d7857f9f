import type { AgentId } from "../ids.ts";
import type { Registration } from "../protocol/frames.ts";
import { probeCapability } from "../protocol/probe-work.ts";
import { ok, refused } from "../result.ts";
import type { Result } from "../result.ts";
import type { Moment } from "../time.ts";
import { reservedCapabilities } from "./state.ts";
import type { Agent, AgentGrant } from "./state.ts";

/** Why a registration is refused; `capability` names the one at fault. */
export type RegistrationRefusal =
  | { readonly reason: "not-your-agent" }
  | { readonly reason: "capability-reserved" | "capability-not-granted" | "capability-twice"; readonly capability: string };

/**
 * The agent as it stands after registering, or why it may not. A token speaks for its own agent only; reserved capabilities need to be
 * named by the token; to be tested is anyone's right. Registering again replaces what the agent said before and keeps draining, health and contact.
 */
export function admitRegistration(
  id: AgentId,
  said: Registration,
  grant: AgentGrant,
  before: Agent | undefined,
  at: Moment,
): Result<Agent, RegistrationRefusal> {
  if (grant.agent !== id) return refused({ reason: "not-your-agent" });
  const seen = new Set<string>();
  for (const { name } of said.capabilities) {
    if (seen.has(name)) return refused({ reason: "capability-twice", capability: name });
    seen.add(name);
    if (name === probeCapability) continue;
    const named = grant.capabilities !== "any" && grant.capabilities.includes(name);
    if (!named && isReserved(name)) return refused({ reason: "capability-reserved", capability: name });
    if (!named && grant.capabilities !== "any") return refused({ reason: "capability-not-granted", capability: name });
  }
  const probed = new Set(said.healthChecks.map(({ name }) => name));
  return ok({
    version: 1,
    id,
    kind: "remote",
    capabilities: said.capabilities,
    healthChecks: said.healthChecks,
    slots: said.slots,
    metadata: said.metadata,
    registeredAt: at,
    lastContactAt: at,
    connected: before?.connected ?? false,
    draining: before?.draining ?? false,
    projects: grant.projects,
    health: Object.fromEntries(Object.entries(before?.health ?? {}).filter(([name]) => probed.has(name))),
    // What registers anew before each try to connect is refused again.
    ...(before?.refusal ? { refusal: before.refusal } : {}),
  });
}

/** The agent after its grant was changed: it offers only what the grant still allows. */
export function boundBy(grant: AgentGrant, agent: Agent): Agent {
  const allowed = ({ name }: { readonly name: string }): boolean =>
    name === probeCapability || (grant.capabilities === "any" ? !isReserved(name) : grant.capabilities.includes(name));
  return { ...agent, projects: grant.projects, capabilities: agent.capabilities.filter(allowed) };
}

function isReserved(capability: string): boolean {
  return (reservedCapabilities as readonly string[]).includes(capability);
}

/** Whether work that waits may now find an agent: the agent offers more than it did, or takes work again. */
export function offersMore(before: Agent | undefined, after: Agent): boolean {
  if (before === undefined || after.slots > before.slots) return true;
  const known = new Map(before.capabilities.map((each) => [each.name, JSON.stringify(each)]));
  return after.capabilities.some((each) => known.get(each.name) !== JSON.stringify(each)) || (before.draining && !after.draining);
}
