import { Command, type CommanderError } from "commander";
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
import { addExplain } from "./explain.ts";
import { addLogin } from "./login.ts";
import { addOnboard } from "./onboard.ts";
import { addProjects } from "./projects.ts";
import { addQuestions } from "./questions.ts";
import { addRuns } from "./runs.ts";
import { addSessions } from "./sessions.ts";
import { addSettings } from "./settings.ts";
import { addTasks } from "./tasks.ts";
import { addVault } from "./vault.ts";
import { meshVersion } from "../core/version.ts";

/** The operators' command with all its verbs. Runner and local mesh are programs of their own, started under this name. `leave` is told what commander ends with. */
export async function createProgram(leave: (error: CommanderError) => void): Promise<Command> {
  const program = new Command("mesh")
    .description("mesh-six: coding agents driven through a GitHub Projects board")
    .version(meshVersion)
    .showHelpAfterError("(--help says more)")
    .enablePositionalOptions()
    .exitOverride((error) => {
      leave(error);
      throw error;
    });

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
  addSessions(program);
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
  return program;
}
