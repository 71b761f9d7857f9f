import tab from "@bomb.sh/tab/commander";
import type { Argument, Option, RootCommand } from "@bomb.sh/tab";
import type { Command } from "commander";
import { findAccess, readConfiguration } from "./configuration.ts";
import { MeshApi } from "./mesh-api.ts";

/** A shell waits for the answer, and a person for the shell. */
const patienceMs = 1_000;

/**
 * The script that comes with the package needs bash-completion, which many machines lack, and evaluates the line that is being typed: a command
 * substitution in it would run at the Tab key. This one passes the words on as they are.
 */
const bashScript = [
  "# bash completion for mesh",
  "_mesh_complete() {",
  "  local word rest",
  "  COMPREPLY=()",
  "  while IFS=$'\\t' read -r word rest; do",
  '    [[ -z $word || $word == :* ]] || COMPREPLY+=("$word")',
  '  done < <(mesh complete -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)',
  "}",
  "complete -o default -F _mesh_complete mesh",
  "",
].join("\n");

/**
 * `mesh completion <shell>`: a script for bash, zsh or fish that asks `mesh complete` what may follow. To be added after all other verbs. Names of
 * projects, issues, agents and profiles are offered when the mesh tells them at once.
 */
export async function addCompletion(program: Command): Promise<void> {
  const completions = tab(program, { completionCommandName: "completion" });
  program.commands
    .find((command) => command.name() === "completion")
    ?.description("print a script that completes mesh in bash, zsh or fish")
    .action((shell: string) => {
      if (shell === "bash") process.stdout.write(bashScript);
      else completions.setup("mesh", "mesh", shell);
    });
  const [, , verb, ...words] = process.argv;
  if (verb === "complete")
    await offerNames(
      completions,
      words.filter((word) => word !== "--"),
    );
}

async function offerNames(completions: RootCommand, words: readonly string[]): Promise<void> {
  const before = words.slice(0, -1);
  const verb = [...completions.commands.values()]
    .filter(({ value }) => value.split(" ").every((part, index) => before[index] === part))
    .toSorted((one, other) => other.value.length - one.value.length)[0];
  if (verb === undefined) return;
  const argument = [...verb.arguments.values()][0];
  if (before.at(-1) === "--profile") return offer(verb.options.get("profile"), Object.keys(stored()));
  const names = argument === undefined ? undefined : namesFor(verb.value, argument.name);
  if (names !== undefined) offer(argument, await names);
}

function namesFor(verb: string, argument: string): Promise<readonly string[]> | undefined {
  if (verb === "profiles use") return Promise.resolve(Object.keys(stored()));
  if (argument === "project") return asked(async (api) => (await api.projects()).items.map(({ name }) => name));
  if (argument === "issue") return asked(async (api) => (await api.runs({ active: 1 })).items.map(({ key }) => key));
  if (argument === "id" && verb.startsWith("agents ")) return asked(async (api) => (await api.agents()).items.map(({ id }) => id));
  if (argument === "id" && verb === "questions answer")
    return asked(async (api) => (await api.questions({ open: 1 })).items.map(({ id }) => id));
  return undefined;
}

function stored(): Readonly<Record<string, unknown>> {
  return silently(() => readConfiguration().profiles) ?? {};
}

/** Nothing rather than an error: it would be printed into the line that is being typed. */
async function asked(read: (api: MeshApi) => Promise<readonly string[]>): Promise<readonly string[]> {
  const access = silently(() => findAccess({}));
  if (access === undefined) return [];
  const tooLate = new Promise<readonly string[]>((resolve) => setTimeout(resolve, patienceMs, []).unref());
  return Promise.race([read(new MeshApi(access)).catch(() => []), tooLate]);
}

function silently<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

function offer(place: Argument | Option | undefined, names: readonly string[]): void {
  if (place === undefined) return;
  place.handler = (complete) => {
    for (const name of names) complete(name, "");
  };
}
