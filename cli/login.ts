import { existsSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { Command } from "commander";
import { localVerb, verbGroup } from "./command.ts";
import { configurationPath, meshUrl, readConfiguration, tokenIn, writeConfiguration, type MeshAccess } from "./configuration.ts";
import { exitCodes } from "./exit-codes.ts";
import { Failure, usage } from "./failure.ts";
import { MeshApi } from "./mesh-api.ts";
import { Output } from "./output.ts";
import { readSecret } from "./secret.ts";
import { send } from "./send.ts";

interface LoginFlags {
  readonly url?: string;
  readonly tokenFile?: string;
  readonly profile: string;
  readonly local?: string | true;
  readonly json?: true;
}

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const localUrl = "http://127.0.0.1:8788/api";

/** `mesh login`, `logout`, `profiles`: which meshes this user knows. */
export function addLogin(program: Command): void {
  localVerb(program, "login", "store a mesh's address and token, readable by you alone")
    .option("--url <url>", "address of the mesh: the Worker's, or the dashboard's")
    .option("--token-file <file>", "file with the token; else it is asked for, hidden, or read from the standard input")
    .option("--profile <name>", "under which name, for several meshes", "default")
    .option("--local [folder]", "the mesh that mesh start has put on this machine; its data folder, .mesh unless said")
    .action(async (flags: LoginFlags) => {
      const out = new Output(flags.json === true);
      const { url, token } = flags.local === undefined ? await asked(out, flags) : local(flags);
      const found = await meshAt({ url, token, from: "login" });
      const { role } = await new MeshApi(found).session();
      const { profiles } = readConfiguration();
      writeConfiguration({ current: flags.profile, profiles: { ...profiles, [flags.profile]: { url: found.url, token } } });
      const stored = { profile: flags.profile, url: found.url, role, file: configurationPath() };
      out.answer(stored, () =>
        out.line(`Logged in to ${found.url} as ${role}; profile ${out.colours.bold(flags.profile)} in ${stored.file}.`),
      );
    });
  localVerb(program, "logout", "forget a stored mesh and its token")
    .option("--profile <name>", "which; the current one unless said")
    .action((flags: { profile?: string; json?: true }) => {
      const out = new Output(flags.json === true);
      const { current, profiles } = readConfiguration();
      const name = flags.profile ?? current;
      if (name === undefined || !profiles[name]) throw usage(name === undefined ? "No mesh is stored." : `There is no profile ${name}.`);
      const { [name]: _gone, ...left } = profiles;
      const next = current === name ? Object.keys(left)[0] : current;
      writeConfiguration({ ...(next === undefined ? {} : { current: next }), profiles: left });
      out.answer({ forgotten: name, current: next ?? null }, () => out.line(`${name} is forgotten.${next ? ` Current is ${next}.` : ""}`));
    });
  const group = verbGroup(program, "profiles", "the meshes you have logged in to");
  localVerb(group, "list", "every stored mesh, never its token").action((flags: { json?: true }) => {
    const out = new Output(flags.json === true);
    const { current, profiles } = readConfiguration();
    const items = Object.entries(profiles).map(([name, { url }]) => ({ name, url, current: name === current }));
    out.answer({ items, cursor: null }, () =>
      out.table(
        items,
        [
          { head: "", of: (row) => (row.current ? "*" : "") },
          { head: "profile", of: ({ name }) => name },
          { head: "mesh", of: ({ url }) => url, least: 20 },
        ],
        "No mesh is stored. mesh login --url https://… stores one.",
      ),
    );
  });
  localVerb(group, "use", "make a stored mesh the current one")
    .argument("<name>")
    .action((name: string, flags: { json?: true }) => {
      const out = new Output(flags.json === true);
      const configuration = readConfiguration();
      if (!configuration.profiles[name]) throw usage(`There is no profile ${name}.`, "mesh profiles list");
      writeConfiguration({ ...configuration, current: name });
      out.answer({ current: name }, () => out.line(`Current is ${name}: ${configuration.profiles[name]?.url}`));
    });
}

async function asked(out: Output, flags: LoginFlags): Promise<{ url: string; token: string }> {
  const url = flags.url ?? process.env["MESH_URL"];
  if (!url) throw usage("Which mesh?", "mesh login --url https://<worker>", "mesh login --local   for the mesh of mesh start");
  const checked = meshUrl(url);
  return { url: checked, token: flags.tokenFile === undefined ? await readSecret(out, `Token for ${checked}`) : tokenIn(flags.tokenFile) };
}

/** The operator's token that a local mesh has made for itself. */
function local(flags: LoginFlags): { url: string; token: string } {
  const folder = resolve(root, typeof flags.local === "string" ? flags.local : ".mesh");
  const file = join(folder, "secrets.json");
  if (!existsSync(file)) throw usage(`${folder} holds no local mesh.`, "mesh start   begins one");
  const { operatorToken } = JSON.parse(readFileSync(file, "utf8")) as { operatorToken: string };
  return { url: meshUrl(flags.url ?? localUrl), token: operatorToken };
}

/** The mesh at an address, or under its `/api`, where a dashboard has it. */
async function meshAt(access: MeshAccess): Promise<MeshAccess> {
  const candidates = [access.url, `${access.url}/api`].map((url) => ({ ...access, url }));
  let first: unknown;
  for (const candidate of candidates) {
    try {
      const { response } = await send({ ...candidate, token: null }, { method: "GET", path: "/healthz" });
      const said = (await response.json().catch(() => null)) as { status?: unknown } | null;
      if (said?.status === "ok") return candidate;
    } catch (error) {
      first ??= error;
    }
  }
  throw first instanceof Failure
    ? first
    : new Failure({
        exitCode: exitCodes.unreachable,
        reason: "not-a-mesh",
        message: `There is no mesh at ${access.url}.`,
        fix: ["check the address: the Worker's own, or the dashboard's"],
      });
}
