import type { Issue } from "../core/result.ts";
import { exitCodes, type ExitCode } from "./exit-codes.ts";

export interface FailureParts {
  readonly exitCode: ExitCode;
  /** Stable, kebab-case: the mesh's own reason where it gave one. */
  readonly reason: string;
  /** One sentence: why. */
  readonly message: string;
  /** What was tried: `POST https://…/tasks → 400`. */
  readonly where?: string | undefined;
  readonly issues?: readonly Issue[] | undefined;
  /** What a person does about it, one line each. */
  readonly fix?: readonly string[] | undefined;
  /** By which the mesh's log has it. */
  readonly requestId?: string | undefined;
}

/** Why a command cannot go on: shown by `renderFailure`, and the process ends with its code. Never holds a token. */
export class Failure extends Error {
  override readonly name = "Failure";
  readonly parts: FailureParts;
  constructor(parts: FailureParts) {
    super(parts.message);
    this.parts = parts;
  }
}

/** A file that the person named cannot be read; says why. */
export function unreadable(file: string, error: unknown, ...fix: readonly string[]): Failure {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  const why: Readonly<Record<string, string>> = {
    ENOENT: "there is no such file",
    EACCES: "it may not be read",
    EISDIR: "it is a folder",
    ENOTDIR: "it is no folder",
  };
  return usage(`${file} cannot be read: ${why[String(code)] ?? (error instanceof Error ? error.message : String(error))}.`, ...fix);
}

/** The person's own input makes no sense; nothing was sent. */
export function usage(message: string, ...fix: readonly string[]): Failure {
  return new Failure({ exitCode: exitCodes.usage, reason: "usage", message, fix });
}
