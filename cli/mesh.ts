import { Command, CommanderError } from "commander";
import { addAgents } from "./agents.ts";
import { addBackup } from "./backup.ts";
import { addCompletion } from "./completion.ts";
import { addControls } from "./controls.ts";
import { addCosts } from "./costs.ts";
import { addCredentials } from "./credentials.ts";
import { addDatabase } from "./database.ts";
import { addDoctor } from "./doctor.ts";
import { addDeploy } from "./deploy/deploy.ts";
import { addEvents } from "./events.ts";
import { exitCodes } from "./exit-codes.ts";
import { addExplain } from "./explain.ts";
import { Failure } from "./failure.ts";
import { addLogin } from "./login.ts";
import { addOnboard } from "./onboard.ts";
import { coloursOf } from "./output.ts";
import { addProjects } from "./projects.ts";
import { addQuestions } from "./questions.ts";
import { failureDocument, renderFailure } from "./render-failure.ts";
import { addRuns } from "./runs.ts";
import { addSettings } from "./settings.ts";
import { addTasks } from "./tasks.ts";
import { addVault } from "./vault.ts";
import { meshVersion } from "../core/version.ts";

/** The operators' command. Runner and local mesh are programs of their own, started under this name. */
const program = new Command("mesh")
  .description("mesh-six: coding agents driven through a GitHub Projects board")
  .version(meshVersion)
  .showHelpAfterError("(--help says more)")
  .enablePositionalOptions()
  .exitOverride(leave);

program.commandsGroup("This machine:");
program.command("start", "the whole mesh on this machine, with a demonstration board", { executableFile: "../dev/start.ts" });
program.command("runner", "host coding agents on this machine", { executableFile: "../runner/main.ts" });
addDoctor(program);
addLogin(program);
program.commandsGroup("Work:");
addOnboard(program);
addProjects(program);
addRuns(program);
addExplain(program);
addQuestions(program);
addTasks(program);
addAgents(program);
addEvents(program);
addCosts(program);
program.commandsGroup("Operating a mesh:");
addControls(program);
addSettings(program);
addCredentials(program);
addVault(program);
addBackup(program);
addDatabase(program);
addDeploy(program);
await addCompletion(program);

try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof CommanderError)) fail(error);
}

/** commander ends the process here: after help, a version, or a fault of the command line, which it has told; and with a program that it started. */
function leave(error: CommanderError): never | void {
  if (error.code === "commander.executeSubCommandAsync") process.exit(error.exitCode);
  process.exitCode = error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
  throw error;
}

function fail(error: unknown): void {
  const failure = error instanceof Failure ? error : unexpected(error);
  process.exitCode = failure.parts.exitCode;
  const forPrograms = process.argv.includes("--json");
  process.stderr.write(
    `${forPrograms ? JSON.stringify(failureDocument(failure), null, 2) : renderFailure(failure, coloursOf(process.stderr))}\n`,
  );
}

function unexpected(error: unknown): Failure {
  const message = error instanceof Error ? error.message : String(error);
  return new Failure({ exitCode: exitCodes.failed, reason: "failed", message });
}
