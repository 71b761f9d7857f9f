import { meshProject } from "../../core/ids.ts";
import type { AgentId, ProjectKey } from "../../core/ids.ts";
import { pool, settings, vault } from "../../durable-objects/remote.ts";
import type { CopiedPage } from "../../durable-objects/table-copies.ts";
import { now } from "../../platform/clock.ts";
import { withCopies } from "./copies.ts";
import { backupName, checksum, manifestObject, placeOf } from "./manifest.ts";
import type { Manifest, Part, PartKind } from "./manifest.ts";

/**
 * Copies the whole mesh to R2: settings, registry and agents (tokens as hashes), every project's state, journal and sealed secrets, every mailbox. Each
 * object as it stands at one moment; they go on meanwhile. The manifest is written last: what dies before is no backup.
 */
export async function makeBackup(env: Env, by: string): Promise<Manifest> {
  const at = now();
  const name = backupName(at);
  const parts: Part[] = [];
  const keep = async (kind: PartKind, of: string | null, page: number, text: string): Promise<void> => {
    const object = objectOf(kind, of, page);
    const bytes = new TextEncoder().encode(text);
    const sha256 = await checksum(bytes);
    await env.ARCHIVE.put(placeOf(name, object), bytes, { sha256 });
    parts.push({ object, kind, of, page, bytes: bytes.byteLength, sha256 });
  };
  const copy = (kind: "pool" | "orchestrator" | "mailbox", of: string | null): Promise<void> =>
    withCopies(env, kind, of, async (copies) => {
      let cursor: string | null = null;
      for (let page = 0; page === 0 || cursor !== null; page += 1) {
        const { lines, next }: CopiedPage = await copies.page(cursor);
        await keep(kind, of, page, lines);
        cursor = next;
      }
    });
  await keep("settings", null, 0, JSON.stringify(await settings(env).all()));
  const { projects, agents } = await known(env);
  for (const project of projects) {
    await copy("orchestrator", project);
    await copyVault(env, project, (page, text) => keep("vault", project, page, text));
  }
  for (const agent of agents) await copy("mailbox", agent);
  await copy("pool", null);
  const made: Manifest = { version: 1, name, at, by, projects: projects.length - 1, agents: agents.length, parts };
  await env.ARCHIVE.put(placeOf(name, manifestObject), JSON.stringify(made), { httpMetadata: { contentType: "application/json" } });
  return made;
}

/** What is there to be copied: registered projects, those on their way out, and `mesh`; agents that have a token or have registered. */
async function known(env: Env): Promise<{ projects: ProjectKey[]; agents: AgentId[] }> {
  const registry = pool(env);
  const [profiles, departures, tokens, views] = await Promise.all([
    registry.projects(),
    registry.departures(),
    registry.tokens(),
    registry.agents(),
  ]);
  const remote = views.filter(({ kind }) => kind === "remote").map(({ id }) => id);
  return {
    projects: [meshProject, ...profiles.map(({ key }) => key), ...departures.map(({ profile }) => profile.key)],
    agents: [...new Set([...tokens.map(({ agent }) => agent), ...remote])].toSorted(),
  };
}

async function copyVault(env: Env, project: ProjectKey, keep: (page: number, text: string) => Promise<void>): Promise<void> {
  const owner = vault(env, project);
  let cursor: number | null = null;
  for (let number = 0; number === 0 || cursor !== null; number += 1) {
    const { page, next }: { page: object; next: number | null } = await owner.exportPage(cursor);
    await keep(number, JSON.stringify(page));
    cursor = next;
  }
}

function objectOf(kind: PartKind, of: string | null, page: number): string {
  return [
    kind,
    ...(of === null ? [] : [of]),
    String(page).padStart(6, "0"),
    kind === "settings" || kind === "vault" ? "json" : "jsonl",
  ].join(".");
}
