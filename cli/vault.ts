import type { Command } from "commander";
import { meshVerb, onMesh, verbGroup } from "./command.ts";

/** `mesh vault`: the keys under which secrets lie. */
export function addVault(program: Command): void {
  const group = verbGroup(program, "vault", "the keys under which credentials are encrypted");
  meshVerb(group, "rotate", "wrap every project's data key anew under MASTER_KEY; then MASTER_KEY_PREVIOUS may go").action(
    onMesh(async ({ api, out }) => {
      const rotated = await api.rotateVault();
      out.answer(rotated, () => {
        out.line(`${rotated.rewrapped} of ${rotated.projects} projects' keys were wrapped anew; the others were already.`);
        out.line("MASTER_KEY_PREVIOUS can be taken away now: npx wrangler secret delete MASTER_KEY_PREVIOUS");
      });
    }),
  );
}
