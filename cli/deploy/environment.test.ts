import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { queueNamed, queueNames } from "../../platform/queue-messages.ts";
import { addressOf, configurationFaults, configurationsOf, environmentNames, queuesOf, renderConfiguration } from "./environment.ts";
import { nodeFor } from "./wrangler.ts";

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const files = { worker: readFileSync(join(root, "wrangler.toml"), "utf8"), pages: readFileSync(join(root, "pages/wrangler.toml"), "utf8") };
const production = configurationsOf("production", files);
const staging = configurationsOf("staging", files);

test("the project's configurations fit together in every environment", () => {
  expect(configurationFaults(production)).toEqual([]);
  expect(configurationFaults(staging)).toEqual([]);
});

test("staging shares no name with production", () => {
  const names = ({ worker, pages }: typeof production): string[] => [
    worker.name,
    pages.name,
    ...queuesOf(worker),
    ...worker.r2_buckets.map(({ bucket_name: name }) => name),
    ...worker.workflows.map(({ name }) => name),
    ...worker.ratelimits.map(({ namespace_id: id }) => `limit ${id}`),
    ...pages.services.map(({ service }) => `dashboard of ${service}`),
  ];
  const shared = new Set(names(production));
  expect(names(staging).filter((name) => shared.has(name))).toEqual([]);
  expect(names(staging)).toHaveLength(names(production).length);
  expect(staging.worker.queues.consumers.find(({ queue }) => queue === "mesh-inbound-staging")).toMatchObject({
    dead_letter_queue: "mesh-inbound-dead-staging",
    max_batch_size: 50,
  });
});

test("the Worker knows each queue by its name, whatever the environment", () => {
  const known: readonly string[] = Object.values(queueNames);
  for (const { worker } of [production, staging]) expect(queuesOf(worker).map(queueNamed).toSorted()).toEqual(known.toSorted());
});

test("staging takes no route of production's", () => {
  const routed = { ...files, worker: `routes = [{ pattern = "mesh.example.com", custom_domain = true }]\n${files.worker}` };
  expect(configurationsOf("production", routed).worker).toHaveProperty("routes");
  expect(configurationsOf("staging", routed).worker).not.toHaveProperty("routes");
});

test("the Worker answers at its own domain where it has one", () => {
  const routed = { ...production.worker, routes: ["mesh.acme.dev/old/*", { pattern: "mesh.acme.dev", custom_domain: true }] };
  expect(addressOf(routed, "acme")).toBe("https://mesh.acme.dev");
  expect(addressOf(production.worker, "acme")).toBe("https://mesh-six.acme.workers.dev");
  expect(addressOf(staging.worker, "acme")).toBe("https://mesh-six-staging.acme.workers.dev");
  expect(addressOf(production.worker, null)).toBeNull();
});

test("what would lose messages or answer nothing is named", () => {
  const { worker, pages } = production;
  const [first, ...others] = worker.queues.consumers;
  const broken = { ...worker, queues: { ...worker.queues, consumers: others } };
  expect(configurationFaults({ worker: broken, pages: { ...pages, services: [] } })).toEqual([
    `queue ${first?.queue} has a producer and no consumer`,
    "queue mesh-inbound-dead has no dead letter queue: messages that fail would be deleted",
    "the dashboard is not bound to the Worker mesh-six",
  ]);
});

test.each(environmentNames)("wrangler builds the Worker by the configuration of %s", async (environment) => {
  const folder = mkdtempSync(join(tmpdir(), "mesh-six-dry-run-"));
  try {
    const { worker } = configurationsOf(environment, files);
    writeFileSync(join(folder, "wrangler.toml"), renderConfiguration({ ...worker, main: join(root, worker.main) }));
    const { stdout } = await promisify(execFile)(
      nodeFor(root),
      [join(root, "node_modules/wrangler/bin/wrangler.js"), "deploy", "--dry-run", "--outdir", join(folder, "out")],
      { cwd: folder, env: { PATH: process.env.PATH, HOME: folder, CI: "1", NO_COLOR: "1", WRANGLER_SEND_METRICS: "false" } },
    );
    for (const { binding, queue } of worker.queues.producers) expect(stdout).toContain(`env.${binding} (${queue})`);
    expect(stdout).toContain(`env.ARCHIVE (${worker.r2_buckets[0]?.bucket_name})`);
    expect(readFileSync(join(folder, "out/index.js"), "utf8")).toContain("ProjectOrchestrator");
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
