import * as z from "zod";
import { credentialName, credentialPush } from "../../core/credentials/credential-push.ts";
import type { RefreshRefusal, VaultRefusal } from "../../core/credentials/credential.ts";
import type { ProjectKey } from "../../core/ids.ts";
import type { Issue } from "../../core/result.ts";
import { vault } from "../../durable-objects/remote.ts";
import { pushCredential } from "../credentials/push-credential.ts";
import { refreshCredential } from "../credentials/refresh-credential.ts";
import { projectNamed } from "../registry.ts";
import { notFound, problem } from "./errors.ts";
import type { HttpContext } from "./http.ts";
import { page, projectParams } from "./path-params.ts";
import type { Routes } from "./routes.ts";

const path = "/projects/:owner/:name/credentials";
const tag = "credentials";
const noStore = { "cache-control": "no-store" };
const named = z.object({ owner: z.string(), name: z.string(), credential: credentialName });

/** Credentials of a project's agents. Values go in and never come out here; runners get them as bundles. */
export function addCredentials(routes: Routes): void {
  routes.add(
    {
      method: "post",
      path,
      tag,
      summary:
        "Takes variables for the project's agents, like ANTHROPIC_API_KEY, and seals them; the same again changes nothing, others are the next version",
      access: "operator",
      params: projectParams,
      body: credentialPush,
      answers: {
        201: "the credential without its values",
        400: "each fault with its path: variables that would change the runner, git or GitHub, logins of Claude subscriptions, token addresses that are not https, private or Anthropic's",
        404: "no such project",
        409: "the Vault refuses; `reason` says why",
      },
    },
    async (c, { params, body }) => {
      const profile = await projectNamed(c.env, params.project);
      if (!profile) return notFound("project");
      const pushed = await pushCredential(c.env, profile.key, body, c.get("by"));
      if (pushed.ok) return c.json(pushed.value, 201, noStore);
      return pushRefusal(pushed.error);
    },
  );
  routes.add(
    {
      method: "get",
      path: `${path}/health`,
      tag,
      summary: "Whether agents of the project have a credential that holds, until when, and what is known of each",
      access: "viewer",
      params: projectParams,
      answers: { 200: "the health", 404: "no such project" },
    },
    async (c, { params }) => withVault(c, params, async (owner) => c.json(await owner.health(), 200, noStore)),
  );
  routes.add(
    {
      method: "get",
      path: `${path}/history`,
      tag,
      summary: "What was done with the project's credentials, and by whom; never a value",
      access: "viewer",
      params: projectParams,
      query: z.object(page),
      answers: { 200: "the records, newest first", 404: "no such project" },
    },
    async (c, { params, query: { cursor, limit } }) =>
      withVault(c, params, async (owner) => {
        const items = await owner.history(cursor, limit);
        const last = items.at(-1)?.seq ?? 1;
        return c.json({ items, cursor: items.length === limit && last > 1 ? last : null });
      }),
  );
  routes.add(
    {
      method: "post",
      path: `${path}/refresh`,
      tag,
      summary: "Renews a credential's access token at its provider, now",
      access: "operator",
      params: projectParams,
      body: z.strictObject({ name: credentialName.default("agent") }),
      bodyOptional: true,
      answers: {
        200: "the credential without its values",
        404: "no such project or credential",
        409: "it cannot be renewed, or someone is at it; `reason` says which",
        502: "the provider refused; with invalid_grant the credential has ended",
        503: "the provider is away; it is tried again",
      },
    },
    async (c, { params, body }) => {
      const profile = await projectNamed(c.env, params.project);
      if (!profile) return notFound("project");
      const asked = { name: body.name, by: c.get("by"), asked: true };
      const refreshed = await refreshCredential(c.env, c.get("createClients")(c.env), profile.key, asked);
      return refreshed.ok ? c.json(refreshed.value, 200, noStore) : refusal(refreshed.error);
    },
  );
  routes.add(
    {
      method: "delete",
      path: `${path}/:credential`,
      tag,
      summary: "Ends a credential: its values are deleted, and bundles that hold it open no more",
      access: "operator",
      params: named.transform((given, context) => ({ ...given, ...projectOf(given, context) })),
      answers: { 204: "ended, also when it was before", 404: "no such project or credential", 409: "the Vault refuses; `reason` says why" },
    },
    async (c, { params }) =>
      withVault(c, params, async (owner) => {
        const ended = await owner.invalidate(params.credential, c.get("by"), "asked for");
        return ended.ok || ended.error === "invalidated" ? c.body(null, 204) : refusal(ended.error);
      }),
  );
}

function projectOf(given: { owner: string; name: string }, context: z.core.ParsePayload) {
  const parsed = projectParams.safeParse(given);
  if (parsed.success) return parsed.data;
  context.issues.push({ code: "custom", message: "malformed", input: given });
  return z.NEVER;
}

async function withVault(
  c: HttpContext,
  { project }: z.output<typeof projectParams>,
  act: (owner: ReturnType<typeof vault>, key: ProjectKey) => Promise<Response>,
): Promise<Response> {
  const profile = await projectNamed(c.env, project);
  return profile ? act(vault(c.env, profile.key), profile.key) : notFound("project");
}

type Refusal = VaultRefusal | RefreshRefusal | "superseded";

const details: Readonly<Record<Exclude<Refusal, "unknown-credential">, string>> = {
  "unknown-key":
    "It was sealed under another master key: set MASTER_KEY_PREVIOUS to the key before. When that is lost, rotate with discardUnreadable and push anew.",
  tampered: "What is stored is not what was written. Push the credential anew, and find out who changed it.",
  moved: "What is stored belongs to another project or name. Push the credential anew, and find out who changed it.",
  "rolled-back": "What is stored is an older version. Push the credential anew, and find out who changed it.",
  malformed: "What is stored cannot be read. Push the credential anew.",
  invalidated: "The credential has ended; push a new one.",
  "too-many": "The project has as many secrets as a Vault keeps.",
  "no-refresh-token": "The credential was pushed without a refresh token; push a new one before it expires.",
  "under-way": "It is being renewed at this moment.",
  backoff: "The last try failed; it is tried again later.",
  "not-due": "It is not due yet.",
  superseded: "A newer version was pushed meanwhile.",
};

/** Why a credential was not taken, as a problem: faults of what was pushed, each with its path, or the Vault's refusal. */
export function pushRefusal(error: readonly Issue[] | Refusal): Response {
  return typeof error === "string" ? refusal(error) : problem(400, "invalid-input", "The body does not fit.", error);
}

/** The Vault's refusal as a problem. */
export function refusal(reason: Refusal): Response {
  return reason === "unknown-credential" ? notFound("credential") : problem(409, reason, details[reason]);
}
