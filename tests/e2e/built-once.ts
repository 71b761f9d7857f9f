import { fileURLToPath } from "node:url";
import chromium from "@sparticuz/chromium";
import { buildDashboard } from "../../dev/mesh/build-dashboard.ts";

/** Before any end-to-end test: what files that run beside each other share, and would make at the same moment. */
export default async function buildOnce(): Promise<void> {
  await buildDashboard(fileURLToPath(new URL("../..", import.meta.url)), (line) => void process.stdout.write(`${line}\n`));
  // It unpacks the browser into a place that all share.
  await chromium.executablePath();
}
