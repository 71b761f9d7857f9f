import * as z from "zod";
import { meshProject } from "../../core/ids.ts";
import type { ProjectName } from "../../core/ids.ts";
import { vault } from "../../durable-objects/remote.ts";
import { errorText, log } from "../../platform/log.ts";
import { registeredProjects } from "../registry.ts";
import { problem } from "./errors.ts";
import type { Routes } from "./routes.ts";

/** The Vaults of all projects at once. */
export function addVault(routes: Routes): void {
  routes.add(
    {
      method: "post",
      path: "/ops/vault/rotate",
      tag: "operations",
      summary:
        "Wraps every Vault's data keys under the present MASTER_KEY, with MASTER_KEY_PREVIOUS set to the one before; may be called again, and secrets stay readable throughout",
      access: "operator",
      body: z.strictObject({ discardUnreadable: z.boolean().default(false).describe("deletes what was sealed under a key that is lost") }),
      bodyOptional: true,
      answers: {
        200: "`projects` (the mesh's own Vault among them), `rewrapped` secrets, and what `failed`, by project and name with its reason",
        503: "a Vault could not be asked; call it again",
      },
    },
    async (c, { body }) => {
      const names = [{ key: meshProject, name: "mesh" as ProjectName }, ...(await registeredProjects(c.env, 0))];
      let rewrapped = 0;
      const failed: { project: string; name: string; reason: string }[] = [];
      for (const { key, name: project } of names) {
        try {
          const done = await vault(c.env, key).rewrap(c.get("by"), body.discardUnreadable);
          rewrapped += done.rewrapped;
          failed.push(...done.failed.map((one) => ({ project, ...one })));
        } catch (error) {
          log("error", "a Vault was not re-wrapped", { project: key, reason: "vault-away", error: errorText(error) });
          return problem(503, "vault-away", `The Vault of ${project} did not answer, after ${rewrapped} secrets of others; call it again.`);
        }
      }
      return c.json({ projects: names.length, rewrapped, failed });
    },
  );
}
