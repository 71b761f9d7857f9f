import type { Result } from "../core/result.ts";
import { ok } from "../core/result.ts";
import type { AgentVariables } from "./bundles.ts";
import type { WorkFailure } from "./git/repository.ts";
import { agentEnvironment } from "./isolation.ts";
import type { GitCredential } from "./mesh-api.ts";
import { redactedValue } from "./redact.ts";
import type { RunPlace } from "./run-place.ts";

/** The environment of one attempt: what this runner gives to agents, and over it what the mesh keeps for the project. In memory only. */
export class AttemptVariables {
  readonly #own: AgentVariables;
  readonly #ask: (givenUp: () => boolean) => Promise<Result<AgentVariables, WorkFailure>>;
  #fromMesh: AgentVariables = {};
  readonly #passwords = new Set<string>();

  constructor(own: AgentVariables, ask: (givenUp: () => boolean) => Promise<Result<AgentVariables, WorkFailure>>) {
    this.#own = own;
    this.#ask = ask;
  }

  /** Asked for as late as the agent begins, so that it is given what is newest. */
  async environment(place: RunPlace, givenUp: () => boolean): Promise<Result<Record<string, string>, WorkFailure>> {
    const variables = await this.#ask(givenUp);
    if (!variables.ok) return variables;
    this.#fromMesh = variables.value;
    return ok(agentEnvironment(place, { ...this.#own, ...this.#fromMesh }));
  }

  /** Values that nothing may carry away. */
  get secrets(): readonly string[] {
    return [...Object.values(this.#own), ...Object.values(this.#fromMesh), ...this.#passwords];
  }

  /** Counts a credential of git as a secret of the attempt, though its agent never sees it. */
  learned(credential: Result<GitCredential, WorkFailure>): Result<GitCredential, WorkFailure> {
    if (credential.ok) this.#passwords.add(credential.value.password);
    return credential;
  }

  /** The same without any of them, whatever an agent or a test has put into it. */
  redacted<T>(said: T): T {
    return redactedValue(said, this.secrets);
  }
}
