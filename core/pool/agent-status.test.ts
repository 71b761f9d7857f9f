import { expect, test } from "vitest";
import { agentStatus, offlineAfterMs } from "./agent-status.ts";
import type { AgentStatus } from "./state.ts";

const remote = { kind: "remote", lastContactAt: 1_000_000, draining: false } as const;

test.each<[number, AgentStatus]>([
  [0, "online"],
  [59_999, "online"],
  [60_000, "degraded"],
  [119_999, "degraded"],
  [120_000, "offline"],
  [9e9, "offline"],
])("%i ms without contact: %s", (ms, status) => expect(agentStatus(remote, 1_000_000 + ms, offlineAfterMs)).toBe(status));

test("a mesh may have another limit; half of it is degraded", () => {
  expect([2_999, 3_000, 5_999, 6_000].map((ms) => agentStatus(remote, 1_000_000 + ms, 6_000))).toEqual([
    "online",
    "degraded",
    "degraded",
    "offline",
  ]);
});

test("draining shows while in contact", () => {
  expect(agentStatus({ ...remote, draining: true }, 1_070_000, offlineAfterMs)).toBe("draining");
  expect(agentStatus({ ...remote, draining: true }, 1_200_000, offlineAfterMs)).toBe("offline");
});

test("built-in agents are always there", () => expect(agentStatus({ ...remote, kind: "built-in" }, 9e12, offlineAfterMs)).toBe("online"));
