import { createReadStream, readdirSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Command } from "commander";
import type { JournalEntry, JournalPage } from "../core/events.ts";
import { parseProjectKey, type ProjectKey } from "../core/ids.ts";
import type { Replayed } from "../drizzle/replay-journal.ts";
import { findAccess } from "./configuration.ts";
import { databaseOf, type DatabaseFlags } from "./database-flags.ts";
import { unreadable, usage } from "./failure.ts";
import { MeshApi } from "./mesh-api.ts";
import { Output } from "./output.ts";
import { startSpinner } from "./spinner.ts";

interface Flags extends DatabaseFlags {
  from?: string;
  mesh?: string;
  tokenFile?: string;
  profile?: string;
}

/** A project's archived journal, and what its orchestrator has beyond it. */
interface Source {
  readonly project: ProjectKey;
  entries(): AsyncIterable<JournalEntry>;
}

/** Adds `replay` to `mesh db`, whose verb already has the flags of the database. */
export function addReplay(verb: Command): void {
  verb
    .option("--from <folder>", "downloaded archive: <folder>/<project key>/<place>.jsonl; else the archive is read through the mesh")
    .option("--mesh <url>", "address of the mesh; else MESH_URL, else the profile's")
    .option("--token-file <file>", "file with the operator's token, - for the standard input; else MESH_TOKEN, else the profile's")
    .option("--profile <name>", "a mesh stored by mesh login; else MESH_PROFILE, else the current one")
    .action(replay);
}

async function replay(flags: Flags): Promise<void> {
  const out = new Output(flags.json === true);
  const [{ migrate }, { openDatabase }, { replayJournal }] = await Promise.all([
    import("../drizzle/migrate.ts"),
    import("../drizzle/database.ts"),
    import("../drizzle/replay-journal.ts"),
  ]);
  const [url, fetchEndpoint] = databaseOf(flags);
  const sources = flags.from === undefined ? await archiveOf(flags) : folderOf(flags.from);
  await migrate(url, fetchEndpoint);
  const db = openDatabase({ url, fetchEndpoint });
  const replayed: Replayed[] = [];
  for (const source of sources) {
    const spinner = startSpinner(out, `replaying ${source.project}`);
    replayed.push(await replayJournal(db, source.project, source.entries()).finally(() => spinner.stop()));
  }
  out.answer({ items: replayed }, () =>
    out.table<Replayed>(
      replayed,
      [
        { head: "project", of: ({ project }) => project },
        { head: "had", of: ({ from }) => String(from), align: "right" },
        { head: "has", of: ({ upTo }) => String(upTo), align: "right" },
        { head: "put aside", of: ({ refused }) => String(refused), align: "right" },
      ],
      "The archive is empty.",
    ),
  );
}

/** Every project of a folder, its files oldest first. */
function folderOf(folder: string): Source[] {
  let projects: string[];
  try {
    projects = readdirSync(folder, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []));
  } catch (error) {
    throw unreadable(folder, error);
  }
  const sources = projects.toSorted().flatMap((name) => {
    const project = parseProjectKey(name);
    const files = readdirSync(join(folder, name)).filter((file) => /^\d+\.jsonl$/.test(file));
    return project && files.length > 0
      ? [{ project, entries: () => entriesIn(files.toSorted().map((file) => join(folder, name, file))) }]
      : [];
  });
  if (sources.length === 0) throw usage(`${folder} holds no archive: <project key>/<place>.jsonl is looked for.`);
  return sources;
}

async function* entriesIn(files: readonly string[]): AsyncIterable<JournalEntry> {
  for (const file of files)
    for await (const line of createInterface({ input: createReadStream(file, "utf8"), crlfDelay: Number.POSITIVE_INFINITY }))
      if (line !== "") yield JSON.parse(line) as JournalEntry;
}

/** Every project of the mesh's archive, deleted ones too. */
async function archiveOf(flags: Flags): Promise<Source[]> {
  const api = new MeshApi(findAccess({ url: flags.mesh, tokenFile: flags.tokenFile, profile: flags.profile }));
  const places = new Map<ProjectKey, string[]>();
  for (let cursor: string | undefined, more = true; more;) {
    const page = await api.archive({ limit: 1_000, cursor });
    for (const { project, place } of page.items) places.set(project, [...(places.get(project) ?? []), place]);
    cursor = page.cursor === null ? undefined : String(page.cursor);
    more = page.cursor !== null;
  }
  const names = new Map((await api.projects()).items.map(({ key, name }) => [key, name] as const));
  for (const key of names.keys()) if (!places.has(key)) places.set(key, []);
  return [...places].map(([project, own]) => ({ project, entries: () => throughMesh(api, project, own.toSorted(), names.get(project)) }));
}

/** The archive first, then what the orchestrator has not archived yet. */
async function* throughMesh(
  api: MeshApi,
  project: ProjectKey,
  places: readonly string[],
  name: string | undefined,
): AsyncIterable<JournalEntry> {
  let last = 0;
  for (const place of places) {
    for (const line of (await api.archivedJournal(project, place)).split("\n")) {
      if (line === "") continue;
      const entry = JSON.parse(line) as JournalEntry;
      last = Math.max(last, entry.events.at(-1)?.seq ?? 0);
      yield entry;
    }
  }
  if (name === undefined) return;
  for (let more = true; more;) {
    const page: JournalPage = await api.journal(name, last);
    const [first] = page.events;
    if (first) yield { seq: first.seq, at: first.at, inputs: [], events: page.events };
    last = page.upTo;
    ({ more } = page);
  }
}
