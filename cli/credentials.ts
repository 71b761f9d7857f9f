import { readFileSync } from "node:fs";
import { parseEnv } from "node:util";
import type { Command } from "commander";
import type { CredentialPush, CredentialRecord, CredentialView, RefreshGrant } from "../core/credentials/credential.ts";
import type { Moment } from "../core/time.ts";
import { collect, meshVerb, onMesh, verbGroup, type Mesh } from "./command.ts";
import { unreadable, usage } from "./failure.ts";
import { pages, showPage, withPages, type PageFlags } from "./paging.ts";
import { jsonArgument, momentArgument, projectName } from "./parse.ts";
import { confirm } from "./prompt.ts";
import { readSecret } from "./secret.ts";
import { relative, shortWhen, when } from "./when.ts";

interface PushFlags {
  readonly name?: string;
  readonly env?: string[];
  readonly variable: string;
  readonly file?: string;
  readonly expires?: Moment;
  readonly refresh?: string;
}

/** `mesh credentials`: what a project's coding agents log in with. Values go in and never come out. */
export function addCredentials(program: Command): void {
  const group = verbGroup(program, "credentials", "what a project's coding agents log in with");
  meshVerb(
    group,
    "push",
    "store a credential, encrypted; without --env or --file its value is asked for, hidden, or read from the standard input",
  )
    .argument("<project>", "owner/name", projectName)
    .option("--env <NAME>", "a variable, with its value in this environment (repeatable)", collect)
    .option("--file <file>", "variables as in a .env file")
    .option("--variable <NAME>", "which variable the value asked for is", "ANTHROPIC_API_KEY")
    .option("--name <name>", "of the credential; the agent's own is agent")
    .option("--expires <moment>", "ISO 8601 or epoch milliseconds", momentArgument)
    .option("--refresh <file>", "JSON file with tokenUrl, clientId, refreshToken and variable, for a token the mesh is to renew")
    .action(onMesh(push));
  meshVerb(group, "health", "whether there is one that holds, and until when")
    .argument("<project>", "owner/name", projectName)
    .action(
      onMesh(async ({ api, out }, project: string) => {
        const health = await api.credentialHealth(project);
        out.answer(health, () => {
          out.pairs([
            ["valid", health.hasValidCredential ? "yes" : "no", health.hasValidCredential ? out.colours.green : out.colours.red],
            ["expires", health.expiresAt === null ? "no expiry known" : when(health.expiresAt)],
            ["refresh", health.hasRefreshToken ? "by the mesh, ahead of expiry" : "none"],
            ["last refresh", health.lastRefreshAt === null ? null : when(health.lastRefreshAt)],
            ["active bundle", health.activeBundleId],
          ]);
          out.line();
          showCredentials({ api, out }, health.credentials);
          if (!health.hasValidCredential) out.note(`mesh credentials push ${project}   stores one`);
        });
      }),
    );
  withPages(meshVerb(group, "history", "what was done with a project's credentials and by whom, newest first"))
    .argument("<project>", "owner/name", projectName)
    .action(
      onMesh(async ({ api, out }, project: string, flags: PageFlags) => {
        const page = await pages((query) => api.credentialHistory(project, query), flags);
        showPage<CredentialRecord>(
          out,
          page,
          [
            { head: "no.", of: ({ seq }) => String(seq), align: "right", drop: 1 },
            { head: "when", of: ({ at }) => shortWhen(at) },
            { head: "credential", of: ({ name, version }) => `${name} v${version}` },
            {
              head: "action",
              of: ({ action }) => action,
              paint: (text, row) => (/refused|failed/.test(row.action) ? out.colours.red(text) : text),
            },
            { head: "by", of: ({ by }) => by, least: 8 },
            { head: "detail", of: ({ detail }) => detail, least: 14 },
          ],
          "Nothing was done with credentials of this project yet.",
        );
      }),
    );
  meshVerb(group, "refresh", "renew a credential at its provider, now")
    .argument("<project>", "owner/name", projectName)
    .option("--name <name>", "of the credential; the agent's own unless said")
    .action(
      onMesh(async ({ api, out }, project: string, flags: { name?: string }) => {
        const view = await api.refreshCredential(project, flags.name);
        out.answer(view, () =>
          out.line(`${view.name} is renewed${view.expiresAt === null ? "" : `; it expires ${when(view.expiresAt)}`}.`),
        );
      }),
    );
  meshVerb(group, "remove", "wipe a credential; what runners were given of it ends with its bundle")
    .argument("<project>", "owner/name", projectName)
    .argument("<name>", "of the credential")
    .option("--yes", "without asking")
    .action(
      onMesh(async ({ api, out }, project: string, name: string, flags: { yes?: true }) => {
        await confirm(out, `The credential ${name} of ${project} is wiped.`, flags.yes);
        await api.removeCredential(project, name);
        out.answer({ removed: name, project }, () => out.line(`${name} of ${project} is wiped.`));
      }),
    );
}

async function push(mesh: Mesh, project: string, flags: PushFlags): Promise<void> {
  const { api, out } = mesh;
  const variables = await variablesOf(mesh, flags);
  const refresh = flags.refresh === undefined ? undefined : (jsonArgument(`@${flags.refresh}`, "--refresh") as RefreshGrant);
  const pushed: Partial<CredentialPush> & Pick<CredentialPush, "variables"> = {
    variables,
    ...(flags.name === undefined ? {} : { name: flags.name }),
    ...(flags.expires === undefined ? {} : { expiresAt: flags.expires }),
    ...(refresh === undefined ? {} : { refresh }),
  };
  const view = await api.pushCredential(project, pushed);
  out.answer(view, () => {
    out.line(`${view.name} of ${project} is stored, encrypted, as version ${view.version}: ${view.variables.join(", ")}.`);
    out.line(view.expiresAt === null ? "It has no expiry that is known." : `It expires ${when(view.expiresAt)}.`);
  });
}

/** Values come from the environment, a file, the terminal or the standard input; never from the command line, which others can see. */
async function variablesOf({ out }: Mesh, flags: PushFlags): Promise<Record<string, string>> {
  if (flags.env === undefined && flags.file === undefined) {
    const value = await readSecret(out, flags.variable);
    return { [flags.variable]: value };
  }
  const fromFile = flags.file === undefined ? {} : variablesIn(flags.file);
  const fromEnv = (flags.env ?? []).map((name) => {
    const value = process.env[name];
    if (name.includes("="))
      throw usage("--env takes only the name: a value on the command line can be seen by others.", `export ${name.split("=")[0]}=…`);
    if (!value) throw usage(`${name} is not set in this environment.`);
    return [name, value] as const;
  });
  return { ...fromFile, ...Object.fromEntries(fromEnv) };
}

function variablesIn(file: string): Record<string, string> {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    throw unreadable(file, error);
  }
  const entries = Object.entries(parseEnv(text)).filter((entry): entry is [string, string] => Boolean(entry[1]));
  if (entries.length === 0) throw usage(`${file} holds no variables of the form NAME=value.`);
  return Object.fromEntries(entries);
}

function showCredentials({ out }: Mesh, credentials: readonly CredentialView[]): void {
  out.table(
    credentials,
    [
      { head: "credential", of: ({ name, version }) => `${name} v${version}` },
      { head: "variables", of: ({ variables }) => variables.join(", "), least: 12 },
      { head: "pushed", of: ({ pushedBy, pushedAt }) => `${pushedBy}, ${shortWhen(pushedAt)}`, least: 11 },
      { head: "expires", of: ({ expiresAt }) => (expiresAt === null ? "" : relative(expiresAt)) },
      {
        head: "state",
        of: ({ invalidatedAt }) => (invalidatedAt === null ? "holds" : `invalid since ${shortWhen(invalidatedAt)}`),
        least: 10,
      },
    ],
    "No credential is stored.",
  );
}
