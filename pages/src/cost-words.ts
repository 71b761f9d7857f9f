/** Null where the mesh itself asked a model. */
export function agentWord(agent: string | null): string {
  return agent ?? "the mesh itself";
}

/** A phase comes in upper case. */
export function phaseWord(phase: string): string {
  return phase === "QA" ? "QA" : phase.toLowerCase();
}
