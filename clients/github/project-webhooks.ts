import * as z from "zod";
import type { ProjectProfile } from "../../core/inputs.ts";
import type { HookRemoval } from "../../core/pool/departure.ts";
import { hookId, hookSecret, readHookId } from "../../platform/hook-id.ts";
import type { Hook } from "../../platform/hook-id.ts";
import type { SigningKeys } from "../../platform/keys.ts";
import { ClientError, failedWith } from "../client-error.ts";
import { absentAsNull } from "./absence.ts";
import type { GitHubCredentials } from "./github-credentials.ts";
import type { Credential, GitHubTransport } from "./github-transport.ts";
import { createHookRemoval } from "./remove-webhooks.ts";

/** A webhook that should be at GitHub, and whether it is. */
export interface HookState {
  readonly kind: "repository" | "organization";
  /** `mended`: it was there, switched off or with other events. */
  readonly state: "present" | "made" | "mended" | "not-allowed";
  /** GitHub's number of it; null when it is not there. */
  readonly number: number | null;
  readonly url: string;
  readonly events: readonly string[];
}

/** Repository and organisation webhooks of projects, of the version that the profile says. */
export interface ProjectWebhooks {
  /** Makes what is missing and mends what was changed. Where the credential may not, it says so, and the board is polled. Running it twice changes nothing more. */
  ensure(profile: ProjectProfile): Promise<readonly HookState[]>;
  /** Removes the hooks of ours that are of an older version, or were made with an older signing key. How many there were. */
  removeOlder(profile: ProjectProfile): Promise<number>;
  /** Removes the mesh's hooks of the repository, of whatever version and key, and with `organization` the owner's. Running it twice changes nothing more. */
  remove(profile: ProjectProfile, options: { readonly organization: boolean }): Promise<readonly HookRemoval[]>;
  /** GitHub's number of the repository's hook; undefined when there is none or it may not be seen. */
  repositoryHook(profile: ProjectProfile): Promise<number | undefined>;
  /** GitHub's number of the organisation's hook; undefined when there is none, it may not be seen, or the board is a user's. */
  organizationHook(profile: ProjectProfile): Promise<number | undefined>;
}

const hooks = z.array(
  z.object({
    id: z.number().int(),
    active: z.boolean(),
    events: z.array(z.string()),
    config: z.object({ url: z.string().optional(), content_type: z.string().optional() }),
  }),
);
type PresentHook = z.output<typeof hooks>[number];
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

/** One hook as it should be, and where and as whom it is made. */
interface Wanted {
  readonly hook: Hook & { readonly kind: HookState["kind"] };
  readonly path: string;
  readonly events: readonly string[];
  readonly credential: () => Promise<Credential>;
}

/** Hook addresses are made from `publicUrl` and the hook's signed id. */
export function createProjectWebhooks(
  transport: GitHubTransport,
  credentials: GitHubCredentials,
  keys: SigningKeys,
  publicUrl: string,
): ProjectWebhooks {
  const prefix = `${publicUrl}/webhooks/github/`;
  const addressOf = async (hook: Hook): Promise<string> => `${prefix}${await hookId(keys, hook)}`;

  function ofRepository(profile: ProjectProfile): Wanted {
    return {
      hook: { kind: "repository", subject: profile.key, version: profile.hookVersion ?? 1 },
      path: `/repos/${profile.name}/hooks`,
      events: repositoryEvents,
      credential: () => credentials.forRepository(profile),
    };
  }

  function ofOrganization(profile: ProjectProfile): Wanted[] {
    const { board } = profile;
    if (board?.ownerKind !== "organization") return [];
    const hook = { kind: "organization", subject: board.owner.toLowerCase(), version: profile.organizationHookVersion ?? 1 } as const;
    const path = `/orgs/${encodeURIComponent(board.owner)}/hooks`;
    return [{ hook, path, events: organizationEvents, credential: () => credentials.forBoard(profile) }];
  }

  /** Those whose address we made for this subject, with their versions. */
  async function ours({ hook, path }: Wanted, credential: Credential): Promise<(PresentHook & { readonly version: number })[]> {
    const { value } = await transport.rest(credential, "GET", `${path}?per_page=100`, { answer: hooks });
    const read = await Promise.all(
      value.map(async (each) => {
        const { url = "" } = each.config;
        const made = url.startsWith(prefix) ? await readHookId(keys, url.slice(prefix.length)) : undefined;
        return made?.kind === hook.kind && made.subject === hook.subject ? [{ ...each, version: made.version }] : [];
      }),
    );
    return read.flat();
  }

  async function ensureOne(wanted: Wanted): Promise<HookState> {
    const { hook, path, events } = wanted;
    const url = await addressOf(hook);
    const state = { kind: hook.kind, url, events };
    try {
      const credential = await wanted.credential();
      const present = (await ours(wanted, credential)).find(({ config }) => config.url === url);
      if (present && isAsWanted(present, events)) return { ...state, state: "present", number: present.id };
      const config = { url, content_type: "json", secret: await hookSecret(keys, hook), insecure_ssl: "0" };
      if (present) {
        const body = { active: true, events: [...new Set([...events, ...present.events])], config };
        await transport.rest(credential, "PATCH", `${path}/${present.id}`, { body, answer: made });
        return { ...state, state: "mended", number: present.id };
      }
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

  /** One that is gone already was removed by an earlier try. */
  async function removeOlder(wanted: Wanted): Promise<number> {
    const { hook, path } = wanted;
    const current = await addressOf(hook);
    try {
      const credential = await wanted.credential();
      const older = (await ours(wanted, credential)).filter(
        ({ version, config }) => version < hook.version || (version === hook.version && config.url !== current),
      );
      for (const { id } of older) await absentAsNull(transport.rest(credential, "DELETE", `${path}/${id}`, { answer: z.unknown() }));
      return older.length;
    } catch (error) {
      if (failedWith(error, "forbidden", "not-found")) return 0;
      throw error;
    }
  }

  async function numberOf(wanted: Wanted): Promise<number | undefined> {
    try {
      const url = await addressOf(wanted.hook);
      return (await ours(wanted, await wanted.credential())).find(({ config }) => config.url === url)?.id;
    } catch (error) {
      if (error instanceof ClientError && !error.retryable) return undefined;
      throw error;
    }
  }

  return {
    async ensure(profile) {
      const states: HookState[] = [];
      for (const wanted of [ofRepository(profile), ...ofOrganization(profile)]) states.push(await ensureOne(wanted));
      return states;
    },
    async removeOlder(profile) {
      let removed = 0;
      for (const wanted of [ofRepository(profile), ...ofOrganization(profile)]) removed += await removeOlder(wanted);
      return removed;
    },
    remove: createHookRemoval(transport, credentials, keys, publicUrl),
    repositoryHook: (profile) => numberOf(ofRepository(profile)),
    async organizationHook(profile) {
      const [wanted] = ofOrganization(profile);
      return wanted && numberOf(wanted);
    },
  };
}

function isAsWanted({ active, events: sends, config }: PresentHook, events: readonly string[]): boolean {
  const all = sends.includes("*") || events.every((event) => sends.includes(event));
  return active && all && (config.content_type === "json" || config.content_type === "form");
}
