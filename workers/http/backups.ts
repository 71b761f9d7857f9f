import * as z from "zod";
import { deleteObjects } from "../projects/delete-objects.ts";
import { listBackups, viewBackup } from "../backup/list-backups.ts";
import { makeBackup } from "../backup/make-backup.ts";
import { backupsPrefix, bytesOf, isBackupName, manifest, manifestObject, placeOf, readManifest } from "../backup/manifest.ts";
import { restoreBackup } from "../backup/restore-backup.ts";
import type { RestoreRefusal } from "../backup/restore-backup.ts";
import { parseJson, readBody, utf8 } from "./body.ts";
import { issuesOf, notFound, problem } from "./errors.ts";
import type { HttpContext } from "./http.ts";
import type { Routes } from "./routes.ts";

const named = z.object({ name: z.string().refine(isBackupName) });
const objectParams = named.extend({ object: z.string().regex(/^[A-Za-z0-9._=-]{1,250}$/) });
/** A page is about 2 MB; a manifest names every page. */
const mostBytes = 64 * 1024 * 1024;
const mostManifestBytes = 16 * 1024 * 1024;

/** Copies of the whole mesh: made, listed, carried elsewhere, brought back. They hold everything but plain secrets, so they are the operators' only. */
export function addBackups(routes: Routes): void {
  const about = { tag: "backups", access: "operator" } as const;
  routes.add(
    {
      ...about,
      method: "post",
      path: "/ops/backup",
      summary: "Copies the whole mesh to R2: settings, registry, agents, every project's state, journal and sealed secrets",
      answers: { 201: "made: its name, objects and bytes" },
    },
    async (c) => {
      const made = await makeBackup(c.env, c.get("by"));
      return c.json({ name: made.name, at: made.at, objects: made.parts.length + 1, bytes: bytesOf(made) }, 201);
    },
  );
  routes.add(
    { ...about, method: "get", path: "/ops/backups", summary: "Every whole backup, newest first", answers: { 200: "the backups" } },
    async (c) => c.json({ items: await listBackups(c.env), cursor: null }),
  );
  routes.add(
    {
      ...about,
      method: "get",
      path: "/ops/backups/:name",
      summary: "One backup",
      params: named,
      answers: { 200: "the backup", 404: "unknown, or not whole" },
    },
    async (c, { params }) => {
      const view = await viewBackup(c.env, params.name);
      return view === undefined ? notFound("backup") : c.json(view);
    },
  );
  routes.add(
    {
      ...about,
      method: "get",
      path: "/ops/backups/:name/objects",
      summary: "The objects of a backup, to be carried elsewhere: each with its bytes and SHA-256; the manifest comes last",
      params: named,
      answers: { 200: "the objects, in the order in which they are to be put", 404: "unknown, or not whole" },
    },
    async (c, { params }) => {
      const found = await readManifest(c.env, params.name);
      if (found === undefined) return notFound("backup");
      const parts = found.parts.map(({ object, bytes, sha256 }) => ({ object, bytes, sha256 }));
      return c.json({ items: [...parts, { object: manifestObject, bytes: null, sha256: null }], cursor: null });
    },
  );
  routes.add(
    {
      ...about,
      method: "get",
      path: "/ops/backups/:name/:object",
      summary: "One object of a backup as it is",
      params: objectParams,
      answers: { 200: "its bytes", 404: "unknown" },
    },
    async (c, { params }) => {
      const stored = await c.env.ARCHIVE.get(placeOf(params.name, params.object));
      if (stored === null) return notFound("object");
      const headers = { "content-type": "application/octet-stream", "content-length": String(stored.size), "cache-control": "no-store" };
      return new Response(stored.body, { headers });
    },
  );
  routes.add(
    {
      ...about,
      method: "put",
      path: "/ops/backups/:name/:object",
      summary: "Puts an object of a backup made elsewhere; its manifest last, which is taken when everything it names is here",
      params: objectParams,
      answers: {
        204: "put",
        400: "no manifest",
        409: "the backup is whole already, or objects are missing: each is named",
        411: "without a length",
        413: "too large",
      },
    },
    (c, { params }) => putObject(c, params),
  );
  routes.add(
    {
      ...about,
      method: "delete",
      path: "/ops/backups/:name",
      summary: "Deletes a backup",
      params: named,
      answers: { 204: "deleted", 404: "unknown" },
    },
    async (c, { params }) => {
      const deleted = await deleteObjects(c.env, [`${backupsPrefix}${params.name}/`]);
      return deleted > 0 ? c.body(null, 204) : notFound("backup");
    },
  );
  routes.add(
    {
      ...about,
      method: "post",
      path: "/ops/restore",
      summary: "Brings a backup back into a mesh that is empty; asked again it goes on where it broke off",
      body: z.strictObject({ name: z.string().refine(isBackupName, "the name of a backup") }),
      answers: {
        200: "restored: everything goes on from where it stood",
        404: "no such backup",
        409: "the mesh is not empty, or another backup is being restored",
        422: "the backup is damaged, from a newer version, or sealed under another master key",
      },
    },
    async (c, { body }) => {
      const restored = await restoreBackup(c.env, c.get("createClients")(c.env), body.name, c.get("by"));
      return restored.ok ? c.json(restored.value) : problem(statusOf[restored.error.reason], restored.error.reason, restored.error.detail);
    },
  );
}

const statusOf: Readonly<Record<RestoreRefusal["reason"], number>> = {
  "unknown-backup": 404,
  "not-empty": 409,
  "restoring-another": 409,
  damaged: 422,
  "newer-version": 422,
  "secrets-refused": 422,
};

async function putObject(c: HttpContext, { name, object }: z.output<typeof objectParams>): Promise<Response> {
  if ((await readManifest(c.env, name)) !== undefined)
    return problem(409, "backup-is-whole", "A whole backup is not changed. Delete it first.");
  if (object === manifestObject) return putManifest(c, name);
  const length = Number(c.req.header("content-length") ?? Number.NaN);
  if (!Number.isInteger(length) || c.req.raw.body === null) return problem(411, "length-required", "Send the object's length.");
  if (length > mostBytes) return problem(413, "body-too-large", `An object may have at most ${mostBytes} bytes.`);
  await c.env.ARCHIVE.put(placeOf(name, object), c.req.raw.body);
  return c.body(null, 204);
}

async function putManifest(c: HttpContext, name: string): Promise<Response> {
  const bytes = await readBody(c.req.raw, mostManifestBytes);
  if (!bytes.ok) return problem(413, "body-too-large", `A manifest may have at most ${mostManifestBytes} bytes.`);
  const parsed = manifest.safeParse(parseJson(utf8(bytes.value))?.value);
  if (!parsed.success) return problem(400, "invalid-input", "This is no manifest.", issuesOf(parsed.error));
  if (parsed.data.name !== name) return problem(400, "invalid-input", `This is the manifest of ${parsed.data.name}.`);
  const missing: { path: string; message: string }[] = [];
  for (const part of parsed.data.parts) {
    const stored = await c.env.ARCHIVE.head(placeOf(name, part.object));
    if (stored?.size !== part.bytes) missing.push({ path: part.object, message: stored === null ? "missing" : "of another size" });
  }
  if (missing.length > 0) return problem(409, "objects-missing", "Put everything else first.", missing);
  await c.env.ARCHIVE.put(placeOf(name, manifestObject), bytes.value, { httpMetadata: { contentType: "application/json" } });
  return c.body(null, 204);
}
