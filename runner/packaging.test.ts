import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { findOnPath } from "./isolation.ts";

const read = (name: string) => readFileSync(join(import.meta.dirname, name), "utf8");
const unit = read("mesh-runner.service");
const settings = (key: string) => [...unit.matchAll(new RegExp(`^${key}=(.*)$`, "gm"))].map(([, value]) => value);

test("the service's flags are the runner's own, and the token is in no environment and no argument", () => {
  const [command = ""] = settings("ExecStart");
  const help = execFileSync(process.execPath, [join(import.meta.dirname, "main.ts"), "--help"], { encoding: "utf8" });
  const flags = command.match(/--[a-z-]+/g) ?? [];
  expect(flags.length).toBeGreaterThan(3);
  for (const flag of flags) expect(help).toContain(`${flag} <`);
  expect(unit).not.toMatch(/MESH_AGENT_TOKEN|^Environment=/m);
  expect(command).toContain("--token-file ${CREDENTIALS_DIRECTORY}/agent-token");
});

test("the service lets a runner drain, and does not start one again that nothing but a person can mend", () => {
  expect([settings("KillMode"), settings("KillSignal"), settings("RestartPreventExitStatus")]).toEqual([["mixed"], ["SIGTERM"], ["77 78"]]);
  expect(Number.parseInt(settings("TimeoutStopSec")[0] ?? "", 10)).toBeGreaterThan(30 + 2 * 5);
  // Users of runs pass through the folders that a runner makes.
  expect(settings("UMask")).toEqual(["0022"]);
});

test.runIf(findOnPath("systemd-analyze") !== undefined)("systemd finds nothing to say about the service", () => {
  const folder = mkdtempSync(join(tmpdir(), "unit-"));
  const path = join(folder, "mesh-runner.service");
  // Where it will be installed there is nothing here.
  writeFileSync(path, unit.replaceAll("/opt/mesh-six/node_modules/.bin/node", "/bin/true").replaceAll("/opt/mesh-six", "/"));
  const { status, stdout, stderr } = spawnSync("systemd-analyze", ["verify", path], { encoding: "utf8" });
  rmSync(folder, { recursive: true });
  expect([status, stdout + stderr]).toEqual([0, ""]);
});

test("the feature for development containers has the form of one", () => {
  const feature = JSON.parse(read("devcontainer-feature/devcontainer-feature.json")) as Record<string, unknown>;
  // https://containers.dev/implementors/features/#devcontainer-feature-json-properties
  expect(feature).toEqual({
    id: expect.stringMatching(/^[a-z][a-z0-9-]*$/),
    version: expect.stringMatching(/^\d+\.\d+\.\d+$/),
    name: expect.any(String),
    description: expect.any(String),
    options: { isolation: { type: "string", enum: ["user", "bubblewrap"], default: "user", description: expect.any(String) } },
    containerEnv: { MESH_RUNNER_DIR: "/var/lib/mesh-runner" },
    mounts: [{ source: expect.stringContaining("${devcontainerId}"), target: "/var/lib/mesh-runner", type: "volume" }],
    installsAfter: expect.arrayContaining([expect.any(String)]),
  });
});

test("the feature's script makes a folder that runs' users pass through, as often as it is run", () => {
  const script = join(import.meta.dirname, "devcontainer-feature", "install.sh");
  execFileSync("sh", ["-n", script]);
  const folder = mkdtempSync(join(tmpdir(), "feature-"));
  // What it would install is there already, so that nothing is fetched.
  for (const name of ["git", "setpriv"]) writeFileSync(join(folder, name), "#!/bin/sh\n", { mode: 0o755 });
  const state = join(folder, "state");
  const env = { PATH: `${folder}:/usr/bin:/bin`, MESH_RUNNER_STATE: state };
  for (let time = 0; time < 2; time += 1) execFileSync("sh", [script], { env });
  expect(statSync(state).mode & 0o777).toBe(0o711);
  rmSync(folder, { recursive: true });
});
