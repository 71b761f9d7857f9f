import type { Command } from "commander";
import { findAccess, type AccessFlags } from "./configuration.ts";
import { MeshApi } from "./mesh-api.ts";
import { Output } from "./output.ts";

/** What a verb has at hand. */
export interface Mesh {
  readonly api: MeshApi;
  readonly out: Output;
}

/** Flags of every verb that speaks to a mesh. */
export interface MeshFlags extends AccessFlags {
  readonly json?: true;
}

/** A verb without a mesh: only `--json` beside its own flags. */
export function localVerb(parent: Command, usage: string, summary: string): Command {
  return parent.command(usage).description(summary).option("--json", "one JSON document instead of text");
}

/** A verb that speaks to a mesh, with the flags that say which. */
export function meshVerb(parent: Command, usage: string, summary: string): Command {
  return withMeshFlags(localVerb(parent, usage, summary));
}

export function withMeshFlags(command: Command): Command {
  return command
    .option("--url <url>", "address of the mesh; else MESH_URL, else the profile's")
    .option("--token-file <file>", "file with the token, - for the standard input; else MESH_TOKEN, else the profile's")
    .option("--profile <name>", "a mesh stored by mesh login; else MESH_PROFILE, else the current one");
}

/** An action that is given the mesh its flags name, before its arguments and flags. */
export function onMesh<A extends unknown[]>(
  act: (mesh: Mesh, ...given: A) => Promise<void> | void,
): (...given: [...A, Command]) => Promise<void> {
  return async (...given) => {
    const command = given.at(-1) as Command;
    const flags = command.opts<MeshFlags>();
    await act({ api: new MeshApi(findAccess(flags)), out: new Output(flags.json === true) }, ...(given.slice(0, -1) as A));
  };
}

/** A group of verbs; alone it shows what there is. */
export function verbGroup(parent: Command, name: string, summary: string): Command {
  return parent.command(name).description(summary);
}

/** Collects a flag that may be given several times. */
export function collect(value: string, all: readonly string[] | undefined): string[] {
  return [...(all ?? []), value];
}
