import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import type { Command } from "commander";
import * as z from "zod";
import type { BackupListed } from "./answers.ts";
import { bytesText } from "./bytes-text.ts";
import { meshVerb, onMesh, verbGroup } from "./command.ts";
import { exitCodes } from "./exit-codes.ts";
import { Failure, unreadable, usage } from "./failure.ts";
import { confirm } from "./prompt.ts";
import { showDocument } from "./show-document.ts";
import { startSpinner } from "./spinner.ts";
import { shortWhen } from "./when.ts";

/** `mesh backup`: copies of what the mesh knows, and bringing one back. */
export function addBackup(program: Command): void {
  const group = verbGroup(program, "backup", "copies of vault, settings and journals");
  meshVerb(group, "create", "make one now; the mesh makes one every night by itself").action(
    onMesh(async ({ api, out }) => {
      const spinner = startSpinner(out, "copying vault, settings and journals");
      const made = await api.backUp().finally(() => spinner.stop());
      out.answer(made, () => out.line(`${made.name}: ${made.objects} objects, ${bytesText(made.bytes)}.`));
    }),
  );
  meshVerb(group, "list", "every backup, newest first").action(
    onMesh(async ({ api, out }) => {
      const page = await api.backups();
      out.answer(page, () =>
        out.table<BackupListed>(
          page.items,
          [
            { head: "backup", of: ({ name }) => name },
            { head: "made", of: ({ at }) => (at === undefined ? "" : shortWhen(at)) },
            { head: "objects", of: ({ objects }) => String(objects), align: "right" },
            { head: "size", of: ({ bytes }) => bytesText(bytes), align: "right" },
          ],
          "There is no backup yet. mesh backup create makes one.",
        ),
      );
    }),
  );
  meshVerb(group, "restore", "bring a backup back, into a mesh that is empty")
    .argument("<name>", "of the backup")
    .option("--yes", "without asking")
    .action(
      onMesh(async ({ api, out }, name: string, flags: { yes?: true }) => {
        await confirm(out, `${name} is restored into ${api.access.url}.`, flags.yes);
        const spinner = startSpinner(out, `restoring ${name}`);
        const restored = await api.restore(name).finally(() => spinner.stop());
        out.answer(restored, () => {
          out.line(`${name} is restored.`);
          showDocument(out, restored);
        });
      }),
    );
  addCarrying(group);
}

/** Carries a backup to a folder, or from one to a mesh: each object is checked by its SHA-256, and the manifest comes last. */
function addCarrying(group: Command): void {
  meshVerb(group, "get", "carry a backup to this machine; its secrets stay sealed under MASTER_KEY")
    .argument("<name>", "of the backup")
    .option("--to <folder>", "below which a folder of its name is made", ".")
    .action(
      onMesh(async ({ api, out }, name: string, flags: { to: string }) => {
        const folder = join(flags.to, name);
        mkdirSync(folder, { recursive: true, mode: 0o700 });
        const { items } = await api.backupObjects(name);
        const spinner = startSpinner(out, name);
        let bytes = 0;
        for (const [index, { object, sha256 }] of items.entries()) {
          spinner.say(`${index + 1} of ${items.length}: ${object}`);
          const content = await api.backupObject(name, object);
          if (sha256 !== null && hashOf(content) !== sha256) throw damaged(object);
          writeFileSync(join(folder, fileName(object)), content, { mode: 0o600 });
          bytes += content.byteLength;
        }
        spinner.stop();
        out.answer({ name, folder, objects: items.length, bytes }, () =>
          out.line(`${folder}: ${items.length} objects, ${bytesText(bytes)}.`),
        );
      }),
    );
  meshVerb(group, "put", "carry a backup from a folder to this mesh; mesh backup restore brings it back")
    .argument("<folder>", "that mesh backup get has made; its name is the backup's")
    .action(
      onMesh(async ({ api, out }, folder: string) => {
        const name = basename(resolve(folder));
        const manifest = readManifest(folder);
        const spinner = startSpinner(out, name);
        for (const [index, { object, sha256 }] of manifest.parts.entries()) {
          spinner.say(`${index + 1} of ${manifest.parts.length}: ${object}`);
          const content = bytesOf(join(folder, fileName(object)));
          if (hashOf(content) !== sha256) throw damaged(object);
          await api.putBackupObject(name, object, content);
        }
        // Until the manifest is there the mesh knows of no such backup.
        await api.putBackupObject(name, manifestName, bytesOf(join(folder, manifestName)));
        spinner.stop();
        out.answer({ name, objects: manifest.parts.length + 1 }, () => out.line(`${name} is there: mesh backup restore ${name}`));
      }),
    );
  meshVerb(group, "delete", "delete a backup")
    .argument("<name>", "of the backup")
    .option("--yes", "without asking")
    .action(
      onMesh(async ({ api, out }, name: string, flags: { yes?: true }) => {
        await confirm(out, `The backup ${name} is deleted.`, flags.yes);
        await api.deleteBackup(name);
        out.answer({ deleted: name }, () => out.line(`${name} is deleted.`));
      }),
    );
}

const manifestName = "manifest.json";

function readManifest(folder: string): { readonly parts: readonly { readonly object: string; readonly sha256: string }[] } {
  const path = join(folder, manifestName);
  const parsed = manifestParts.safeParse(JSON.parse(new TextDecoder().decode(bytesOf(path))));
  if (!parsed.success) throw usage(`${path} is no manifest of a backup.`);
  return parsed.data;
}

const manifestParts = z.object({ parts: z.array(z.object({ object: z.string().min(1), sha256: z.string() })) });

/** An object's name comes from outside: it must not lead out of the folder. */
function fileName(object: string): string {
  if (basename(object) !== object || object.startsWith(".")) throw usage(`"${object}" is no name of an object of a backup.`);
  return object;
}

function bytesOf(path: string): Uint8Array<ArrayBuffer> {
  try {
    return new Uint8Array(readFileSync(path));
  } catch (error) {
    throw unreadable(path, error, "mesh backup get <name>   makes such a folder");
  }
}

function hashOf(content: Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}

function damaged(object: string): Failure {
  return new Failure({ exitCode: exitCodes.failed, reason: "damaged", message: `${object} is not what the manifest says: it is damaged.` });
}
