import { execFile } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { DemonstrationReport } from "../../dev/demo/report.ts";
import { root } from "./mesh-fixture.ts";

/** What a new user types, from a data directory of its own. */
function npmStart(dataDir: string, report: string): Promise<{ code: number; output: string }> {
  return new Promise((resolve) => {
    execFile(
      join(root, "node_modules/.bin/node"),
      [join(root, "dev/start.ts"), "--exit", "--fresh", "--data", dataDir, "--port", "17788", "--report", report, "--limit", "170"],
      { cwd: root, timeout: 240_000, maxBuffer: 64 * 1_048_576 },
      (error, stdout, stderr) => resolve({ code: error ? (typeof error.code === "number" ? error.code : 1) : 0, output: stdout + stderr }),
    );
  });
}

function filesNamed(folder: string, name: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name === name && !entry.parentPath.includes("node_modules"))
    .map((entry) => join(entry.parentPath, entry.name));
}

test("the demonstration: every issue ends as it should, in one command", async () => {
  const parent = mkdtempSync(join(tmpdir(), "mesh-six-demo-"));
  chmodSync(parent, 0o755);
  const dataDir = join(parent, "data");
  try {
    const { code, output } = await npmStart(dataDir, join(parent, "r.json"));
    expect(code, output.slice(-4_000)).toBe(0);
    const report = JSON.parse(readFileSync(join(parent, "r.json"), "utf8")) as DemonstrationReport;
    const issue = (key: string) => report.issues.find((one) => one.key === key);
    for (const key of ["acme/todo-app#1", "acme/todo-app#2", "acme/todo-app#3", "solo/notes#1"]) {
      expect(issue(key)).toMatchObject({ outcome: "accepted", pullRequest: { merged: true, authors: ["agent@mesh-six.invalid"] } });
      expect(issue(key)?.pullRequest?.commits).toBeGreaterThan(0);
    }
    expect(issue("acme/todo-app#1")?.phases.map(({ phase }) => phase)).not.toContain("PLANNING");
    expect(issue("acme/todo-app#2")).toMatchObject({
      cycles: { planning: 1, qa: 0, review: 0 },
      questions: [{ answeredBy: "architect", parked: false }],
    });
    expect(issue("acme/todo-app#3"), output.slice(-8_000)).toMatchObject({
      cycles: { planning: 0, qa: 1, review: 0 },
      questions: [{ answeredBy: "human" }],
    });
    expect(issue("acme/todo-app#4")).toMatchObject({
      outcome: "untouched",
      pullRequest: null,
      explain: expect.stringContaining("wontfix-by-agent"),
    });
    for (const count of Object.values(report.counts)) expect(count).toBeGreaterThan(0);
    // The repository's script tried to read the runner's environment, credentials and to push; it names what succeeded.
    const escapes = filesNamed(join(dataDir, "runners"), "escape-report.txt").map((file) => readFileSync(file, "utf8"));
    expect(escapes.length).toBeGreaterThan(0);
    for (const text of escapes) {
      expect(text).toMatch(/^CHECKED: \d+$/m);
      if (process.getuid?.() === 0) expect(text).not.toContain("ESCAPE:");
    }
  } finally {
    rmSync(parent, { recursive: true, force: true });
  }
});
