import * as z from "zod";
import { ClientError, failedWith } from "../client-error.ts";
import type { GitHubCredentials } from "./github-credentials.ts";
import type { Credential, GitHubTransport } from "./github-transport.ts";
import type { ProjectProfile } from "../../core/inputs.ts";
import type { HookRemoval } from "../../core/pool/departure.ts";
import { hookId, hookSecret } from "../../platform/hook-id.ts";
import type { Hook } from "../../platform/hook-id.ts";
import type { SigningKeys } from "../../platform/keys.ts";
import { createHookRemoval } from "./remove-webhooks.ts";

/** A webhook that should be at GitHub, and whether it is. */
export interface HookState {
  readonly kind: "repository" | "organization";
  readonly state: "present" | "made" | "not-allowed";
  /** GitHub's number of it; null when it is not there. */
  readonly number: number | null;
  readonly url: string;
  readonly events: readonly string[];
}

/** Repository and organisation webhooks of projects. */
export interface ProjectWebhooks {
  /** Makes what is missing. Where the credential may not, it says so, and the board is polled. Running it twice changes nothing more. */
  ensure(profile: ProjectProfile): Promise<readonly HookState[]>;
  /** Removes the mesh's hooks of the repository, of whatever version and key, and with `organization` the owner's. Running it twice changes nothing more. */
  remove(profile: ProjectProfile, options: { readonly organization: boolean }): Promise<readonly HookRemoval[]>;
  /** GitHub's number of the repository's hook; undefined when there is none or it may not be seen. */
  repositoryHook(profile: ProjectProfile): Promise<number | undefined>;
}

const hooks = z.array(z.object({ id: z.number().int(), config: z.object({ url: z.string().optional() }) }));
const made = z.object({ id: z.number().int() });

/** What each hook is asked to send. `projects_v2_item` comes for organisations only. */
const repositoryEvents = [
  "issues",
  "issue_comment",
  "pull_request",
  "pull_request_review",
  "check_run",
  "check_suite",
  "status",
  "push",
  "repository",
] as const;
const organizationEvents = ["projects_v2_item"] as const;

/** Hook addresses are made from `publicUrl` and the hook's signed id. */
export function createProjectWebhooks(
  transport: GitHubTransport,
  credentials: GitHubCredentials,
  keys: SigningKeys,
  publicUrl: string,
): ProjectWebhooks {
  const addressOf = async (hook: Hook): Promise<string> => `${publicUrl}/webhooks/github/${await hookId(keys, hook)}`;

  async function present(credential: Credential, path: string, url: string): Promise<number | undefined> {
    const { value } = await transport.rest(credential, "GET", `${path}?per_page=100`, { answer: hooks });
    return value.find((hook) => hook.config.url === url)?.id;
  }

  async function ensureOne(
    credential: Credential,
    path: string,
    hook: Hook & { kind: HookState["kind"] },
    events: readonly string[],
  ): Promise<HookState> {
    const url = await addressOf(hook);
    const state = { kind: hook.kind, url, events };
    try {
      const number = await present(credential, path, url);
      if (number !== undefined) return { ...state, state: "present", number };
      const config = { url, content_type: "json", secret: await hookSecret(keys, hook), insecure_ssl: "0" };
      const { value } = await transport.rest(credential, "POST", path, {
        body: { name: "web", active: true, events, config },
        answer: made,
      });
      return { ...state, state: "made", number: value.id };
    } catch (error) {
      if (failedWith(error, "forbidden", "not-found", "invalid")) return { ...state, state: "not-allowed", number: null };
      throw error;
    }
  }

  const repositoryHookOf = (profile: ProjectProfile) => ({ kind: "repository", subject: profile.key, version: 1 }) as const;

  return {
    async ensure(profile) {
      const credential = await credentials.forRepository(profile);
      const states = [await ensureOne(credential, `/repos/${profile.name}/hooks`, repositoryHookOf(profile), repositoryEvents)];
      if (profile.board?.ownerKind !== "organization") return states;
      const owner = profile.board.owner;
      const organization = { kind: "organization", subject: owner.toLowerCase(), version: 1 } as const;
      const board = await credentials.forBoard(profile);
      return [...states, await ensureOne(board, `/orgs/${encodeURIComponent(owner)}/hooks`, organization, organizationEvents)];
    },
    remove: createHookRemoval(transport, credentials, keys, publicUrl),
    async repositoryHook(profile) {
      try {
        const credential = await credentials.forRepository(profile);
        return await present(credential, `/repos/${profile.name}/hooks`, await addressOf(repositoryHookOf(profile)));
      } catch (error) {
        if (error instanceof ClientError && !error.retryable) return undefined;
        throw error;
      }
    },
  };
}
