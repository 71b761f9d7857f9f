import type { Command } from "commander";
import type { BackupListed } from "./answers.ts";
import { meshVerb, onMesh, verbGroup } from "./command.ts";
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
}

function bytesText(bytes: number): string {
  if (bytes < 1_024) return `${bytes} B`;
  if (bytes < 1_048_576) return `${(bytes / 1_024).toFixed(1)} KiB`;
  return `${(bytes / 1_048_576).toFixed(1)} MiB`;
}
