import * as z from "zod";
import { parseProjectKey } from "../../core/ids.ts";
import { notFound } from "./errors.ts";
import type { Routes } from "./routes.ts";

const prefix = "journal/";
const archived = /^journal\/([^/]+)\/(\d{16})\.jsonl$/;

/** The archived journals, for replaying them into a new read model and for reading what happened long ago. */
export function addArchive(routes: Routes): void {
  routes.add(
    {
      method: "get",
      path: "/ops/archive",
      tag: "operations",
      summary: "The objects of the journals' archive, project by project, each project's oldest first",
      access: "operator",
      query: z.object({ cursor: z.string().max(2_000).optional(), limit: z.coerce.number().int().min(1).max(1_000).default(200) }),
      answers: { 200: "a page; `place` names an object of its project" },
    },
    async (c, { query }) => {
      const { limit, cursor } = query;
      const listed = await c.env.ARCHIVE.list({ prefix, limit, ...(cursor === undefined ? {} : { cursor }) });
      const items = listed.objects.flatMap(({ key, size, uploaded }) => {
        const [, project, place] = archived.exec(key) ?? [];
        return project && place ? [{ project, place, bytes: size, archivedAt: uploaded.getTime() }] : [];
      });
      return c.json({ items, cursor: listed.truncated ? listed.cursor : null });
    },
  );
  routes.add(
    {
      method: "get",
      path: "/ops/archive/:project/:place",
      tag: "operations",
      summary: "One object of the archive: a journal entry a line, with its inputs and events",
      access: "operator",
      params: z.object({ project: z.string().refine((key) => parseProjectKey(key) !== undefined), place: z.string().regex(/^\d{16}$/) }),
      answers: { 200: "JSON lines", 404: "no such object" },
    },
    async (c, { params }) => {
      const object = await c.env.ARCHIVE.get(`${prefix}${params.project}/${params.place}.jsonl`);
      return object ? new Response(object.body, { headers: { "content-type": "application/jsonl" } }) : notFound("object in the archive");
    },
  );
}
