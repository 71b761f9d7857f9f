import { listDurableObjectIds, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import type { SecretSearch } from "./secret-search.ts";

/** Every namespace of Durable Objects that the Worker has. */
const namespaces = {
  ORCHESTRATORS: env.ORCHESTRATORS,
  POOL: env.POOL,
  MAILBOXES: env.MAILBOXES,
  LIVE: env.LIVE,
  FEEDS: env.FEEDS,
  SETTINGS: env.SETTINGS,
  VAULTS: env.VAULTS,
} as const satisfies Partial<Env>;

/** How much of each kind there was to look at. */
export interface Looked {
  readonly objects: Readonly<Record<string, number>>;
  readonly files: number;
}

/** Looks for secrets in everything that this isolate's mesh has stored: rows and values of every Durable Object, and every file in R2, names included. */
export async function lookThroughMesh(search: SecretSearch): Promise<Looked> {
  const objects: Record<string, number> = {};
  for (const [name, namespace] of Object.entries(namespaces)) {
    const ids = await listDurableObjectIds(namespace as DurableObjectNamespace);
    objects[name] = ids.length;
    for (const id of ids) {
      const stored = await runInDurableObject((namespace as DurableObjectNamespace).get(id), (_, state) => storedIn(state.storage));
      search.lookInto(`${name} ${id.name ?? id.toString()}`, stored);
    }
  }
  return { objects, files: await lookThroughBucket(search) };
}

function storedIn({ sql, kv }: DurableObjectStorage): Record<string, unknown> {
  const tables = sql
    .exec<{ name: string }>("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_cf\\_%' ESCAPE '\\'")
    .toArray();
  return Object.fromEntries([
    ...tables.map(({ name }) => [name, sql.exec(`SELECT * FROM "${name}"`).toArray()] as const),
    ["kv", [...kv.list()]] as const,
  ]);
}

async function lookThroughBucket(search: SecretSearch): Promise<number> {
  let files = 0;
  for (let cursor: string | undefined; ;) {
    const page: R2Objects = await env.ARCHIVE.list(cursor === undefined ? {} : { cursor });
    for (const { key, customMetadata } of page.objects) {
      const file = await env.ARCHIVE.get(key);
      search.lookInto(`R2 ${key}`, [key, customMetadata, file === null ? "" : new Uint8Array(await file.arrayBuffer())]);
      files += 1;
    }
    if (!page.truncated) return files;
    cursor = page.cursor;
  }
}
