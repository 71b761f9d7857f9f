import { setTimeout as pause } from "node:timers/promises";
import * as z from "zod";
import { variableFault } from "../core/credentials/agent-variables.ts";
import { ok, refused, type Result } from "../core/result.ts";
import { secondMs } from "../core/time.ts";
import type { WorkFailure } from "./git/repository.ts";
import type { AttemptRef } from "./journal.ts";
import type { Log } from "./log.ts";
import { askMesh, type MeshAccess, type MeshRefusal } from "./mesh-api.ts";

export type AgentVariables = Readonly<Record<string, string>>;

const provision = z.discriminatedUnion("status", [
  z.object({ status: z.enum(["current", "provisioned"]), bundleId: z.string().regex(/^[a-z0-9]{8,64}$/) }),
  z.object({ status: z.literal("no_credentials") }),
]);
const bundle = z.object({ variables: z.record(z.string(), z.string()) });
/** A bundle may end between being made and being opened, when its credential does. */
const mostTries = 3;

/**
 * The variables of projects' credentials, as the mesh keeps them: asked for before each step, kept in memory only, and never written or logged. What
 * was opened for one attempt serves the next ones of its project for as long as the mesh says so.
 */
export class Bundles {
  readonly #mesh: MeshAccess;
  readonly #log: Log;
  readonly #held = new Map<string, { readonly id: string; readonly variables: AgentVariables }>();

  constructor(mesh: MeshAccess, log: Log) {
    this.#mesh = mesh;
    this.#log = log;
  }

  /**
   * What the project's credentials set for this attempt; nothing when it has none, and the runner goes on with its own. Waits out a mesh that cannot
   * be reached until it is given up. A credential that the mesh refuses to open is for a person to mend.
   */
  async variablesFor(project: string, attempt: AttemptRef, givenUp: () => boolean): Promise<Result<AgentVariables, WorkFailure>> {
    for (let tries = 1; ; tries++) {
      const answer = await this.#ask(project, attempt);
      if (answer.ok) return answer;
      const { reason, message, problem } = answer.error;
      const isOver = problem === "bundle-over" && tries < mostTries;
      if (isOver) continue;
      if (reason === "rejected") return refused({ kind: "configuration", message });
      if (reason === "unauthorized" || givenUp()) return refused({ kind: "infrastructure", message });
      await pause(Math.min(15, tries) * secondMs);
    }
  }

  async #ask(project: string, { taskId, attempt }: AttemptRef): Promise<Result<AgentVariables, MeshRefusal>> {
    const held = this.#held.get(project);
    const asked = await askMesh(this.#mesh, "bundle", { taskId, attempt, have: held?.id ?? null });
    // A mesh of before it kept credentials has no such route.
    if (!asked.ok) return asked.error.problem === "not-found" ? ok({}) : asked;
    const made = provision.safeParse(asked.value);
    if (!made.success) return refused({ reason: "rejected", message: "bundle: the mesh answered nothing usable" });
    if (made.data.status === "current" && held?.id === made.data.bundleId) return ok(held.variables);
    this.#held.delete(project);
    if (made.data.status === "no_credentials") return ok({});
    const { bundleId } = made.data;
    const opened = await askMesh(this.#mesh, `bundle/${bundleId}`, { taskId, attempt });
    if (!opened.ok) return opened;
    const read = bundle.safeParse(opened.value);
    if (!read.success) return refused({ reason: "rejected", message: "bundle: the mesh answered nothing usable" });
    const variables = this.#allowed(read.data.variables);
    this.#held.set(project, { id: bundleId, variables });
    return ok(variables);
  }

  /** The mesh has looked at the names; a runner does not depend on it. */
  #allowed(variables: AgentVariables): AgentVariables {
    return Object.fromEntries(
      Object.entries(variables).filter(([name]) => {
        const fault = variableFault(name);
        if (fault !== undefined) this.#log("warn", "a variable of the mesh was left out", { name: name.slice(0, 128), reason: fault });
        return fault === undefined;
      }),
    );
  }
}
