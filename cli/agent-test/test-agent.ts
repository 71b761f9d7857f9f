import { probeCapability } from "../../core/protocol/probe-work.ts";
import { Bench, NotApplicable, Unmet } from "./bench.ts";
import type { Patience, ProbedMesh } from "./bench.ts";
import { checks } from "./checks.ts";

/** What a check came to. */
export interface CheckResult {
  readonly check: string;
  readonly result: "passed" | "failed" | "skipped";
  /** Why it failed or was skipped; else null. */
  readonly why: string | null;
}

/**
 * Tests how an agent speaks the protocol, with attempts that cost nothing and touch nothing. `told` hears of each check when it is over. Outside failures
 * are thrown; whatever happens, the agent is told to stop what is left.
 */
export async function testAgent(mesh: ProbedMesh, patience: Patience, told: (result: CheckResult) => void): Promise<CheckResult[]> {
  const results: CheckResult[] = [];
  const tell = (result: CheckResult) => {
    results.push(result);
    told(result);
  };
  const bench = new Bench(mesh, patience);
  const unfit = await unfitness(bench);
  tell({ check: `is in contact and offers ${probeCapability}`, result: unfit === null ? "passed" : "failed", why: unfit });
  if (unfit !== null) return results;
  let gone = false;
  await mesh.act({ do: "begin" });
  try {
    for (const { name, run } of checks) {
      if (gone) {
        tell({ check: name, result: "skipped", why: "it did not come back" });
        continue;
      }
      try {
        bench.begin();
        await run(bench);
        tell({ check: name, result: "passed", why: null });
      } catch (thrown) {
        if (!(thrown instanceof Unmet || thrown instanceof NotApplicable)) throw thrown;
        tell({ check: name, result: thrown instanceof Unmet ? "failed" : "skipped", why: thrown.message });
        gone = thrown instanceof Unmet && !(await backInContact(bench));
      }
    }
  } finally {
    await mesh.act({ do: "end" });
  }
  return results;
}

async function unfitness(bench: Bench): Promise<string | null> {
  const agent = await bench.mesh.agent();
  const { connected } = agent.mailbox as { connected: boolean };
  bench.byHttp = !connected;
  const offer = agent.capabilities.find(({ name }) => name === probeCapability);
  if (agent.kind === "built-in") return "built-in agents are part of the mesh and do not speak the protocol";
  if (agent.status === "offline") return "it has not been heard for two minutes";
  if (offer === undefined) return `its registration does not name ${probeCapability}; see docs/agent-protocol.md`;
  bench.slots = offer.slots ?? agent.slots;
  return null;
}

/** A check that failed may have left the agent without a connection; the next one must not fail for that. False: it does not come back. */
async function backInContact(bench: Bench): Promise<boolean> {
  await bench.mesh.act({ do: "commit" });
  bench.entries.push(...(await bench.mesh.entries(bench.last, 0)));
  const end = Date.now() + bench.patience.reconnectMs;
  while (!bench.byHttp && Date.now() < end) {
    if (((await bench.mesh.agent()).mailbox as { connected: boolean }).connected) return true;
    await bench.mesh.entries(bench.last, 0.2);
  }
  return bench.byHttp;
}
