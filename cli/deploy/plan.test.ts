import { expect, test } from "vitest";
import { stepsLeft, stepText, type Present, type Wanted } from "./plan.ts";

const wanted: Wanted = {
  queues: ["in", "dead"],
  consumers: [
    { queue: "in", max_batch_size: 50, max_batch_timeout: 1, max_retries: 5, dead_letter_queue: "dead" },
    { queue: "dead", max_batch_timeout: 1 },
  ],
  buckets: ["archive"],
  workflows: ["onboarding"],
  crons: ["* * * * *"],
  worker: { name: "mesh", fingerprint: "mesh-1" },
  settings: ["DATABASE_URL"],
  keys: ["MASTER_KEY"],
  replaced: [],
  dashboard: { name: "dashboard", fingerprint: "mesh-2", secrets: ["DATABASE_URL"] },
};
const nothing: Present = {
  queues: new Map(),
  buckets: new Set(),
  pendingMigrations: ["0000_read_model"],
  worker: null,
  workflows: new Map(),
  dashboard: null,
};
const everything: Present = {
  queues: new Map([
    ["in", [{ script: "mesh", batchSize: 50, waitMs: 1_000, retries: 5, deadLetterQueue: "dead" }]],
    ["dead", [{ script: "mesh", batchSize: 10, waitMs: 1_000, retries: 3 }]],
  ]),
  buckets: new Set(["archive", "someone-else's"]),
  pendingMigrations: [],
  worker: { fingerprint: "mesh-1", secrets: new Set(["DATABASE_URL", "MASTER_KEY"]), crons: ["* * * * *"] },
  workflows: new Map([["onboarding", "mesh"]]),
  dashboard: { fingerprint: "mesh-2", secrets: new Set(["DATABASE_URL"]) },
};

test("from nothing: what others stand on comes first", () => {
  expect(stepsLeft(nothing, wanted)).toEqual([
    { kind: "create-queue", name: "in" },
    { kind: "create-queue", name: "dead" },
    { kind: "create-bucket", name: "archive" },
    { kind: "create-dashboard", name: "dashboard" },
    { kind: "migrate-database", migrations: ["0000_read_model"] },
    { kind: "deploy-worker", name: "mesh", because: ["it is not there yet"], secrets: ["MASTER_KEY", "DATABASE_URL"] },
    { kind: "deploy-dashboard", name: "dashboard", because: ["it is not there yet"], secrets: ["DATABASE_URL"] },
  ]);
});

test("nothing is left when all is as wanted", () => {
  expect(stepsLeft(everything, wanted)).toEqual([]);
});

test("a key that is there is not written again, unless it is to be replaced", () => {
  const changed = { ...wanted, worker: { name: "mesh", fingerprint: "mesh-9" } };
  expect(stepsLeft(everything, changed)).toMatchObject([{ kind: "deploy-worker", secrets: ["DATABASE_URL"] }]);
  expect(stepsLeft(everything, { ...wanted, replaced: ["MASTER_KEY"] })).toMatchObject([
    { kind: "deploy-worker", because: ["MASTER_KEY is to be replaced"], secrets: ["MASTER_KEY", "DATABASE_URL"] },
  ]);
});

test.each<[string, Partial<Present>, string]>([
  ["a consumer is missing", { queues: new Map([...everything.queues, ["dead", []]]) }, "queue dead is not consumed as configured"],
  [
    "another Worker consumes",
    { queues: new Map([...everything.queues, ["dead", [{ script: "other", waitMs: 1_000 }]]]) },
    "queue dead is not consumed as configured",
  ],
  [
    "dead letters go elsewhere",
    { queues: new Map([...everything.queues, ["in", [{ script: "mesh", batchSize: 50, waitMs: 1_000, retries: 5 }]]]) },
    "queue in is not consumed as configured",
  ],
  ["the workflow is another Worker's", { workflows: new Map([["onboarding", "other"]]) }, "workflow onboarding is not there"],
  [
    "a secret was deleted",
    { worker: { fingerprint: "mesh-1", secrets: new Set(["MASTER_KEY"]), crons: ["* * * * *"] } },
    "DATABASE_URL is missing",
  ],
  [
    "the cron was changed",
    { worker: { fingerprint: "mesh-1", secrets: new Set(["MASTER_KEY", "DATABASE_URL"]), crons: [] } },
    "its cron triggers differ",
  ],
])("the Worker is deployed again when %s", (_what, more, reason) => {
  expect(stepsLeft({ ...everything, ...more }, wanted)).toMatchObject([{ kind: "deploy-worker", because: [reason] }]);
});

test("the words of a step name settings and never hold a value", () => {
  expect(stepsLeft(nothing, wanted).map(stepText)).toContain("deploy the Worker mesh (it is not there yet) with MASTER_KEY, DATABASE_URL");
});
