import type { AuthMethod } from "@agentclientprotocol/sdk";

/** What an agent says of the ways to log in, in one line for people; empty when it names none. */
export function loginWords(methods: readonly AuthMethod[]): string {
  return methods
    .slice(0, 8)
    .map(({ name, description }) => (description ? `${name} (${description})` : name))
    .join("; ")
    .replaceAll(/\s+/g, " ")
    .slice(0, 1_000);
}

/**
 * The variable in which an agent takes its key, when one of its ways names any. Agents run with a home of their own, so that this is the way that
 * reaches them; a login in a person's home does not.
 */
export function keyVariable(methods: readonly AuthMethod[]): string | undefined {
  for (const { id, name, description } of methods) {
    const [found] = /\b[A-Z][A-Z0-9]*_(?:[A-Z0-9]+_)*(?:KEY|TOKEN)\b/.exec(`${id} ${name} ${description ?? ""}`) ?? [];
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The command lines that log a person in, of ways that have one: the agent's own, with the way's arguments and variables. */
export function loginCommands(command: string, methods: readonly AuthMethod[]): string[] {
  return methods.flatMap((method) => {
    if (!("type" in method) || method.type !== "terminal") return [];
    const variables = Object.entries(method.env ?? {}).map(([name, value]) => `${name}=${quoted(value)}`);
    return [[...variables, command, ...(method.args ?? []).map(quoted)].join(" ")];
  });
}

function quoted(word: string): string {
  return /^[\w./:=@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
