import * as z from "zod";
import type { ProjectProfile } from "../../core/inputs.ts";
import type { HookRemoval } from "../../core/pool/departure.ts";
import { readHookId } from "../../platform/hook-id.ts";
import type { Hook } from "../../platform/hook-id.ts";
import type { SigningKeys } from "../../platform/keys.ts";
import { failedWith } from "../client-error.ts";
import type { GitHubCredentials } from "./github-credentials.ts";
import type { ProjectWebhooks } from "./project-webhooks.ts";
import type { Credential, GitHubTransport } from "./github-transport.ts";

const hooks = z.array(z.object({ id: z.number().int(), config: z.object({ url: z.string().optional() }) }));

type Owner = Pick<Hook, "kind" | "subject"> & { readonly kind: HookRemoval["kind"]; readonly path: string };

/** Removes what `ensure` has made. A hook is known as ours by its address: whatever else stands there is left alone. */
export function createHookRemoval(
  transport: GitHubTransport,
  credentials: GitHubCredentials,
  keys: SigningKeys,
  publicUrl: string,
): ProjectWebhooks["remove"] {
  const prefix = `${publicUrl}/webhooks/github/`;

  async function isOurs(url: string | undefined, owner: Owner): Promise<boolean> {
    if (!url?.startsWith(prefix)) return false;
    const hook = await readHookId(keys, url.slice(prefix.length));
    return hook?.kind === owner.kind && hook.subject === owner.subject;
  }

  async function removeOf(owner: Owner, credential: () => Promise<Credential>): Promise<HookRemoval[]> {
    const { kind, path } = owner;
    try {
      const as = await credential();
      const { value } = await transport.rest(as, "GET", `${path}?per_page=100`, { answer: hooks });
      const removed: HookRemoval[] = [];
      for (const { id, config } of value) {
        if (!(await isOurs(config.url, owner))) continue;
        removed.push({ kind, url: config.url ?? null, state: await removeOne(as, `${path}/${id}`) });
      }
      return removed.length > 0 ? removed : [{ kind, url: null, state: "absent" }];
    } catch (error) {
      // The repository may be gone, or the credential no longer reach it.
      if (failedWith(error, "forbidden", "not-found", "gone", "authentication", "configuration"))
        return [{ kind, url: null, state: "not-allowed" }];
      throw error;
    }
  }

  async function removeOne(credential: Credential, path: string): Promise<HookRemoval["state"]> {
    try {
      await transport.rest(credential, "DELETE", path, { answer: z.unknown() });
      return "removed";
    } catch (error) {
      if (failedWith(error, "not-found", "gone")) return "absent";
      if (failedWith(error, "forbidden")) return "not-allowed";
      throw error;
    }
  }

  return async (profile: ProjectProfile, { organization }) => {
    const repository = { kind: "repository", subject: profile.key, path: `/repos/${profile.name}/hooks` } as const;
    const removed = await removeOf(repository, () => credentials.forRepository(profile));
    if (profile.board?.ownerKind !== "organization") return removed;
    const { owner } = profile.board;
    if (!organization) return [...removed, { kind: "organization", url: null, state: "shared" }];
    const subject = owner.toLowerCase();
    const path = `/orgs/${encodeURIComponent(owner)}/hooks`;
    return [...removed, ...(await removeOf({ kind: "organization", subject, path }, () => credentials.forBoard(profile)))];
  };
}
