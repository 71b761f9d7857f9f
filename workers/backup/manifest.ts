import * as z from "zod";
import { hex } from "../../platform/keys.ts";
import { randomId } from "../../platform/random-id.ts";

/** What a part of a backup is of: the object and its name; `of` is null for the only one of its kind. */
export const partKinds = ["settings", "pool", "orchestrator", "vault", "mailbox"] as const;
export type PartKind = (typeof partKinds)[number];

const part = z.object({
  /** Within the backup. */
  object: z.string().regex(/^[A-Za-z0-9._=-]{1,250}$/),
  kind: z.enum(partKinds),
  of: z.string().nullable(),
  page: z.number().int().nonnegative(),
  bytes: z.number().int().nonnegative(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});

/**
 * What a backup holds, page by page. It is written last: objects without it are no backup. Pages of one object are in their order. Stored. Fields are
 * only added, with a default.
 */
export const manifest = z.object({
  version: z.literal(1),
  name: z.string(),
  at: z.number(),
  by: z.string(),
  projects: z.number(),
  agents: z.number(),
  parts: z.array(part),
});
export type Manifest = z.output<typeof manifest>;
export type Part = Manifest["parts"][number];

const form = /^\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d-[0-9a-z]{8}$/;
export const manifestObject = "manifest.json";
export const backupsPrefix = "backups/";

/** A new backup's name: the time (UTC), so that names sort by age, and some characters so that two do not meet. */
export function backupName(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19).replaceAll(":", "-")}-${randomId().slice(0, 8)}`;
}

export function isBackupName(text: string): boolean {
  return form.test(text);
}

/** Where an object of a backup lies in the archive. */
export function placeOf(name: string, object: string): string {
  return `${backupsPrefix}${name}/${object}`;
}

export async function readManifest(env: Env, name: string): Promise<Manifest | undefined> {
  const stored = await env.ARCHIVE.get(placeOf(name, manifestObject));
  const parsed = stored && manifest.safeParse(await stored.json().catch(() => null));
  return parsed?.success ? parsed.data : undefined;
}

export async function checksum(bytes: BufferSource): Promise<string> {
  return hex(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)));
}

export function bytesOf({ parts }: Manifest): number {
  return parts.reduce((sum, { bytes }) => sum + bytes, 0);
}
