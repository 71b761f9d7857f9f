#!/usr/bin/env node
import { Command } from "commander";
import { addDatabase } from "./database.ts";
import { addExplain } from "./explain.ts";

/** The operators' command. Runner and local mesh are programs of their own, started under this name. */
const program = new Command("mesh")
  .description("mesh-six: coding agents driven through a GitHub Projects board")
  .showHelpAfterError()
  .command("runner", "host coding agents on this machine", { executableFile: "../runner/main.ts" })
  .command("start", "the whole mesh on this machine, with a demonstration board", { executableFile: "../dev/start.ts" });
addDatabase(program);
addExplain(program);

try {
  await program.parseAsync();
} catch (error) {
  console.error(`mesh: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
