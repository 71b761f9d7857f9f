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

/** The person's own input makes no sense; nothing was sent. */
export function usage(message: string, ...fix: readonly string[]): Failure {
  return new Failure({ exitCode: exitCodes.usage, reason: "usage", message, fix });
}
