import type { BenchMesh } from "./bench-mesh.ts";
import { Connections } from "./load.ts";
import { MeshAgent } from "./mesh-agent.ts";

/** What agents cost that are connected and have nothing to do. */
export interface Idle {
  readonly agents: number;
  readonly minutes: number;
  /** Heartbeats that were sent in that time. */
  readonly heartbeats: number;
  /** Of all Durable Objects together, in a minute: alarms, calls and socket messages that woke one. */
  readonly wakeupsPerMinute: number;
  readonly rowsWrittenPerMinute: number;
}

/** Every agent sends a heartbeat in this time, as the runner does. */
const heartbeatMs = 30_000;

/** Connects agents that only send heartbeats and counts what wakes; `bench` runs the counted Worker. `forMs` is at least two leases to see all alarms. */
export async function measureIdle(bench: BenchMesh, agents: number, forMs: number): Promise<Idle> {
  const mesh = new Connections(bench.mesh, 4);
  const connected: MeshAgent[] = [];
  for (let at = 0; at < agents; at += 1)
    connected.push(
      await MeshAgent.connect(mesh, bench.mesh, { id: `idle-${at}`, capability: "idling", slots: 1, onDone: () => undefined }),
    );
  let heartbeats = 0;
  const beat = () => {
    for (const agent of connected) agent.heartbeat();
    heartbeats += connected.length;
  };
  beat();
  await mesh.json("GET", "/counts");
  heartbeats = 0;
  const beating = setInterval(beat, heartbeatMs);
  await new Promise((resolve) => setTimeout(resolve, forMs));
  clearInterval(beating);
  const counts = await mesh.json<{ objectRequests: number; socketMessages: number; rowsWritten: number }>("GET", "/counts");
  await Promise.all(connected.map((agent) => agent.close()));
  mesh.close();
  const minutes = forMs / 60_000;
  return {
    agents,
    minutes,
    heartbeats,
    wakeupsPerMinute: (counts.objectRequests + counts.socketMessages) / minutes,
    rowsWrittenPerMinute: counts.rowsWritten / minutes,
  };
}
