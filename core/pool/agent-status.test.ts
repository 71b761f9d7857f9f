import { expect, test } from "vitest";
import { agentStatus } from "./agent-status.ts";
import type { AgentStatus } from "./state.ts";

const remote = { kind: "remote", lastContactAt: 1_000_000, draining: false } as const;

test.each<[number, AgentStatus]>([
  [0, "online"],
  [59_999, "online"],
  [60_000, "degraded"],
  [119_999, "degraded"],
  [120_000, "offline"],
  [9e9, "offline"],
])("%i ms without contact: %s", (ms, status) => expect(agentStatus(remote, 1_000_000 + ms)).toBe(status));

test("a heartbeat answered on its socket is contact", () => {
  expect(agentStatus(remote, 1_200_000, 1_190_000)).toBe("online");
  expect(agentStatus(remote, 1_200_000, 1_120_000)).toBe("degraded");
});

test("draining shows while in contact", () => {
  expect(agentStatus({ ...remote, draining: true }, 1_070_000)).toBe("draining");
  expect(agentStatus({ ...remote, draining: true }, 1_200_000)).toBe("offline");
});

test("built-in agents are always there", () => expect(agentStatus({ ...remote, kind: "built-in" }, 9e12)).toBe("online"));
