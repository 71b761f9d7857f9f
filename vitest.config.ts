import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";

/** What counts on times, or kills what it finds: nothing else of ours is to take the machine meanwhile. */
const alone = ["dashboard-mesh", "demonstration", "kills", "people", "runner-kills", "runner-left-alone"].map(
  (name) => `tests/e2e/${name}.test.ts`,
);
const endToEnd = { globalSetup: "tests/e2e/built-once.ts", testTimeout: 600_000, hookTimeout: 120_000 };

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "node",
          include: ["{core,platform,clients,drizzle,pages,runner,cli,dev,bench,scripts,tests/support}/**/*.test.{ts,tsx}"],
          exclude: ["**/*.workers.test.ts", "**/node_modules/**"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        plugins: [
          cloudflareTest({
            wrangler: { configPath: "./wrangler.toml" },
            miniflare: { bindings: { MASTER_KEY: "a-master-key-of-32-characters-001" } },
          }),
        ],
        test: {
          name: "workers",
          include: ["{durable-objects,workers,platform,tests/scenarios}/**/*.workers.test.ts"],
          deps: { optimizer: { ssr: { enabled: true, include: ["itty-durable"] } } },
          testTimeout: 30_000,
        },
      },
      {
        test: {
          ...endToEnd,
          name: "e2e",
          include: ["tests/e2e/**/*.test.ts"],
          exclude: alone,
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: { ...endToEnd, name: "e2e-alone", include: alone, fileParallelism: false, sequence: { groupOrder: 2 } },
      },
    ],
  },
});
