import * as z from "zod";
import type { CredentialPush } from "../../core/credentials/credential.ts";
import { credentialPush } from "../../core/credentials/credential-push.ts";
import { meshProject } from "../../core/ids.ts";
import type { OnboardingId } from "../../core/ids.ts";
import { isOnboarding } from "../../core/onboarding/state.ts";
import { viewOnboarding } from "../../core/onboarding/view-onboarding.ts";
import { mergeOverrides, parsePolicy } from "../../core/policy.ts";
import type { PolicyOverrides } from "../../core/policy.ts";
import { orchestrator, settings } from "../../durable-objects/remote.ts";
import { now } from "../../platform/clock.ts";
import { orderedId } from "../../platform/random-id.ts";
import { pushCredential } from "../credentials/push-credential.ts";
import { onboardingOf, startInstance, tellInstance } from "../onboarding/instances.ts";
import { pushRefusal } from "./credentials.ts";
import { notFound, problem } from "./errors.ts";
import { inputIdOf } from "./idempotency.ts";
import { boardField, onboardingParams, page, repositoryField } from "./path-params.ts";
import type { Routes } from "./routes.ts";

/** What is asked for when a repository is to be onboarded. */
export const onboardingRequest = z.strictObject({
  repository: repositoryField,
  board: boardField.optional().describe("left out: the one the mesh made earlier for this repository, else a new one"),
  overrides: z
    .record(z.string(), z.unknown())
    .default({})
    .describe("the project's settings; `columns` names those of a board that has others"),
  login: z.enum(["api-key", "runner", "device"]).default("api-key"),
  skipAuth: z.boolean().default(false),
  skipLiteLLM: z.boolean().default(false),
  skipDevContainer: z.boolean().default(false),
  skipTrial: z.boolean().default(false),
  actionsRunner: z.boolean().default(false).describe("a pull request also brings a GitHub Actions workflow that hosts a runner"),
});

const authCallbackBody = z.strictObject({
  variables: z
    .record(z.string(), z.string())
    .optional()
    .describe("what the agent's process gets, like ANTHROPIC_API_KEY; left out: only look now"),
  expiresAt: z.number().int().positive().nullable().optional(),
  refresh: z.unknown().optional(),
});

/** The Vault's own check, for what there is to push. */
const authCallback = authCallbackBody.transform((said, context): { readonly push: CredentialPush | null } => {
  if (said.variables === undefined) return { push: null };
  const parsed = credentialPush.safeParse(said);
  if (parsed.success) return { push: parsed.data };
  // The input is not put into the issues: it may be a secret.
  for (const { path, message } of parsed.error.issues) context.issues.push({ code: "custom", path: [...path], message, input: undefined });
  return z.NEVER;
});

/** Takes repositories to ready, step by step; what a step needs of a person is said here, and a failure with the way to fix it. */
export function addOnboarding(routes: Routes): void {
  routes.add(
    {
      method: "post",
      path: "/onboard",
      tag: "onboarding",
      summary: "Begins to onboard a repository; asked for the same again while it is at it, answers that one",
      access: "operator",
      body: onboardingRequest,
      answers: { 202: "the onboarding", 400: "each fault with its path", 409: "the repository is being onboarded, with another request" },
    },
    async (c, { body }) => {
      const overrides = body.overrides as PolicyOverrides;
      const policy = parsePolicy(mergeOverrides(await settings(c.env).get(), overrides));
      if (!policy.ok) {
        const issues = policy.error.map((issue) => ({ ...issue, path: `overrides.${issue.path}` }));
        return problem(400, "invalid-settings", "The settings do not fit.", issues);
      }
      const input = await inputIdOf(c);
      if (input instanceof Response) return input;
      const applied = await orchestrator(c.env, meshProject).apply({
        id: `api.${input.id}`,
        at: now(),
        type: "onboarding-requested",
        onboarding: `o${orderedId(now())}` as OnboardingId,
        request: { ...body, overrides },
        by: c.get("by"),
      });
      const active = applied.detail as OnboardingId | undefined;
      const onboarding = active && (await onboardingOf(c.env, active));
      if (!onboarding) return problem(409, applied.reason ?? "not-applied", "The onboarding was not taken on.");
      if (applied.reason === "already-onboarding")
        return problem(409, "already-onboarding", `The repository is being onboarded with another request: ${onboarding.id}.`);
      if (isOnboarding(onboarding)) await startInstance(c.env, onboarding);
      return c.json(viewOnboarding(onboarding), 202);
    },
  );
  routes.add(
    {
      method: "get",
      path: "/onboard",
      tag: "onboarding",
      summary: "Onboardings, newest first",
      access: "viewer",
      query: z.object({ limit: page.limit, cursor: onboardingParams.shape.id.optional() }),
      answers: { 200: "a page; `cursor` leads to the one after it" },
    },
    async (c, { query: { limit, cursor } }) => {
      const found = await orchestrator(c.env, meshProject).onboardings(limit + 1, cursor);
      const items = found.slice(0, limit);
      return c.json({ items, cursor: found.length > limit ? (items.at(-1)?.id ?? null) : null });
    },
  );
  routes.add(
    {
      method: "get",
      path: "/onboard/:id",
      tag: "onboarding",
      summary: "One onboarding: what was done, what it does or waits for, and how to fix what failed",
      access: "viewer",
      params: onboardingParams,
      answers: { 200: "the onboarding", 404: "unknown" },
    },
    async (c, { params }) => {
      const onboarding = await onboardingOf(c.env, params.id);
      return onboarding ? c.json(viewOnboarding(onboarding)) : notFound("onboarding");
    },
  );
  routes.add(
    {
      method: "post",
      path: "/onboard/:id/auth-callback",
      tag: "onboarding",
      summary: "Brings the agent's key, which goes into the Vault and nowhere else; without one: the login is done, look now",
      access: "operator",
      params: onboardingParams,
      body: authCallback,
      bodySchema: authCallbackBody,
      bodyOptional: true,
      answers: {
        202: "the onboarding",
        400: "each fault with its path; subscription logins and pasted codes are refused",
        404: "unknown",
        409: "it has ended, the repository is not validated yet, or the Vault refuses; `reason` says which",
      },
    },
    async (c, { params, body }) => {
      const onboarding = await onboardingOf(c.env, params.id);
      if (!onboarding) return notFound("onboarding");
      if (!isOnboarding(onboarding)) return problem(409, "ended", "The onboarding has ended; nothing waits for a login.");
      const key = onboarding.found.profile?.key;
      if (body.push !== null && key === undefined)
        return problem(409, "not-validated", "The repository is not validated yet; bring the key in a moment.");
      if (body.push !== null && key !== undefined) {
        const pushed = await pushCredential(c.env, key, body.push, c.get("by"));
        if (!pushed.ok) return pushRefusal(pushed.error);
      }
      await tellInstance(c.env, onboarding, body.push?.name ?? null);
      return c.json(viewOnboarding(onboarding), 202);
    },
  );
  routes.add(
    {
      method: "post",
      path: "/onboard/:id/retry",
      tag: "onboarding",
      summary: "Goes on from the step that failed",
      access: "operator",
      params: onboardingParams,
      answers: { 202: "the onboarding", 404: "unknown", 409: "it has not failed, or the repository is being onboarded anew" },
    },
    async (c, { params }) => {
      const input = await inputIdOf(c);
      if (input instanceof Response) return input;
      const said = { type: "onboarding-retried", onboarding: params.id, by: c.get("by") } as const;
      const applied = await orchestrator(c.env, meshProject).apply({ id: `api.${input.id}`, at: now(), ...said });
      if (applied.reason === "unknown-onboarding") return notFound("onboarding");
      if (applied.reason === "already-onboarding")
        return problem(409, "already-onboarding", `The repository is being onboarded anew: ${applied.detail ?? ""}.`);
      if (applied.status !== "applied") return problem(409, applied.reason ?? "not-applied", "Only what has failed is retried.");
      const onboarding = await onboardingOf(c.env, params.id);
      if (!onboarding) return notFound("onboarding");
      await startInstance(c.env, onboarding);
      return c.json(viewOnboarding(onboarding), 202);
    },
  );
}
