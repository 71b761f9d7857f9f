import * as z from "zod";
import type { HookState } from "../../clients/github/project-webhooks.ts";
import type { ModelBudget } from "../../clients/model-budget/model-budget.ts";
import type { ProjectProfile } from "../../core/inputs.ts";
import { projectCalled } from "../../core/project/registry-entry.ts";
import { mergeOverrides, parsePolicy, patchOverrides } from "../../core/policy.ts";
import type { PolicyOverrides } from "../../core/policy.ts";
import { orchestrator, settings } from "../../durable-objects/remote.ts";
import { configureProject } from "../projects/configure-projects.ts";
import { deleteProject } from "../projects/delete-project.ts";
import { hookReadings } from "../projects/hook-readings.ts";
import { rotateWebhooks } from "../projects/rotate-webhooks.ts";
import { projectNamed, registeredProjects } from "../registry.ts";
import { forgetPoll, pollMemory } from "../scheduled/poll-memory.ts";
import { notFound, problem } from "./errors.ts";
import { boardField, projectParams, repositoryField } from "./path-params.ts";
import type { Routes } from "./routes.ts";

const overrides = z.record(z.string(), z.unknown());

const registration = z.strictObject({
  repository: repositoryField,
  board: boardField.nullable().default(null),
  overrides: overrides.optional().describe("left out: those it has already, or none"),
});

/** Registered projects: the registry's entry, the live state, and the settings that lie over the mesh's. */
export function addProjects(routes: Routes): void {
  routes.add(
    {
      method: "get",
      path: "/projects",
      tag: "projects",
      summary: "Every registered project",
      access: "viewer",
      answers: { 200: "the projects" },
    },
    async (c) => c.json({ items: await registeredProjects(c.env, 0), cursor: null }),
  );
  routes.add(
    {
      method: "post",
      path: "/projects",
      tag: "projects",
      summary: "Registers a repository with its board; what is missing is asked of GitHub, and its webhooks are made",
      access: "operator",
      body: registration,
      answers: {
        201: "registered; each webhook with its state",
        400: "each fault with its path",
        502: "GitHub refused; `reason` says what",
      },
    },
    async (c, { body }) => {
      const given = body.overrides ?? (await projectNamed(c.env, body.repository))?.overrides ?? {};
      const faults = faultsOf(given);
      if (faults) return faults;
      const { discovery, webhooks } = c.get("createClients")(c.env);
      const found = await discovery.discover({ ...body, overrides: given as PolicyOverrides });
      const entered = await configureProject(c.env, found);
      const states = await webhooks.ensure(entered);
      await webhooks.removeOlder(entered);
      const profile = isUntold(entered, states) ? await configureProject(c.env, polled(entered)) : entered;
      await forgetPoll(c.env, profile.key);
      return c.json({ project: profile, webhooks: states }, 201);
    },
  );
  routes.add(
    {
      method: "get",
      path: "/projects/:owner/:name",
      tag: "projects",
      summary: "One project: its entry, policy and live state",
      access: "viewer",
      params: projectParams,
      answers: { 200: "the project", 404: "unknown" },
    },
    async (c, { params }) => {
      const profile = await projectNamed(c.env, params.project);
      if (!profile) return notFound("project");
      const project = orchestrator(c.env, profile.key);
      const [view, policy] = await Promise.all([project.view(), project.policy()]);
      return c.json({ profile, policy, view });
    },
  );
  routes.add(
    {
      method: "patch",
      path: "/projects/:owner/:name",
      tag: "projects",
      summary: "Changes the project's settings, section by section; null goes back to the mesh's",
      access: "operator",
      params: projectParams,
      body: z.strictObject({ overrides }),
      answers: { 200: "the project", 400: "each unknown key and value out of range", 404: "unknown" },
    },
    async (c, { params, body }) => {
      const profile = projectCalled(await registeredProjects(c.env, 0), params.project);
      if (!profile) return notFound("project");
      const merged = patchOverrides(profile.overrides, body.overrides);
      const faults = faultsOf(merged, await settings(c.env).get());
      if (faults) return faults;
      await limitSpending(c.get("createClients")(c.env).modelBudget, profile, merged);
      const changed = { ...profile, overrides: merged };
      await configureProject(c.env, changed);
      await forgetPoll(c.env, profile.key);
      return c.json({ profile: changed, policy: await orchestrator(c.env, profile.key).policy() });
    },
  );
  routes.add(
    {
      method: "get",
      path: "/projects/:owner/:name/webhooks",
      tag: "projects",
      summary: "The webhooks that tell of the project, each with its newest delivery, asked of GitHub",
      access: "viewer",
      params: projectParams,
      answers: { 200: "the webhooks; `number` is null where there is none that may be seen", 404: "unknown", 502: "GitHub refused" },
    },
    async (c, { params }) => {
      const profile = await projectNamed(c.env, params.project);
      if (!profile) return notFound("project");
      return c.json({ items: await hookReadings(c.get("createClients")(c.env), profile), cursor: null });
    },
  );
  routes.add(
    {
      method: "post",
      path: "/projects/:owner/:name/webhooks/rotate",
      tag: "projects",
      summary: "Gives the webhooks new secrets; deliveries to those of before are refused from then on",
      access: "operator",
      params: projectParams,
      answers: {
        200: "rotated; each webhook with its state, and how many older ones were taken away",
        404: "unknown",
        409: "the credential may not make webhooks",
        502: "GitHub refused; `reason` says what",
      },
    },
    async (c, { params }) => {
      const profile = await projectNamed(c.env, params.project);
      if (!profile) return notFound("project");
      const rotation = await rotateWebhooks(c.env, c.get("createClients")(c.env), profile);
      if (rotation.rotated) return c.json({ project: rotation.project, webhooks: rotation.webhooks, removed: rotation.removed });
      return problem(409, "webhooks-not-allowed", "The credential may not make webhooks of this repository; nothing was changed.");
    },
  );
  routes.add(
    {
      method: "delete",
      path: "/projects/:owner/:name",
      tag: "projects",
      summary:
        "Deletes a project: its runs are cancelled, its webhooks and model key removed, its secrets wiped; board and repository stay as they are",
      access: "operator",
      params: projectParams,
      query: z.object({ history: z.enum(["keep", "forget"]).default("keep") }),
      answers: {
        200: "gone; `webhooks` says of each what became of it",
        202: "under way: `waitsFor` says for what; the reconcile goes on with it. Asking again does, too",
        404: "unknown",
        502: "an outside service refused; it is gone on with all the same",
      },
    },
    async (c, { params, query }) => {
      const choice = { history: query.history, by: c.get("by") };
      const deletion = await deleteProject(c.env, c.get("createClients")(c.env), params.project, choice);
      return deletion === null ? notFound("project") : c.json(deletion, deletion.waitsFor === null ? 200 : 202);
    },
  );
  routes.add(
    {
      method: "get",
      path: "/projects/:owner/:name/board",
      tag: "projects",
      summary: "The board: how it is observed, when it was last read, and what that costs of GitHub's points",
      access: "viewer",
      params: projectParams,
      answers: { 200: "the board", 404: "unknown project, or it has no board" },
    },
    async (c, { params }) => {
      const profile = await projectNamed(c.env, params.project);
      if (!profile?.board) return notFound(profile ? "board" : "project");
      const { polledAt, points, cards, redacted } = await pollMemory(c.env, profile.key);
      return c.json({ board: profile.board, polledAt, cards, redacted, points });
    },
  );
}

/** Without the organisation's hook, and without an App whose own hook may tell of cards, the board is looked at instead. */
function isUntold({ credential }: ProjectProfile, states: readonly HookState[]): boolean {
  return credential.kind === "token" && states.some(({ kind, state }) => kind === "organization" && state === "not-allowed");
}

function polled(profile: ProjectProfile): ProjectProfile {
  return { ...profile, board: profile.board && { ...profile.board, observedBy: "poll" } };
}

/** A limit that the project sets holds at the model gateway at once, or the settings are not changed. */
async function limitSpending(modelBudget: ModelBudget, { name, overrides: before }: ProjectProfile, after: PolicyOverrides): Promise<void> {
  const [was, is] = [before, after].map((some) => parsePolicy(some)).map((policy) => (policy.ok ? policy.value.budget.projectUsd : null));
  if (is !== undefined && is !== null && is !== was) await modelBudget.limit(name, is);
}

function faultsOf(given: unknown, under: PolicyOverrides = {}): Response | undefined {
  const policy = parsePolicy(mergeOverrides(under, given as PolicyOverrides));
  if (policy.ok) return undefined;
  const issues = policy.error.map((issue) => ({ ...issue, path: `overrides.${issue.path}` }));
  return problem(400, "invalid-settings", "The settings do not fit.", issues);
}
