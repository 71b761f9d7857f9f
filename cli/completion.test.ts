import { execFile } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startMadeUpMesh, type MadeUpMesh } from "./testing/made-up-mesh.ts";
import { node, root, runMesh } from "./testing/run-mesh.ts";

let mesh: MadeUpMesh;
beforeAll(async () => {
  mesh = await startMadeUpMesh();
  mesh.on("GET /projects", { items: [{ name: "acme/todo-app" }, { name: "solo/notes" }], cursor: null });
});
afterAll(() => mesh.close());

const env = () => ({ MESH_URL: mesh.url, MESH_TOKEN: mesh.token });

async function offered(...words: readonly string[]): Promise<string[]> {
  const { stdout, stderr } = await runMesh(["complete", "--", ...words], { env: env() });
  expect(stderr).toBe("");
  return stdout
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith(":"))
    .map((line) => line.split("\t")[0] ?? "");
}

test("verbs, flags, and the mesh's own names are offered", async () => {
  expect(await offered("onb")).toEqual(["onboard"]);
  expect(await offered("runs", "re")).toEqual(["retry", "resume"]);
  expect(await offered("tasks", "submit", "x", "--pr")).toEqual(["--profile", "--project", "--priority"]);
  expect(await offered("projects", "show", "")).toEqual(["acme/todo-app", "solo/notes"]);
  expect(await offered("projects", "show", "so")).toEqual(["solo/notes"]);
});

test("a mesh that is away is not waited for, and nothing is printed into the line", async () => {
  const { code, stdout, stderr } = await runMesh(["complete", "--", "projects", "show", ""], {
    env: { MESH_URL: "http://127.0.0.1:1024", MESH_TOKEN: "t" },
  });
  expect([code, stdout, stderr]).toEqual([0, ":4\n", ""]);
});

test("in bash the Tab key completes, and runs nothing of the line that is being typed", async () => {
  const folder = mkdtempSync(join(tmpdir(), "mesh-completion-"));
  writeFileSync(join(folder, "mesh"), `#!/bin/sh\nexec ${node} ${root}/cli/mesh.ts "$@"\n`);
  chmodSync(join(folder, "mesh"), 0o755);
  // What Readline does on Tab, without a terminal: the function that was registered is called with the words of the line.
  const tab = [
    "source <(mesh completion bash)",
    'press() { COMP_WORDS=(mesh "$@"); COMP_CWORD=$#; _mesh_complete mesh; printf "<%s>" "${COMPREPLY[@]}"; }',
    "complete -p mesh",
    `press quest; press runs re; press projects show solo; press '$(touch ${folder}/was-run)' ''`,
  ].join("\n");
  const { stdout } = await promisify(execFile)("bash", ["-c", tab], {
    env: { PATH: `${folder}:${process.env["PATH"]}`, HOME: folder, ...env() },
  });
  expect(stdout).toMatch(/^complete -o default -F _mesh_complete mesh\n<questions><retry><resume><solo\/notes>/);
  expect(existsSync(join(folder, "was-run"))).toBe(false);
});

test.each(["bash", "zsh", "fish"])("a script for %s", async (shell) => {
  const { code, stdout } = await runMesh(["completion", shell]);
  expect(code).toBe(0);
  expect(stdout).toContain(shell === "bash" ? "complete -o default -F _mesh_complete mesh" : "complete --");
});
