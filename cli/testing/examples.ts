import { hoursAgo } from "./verb-case.ts";

const capability = (name: string) => ({ name, weight: 1, preferred: false, requirements: [], score: 0.9, results: 4, successes: 3 });
/** A runner, as `GET /agents` lists it. */
export const agent = {
  id: "my-laptop",
  kind: "remote",
  status: "online",
  capabilities: ["planning", "implementation", "qa"].map(capability),
  slots: 2,
  connected: true,
  lastContactAt: hoursAgo(1),
  registeredAt: hoursAgo(9),
  draining: false,
  projects: "all",
  metadata: { version: "0.1.0" },
  health: [{ name: "disk", url: "https://x", ok: false, at: null }],
};

/** A task that failed, with a word that would colour a terminal. */
export const task = {
  id: "mesh.t-1",
  project: "mesh",
  run: null,
  capability: "general",
  status: "failed",
  priority: 5,
  timeoutSeconds: 120,
  maxAttempts: 3,
  attempts: [
    {
      number: 1,
      agent: "my-laptop",
      score: 0.9,
      status: "failed",
      dispatchedAt: hoursAgo(3),
      startedAt: hoursAgo(3),
      endedAt: hoursAgo(2),
      error: { kind: "work", message: "no \u001b[31mluck" },
    },
  ],
  submittedAt: hoursAgo(3),
  endedAt: hoursAgo(2),
  error: { kind: "work", message: "no luck" },
};
