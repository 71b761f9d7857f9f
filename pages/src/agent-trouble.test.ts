import { expect, test } from "vitest";
import type { AgentView } from "../../core/pool/views.ts";
import { troublesOf } from "./agent-trouble.ts";

const well = { status: "online", health: [{ name: "docker", ok: true }], refusal: null, capabilities: [{ name: "qa", failedInRow: 2 }] };
const of = (more: object) => troublesOf({ ...well, ...more } as unknown as AgentView).map(({ why }) => why);

test.each<[string, object, string[]]>([
  ["well: two failures may be bad luck", {}, []],
  ["gone", { status: "offline" }, ["not heard of"]],
  [
    "of another version, and so gone",
    { status: "offline", refusal: { because: "speaks version 2", at: 1 } },
    ["refused: speaks version 2", "not heard of"],
  ],
  [
    "failing",
    {
      capabilities: [
        { name: "qa", failedInRow: 3 },
        { name: "plan", failedInRow: 0 },
      ],
    },
    ["failed lately: qa, the last 3"],
  ],
  ["a check fails", { status: "degraded", health: [{ name: "docker", ok: false }] }, ["docker does not answer well"]],
  ["silent", { status: "degraded" }, ["silent for a while"]],
  ["drained", { status: "draining" }, ["gets no new work"]],
])("%s", (_, more, whys) => {
  expect(of(more)).toEqual(whys);
});

test("each trouble says what to do; only what was meant is no alarm", () => {
  const all = troublesOf({ ...well, status: "draining", refusal: { because: "old", at: 1 } } as unknown as AgentView);
  expect(all.map(({ mend, meant }) => [mend !== "", meant === true])).toEqual([
    [true, false],
    [true, true],
  ]);
});
