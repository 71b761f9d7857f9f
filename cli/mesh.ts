import { CommanderError } from "commander";
import { exitCodes } from "./exit-codes.ts";
import { Failure } from "./failure.ts";
import { coloursOf } from "./output.ts";
import { createProgram } from "./program.ts";
import { failureDocument, renderFailure } from "./render-failure.ts";

try {
  await (await createProgram(leave)).parseAsync();
} catch (error) {
  if (!(error instanceof CommanderError)) fail(error);
}

/** commander ends the process here: after help, a version, or a fault of the command line, which it has told; and with a program that it started. */
function leave(error: CommanderError): void {
  if (error.code === "commander.executeSubCommandAsync") process.exit(error.exitCode);
  process.exitCode = error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
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
