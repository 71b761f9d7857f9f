import { startBenchMesh } from "./bench-mesh.ts";
import { measureIngest } from "./ingest.ts";
import { measureTasks } from "./tasks.ts";
const mesh = await startBenchMesh();
try {
  const pace = { runs: 1, forMs: 1000, bulk: 2000 };
  if (process.argv.includes("ingest")) console.table(await measureIngest(mesh, pace));
  if (process.argv.includes("tasks")) console.table(await measureTasks(mesh, pace));
} finally { await mesh.stop(); }
