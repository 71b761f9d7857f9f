#!/usr/bin/env node
// The `mesh` command as it stands on the PATH. Plain JavaScript, so that any Node can read it and say what is wrong: the rest is
// TypeScript, which Node runs by itself from 22.18 on (https://nodejs.org/api/typescript.html). An older Node hands over to the one that
// `npm ci` has put into this checkout.
import { spawn } from "node:child_process";
import { existsSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(realpathSync(fileURLToPath(import.meta.url)));
const root = dirname(here);
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
const readsTypeScript = major > 23 || (major === 23 && minor >= 6) || (major === 22 && minor >= 18);
const ownNode = join(root, "node_modules", ".bin", "node");

if (!existsSync(join(root, "node_modules", "commander"))) {
  console.error(`mesh: the packages of ${root} are not installed.\n  do     cd ${root} && npm ci`);
  process.exitCode = 1;
} else if (readsTypeScript) {
  await import("./mesh.ts");
} else if (existsSync(ownNode)) {
  const child = spawn(ownNode, [join(here, "mesh.ts"), ...process.argv.slice(2)], { stdio: "inherit" });
  // The terminal sends Ctrl-C to both; whether to end is the command's to decide.
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(name, () => child.kill(name));
  child.on("exit", (code, signal) => {
    process.exitCode = code ?? (signal === "SIGINT" ? 130 : 1);
  });
} else {
  console.error(`mesh: Node ${process.versions.node} is too old, and there is none in ${root}.\n  do     cd ${root} && npm ci`);
  process.exitCode = 1;
}
