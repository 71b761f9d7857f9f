import * as z from "zod";
import { onboardingActivities, onboardingPhases } from "../../core/onboarding/view.ts";
import { refused } from "../../core/result.ts";
import type { Problem } from "../http/errors.ts";
import { onboardingRequest } from "../http/onboarding.ts";
import type { Answer, CallRoute } from "./call-route.ts";
import { moment, readable, repository } from "./shapes.ts";
import { defineTool, reads } from "./tool.ts";

const activity = z.enum(onboardingActivities);
const onboarding = z.object({
  id: z.string(),
  repository: z.string(),
  status: z
    .enum(["pending", "running", "waiting_auth", "completed", "failed"])
    .describe("waiting_auth: a person has to log in or push a key, see `login`; failed: see `error`, then retry"),
  phase: z.enum(onboardingPhases).nullable(),
  activity: activity.nullable(),
  completed: z.array(z.object({ activity, summary: z.string(), at: moment })),
  error: z
    .object({ activity, reason: z.string(), message: z.string(), fix: z.string().describe("what a person does about it") })
    .nullable(),
  login: z
    .object({
      mode: z.enum(["api-key", "runner", "device"]),
      deviceUrl: z.string().optional(),
      userCode: z.string().optional().describe("to be typed by the person at deviceUrl"),
      command: z.string().optional(),
      runner: z.string().optional().describe("the runner on whose machine `command` is to be run"),
      expiresAt: moment.optional(),
    })
    .nullable(),
  permissions: z.array(
    z.object({
      name: z.string(),
      result: z.enum(["works", "degraded", "missing"]),
      detail: z.string(),
      fix: z.string().optional(),
    }),
  ),
  explain: z.string().describe("what it does now, what it waits for, or why it stopped"),
  attempt: z.number(),
  requestedBy: z.string(),
  createdAt: moment,
  updatedAt: moment,
});
type Onboarding = z.output<typeof onboarding>;

const asked = onboardingRequest.shape;

export const onboardProject = defineTool({
  name: "onboard-project",
  title: "Onboard a repository",
  description:
    "Takes a GitHub repository to ready: checks the mesh's permissions before changing anything, makes or adopts its Projects board, its webhook and its registry entry, " +
    "proposes a dev container by pull request, tries the project out on a runner, sees to the agent's login. It answers at once; follow it with get-onboarding-status. " +
    "The same repository asked for again while it is being onboarded gives the onboarding that is there. Never put a key, a token or a code into it.",
  role: "operator",
  destructive: false,
  idempotent: true,
  outside: true,
  input: z.strictObject({
    ...onboardingRequest.shape,
    repository,
    board: asked.board.describe("an existing Projects board to adopt; left out: the one made earlier, else a new one"),
    overrides: asked.overrides.describe("settings of this project by section, such as columns of an adopted board, or qa.testCommand"),
    login: asked.login.describe("how the coding agent logs in: a key pushed to the mesh's vault, the runner's own login, or a device code"),
    skipAuth: asked.skipAuth.describe("leave the agent's login out"),
    skipLiteLLM: asked.skipLiteLLM.describe("make no model budget"),
    skipDevContainer: asked.skipDevContainer.describe("propose no dev container"),
    skipTrial: asked.skipTrial.describe("do not clone, install and test the project on a runner"),
  }),
  output: onboarding,
  ask: (call, request) => call("POST", "/onboard", request),
  text: asText,
});

export const getOnboardingStatus = defineTool({
  ...reads,
  name: "get-onboarding-status",
  title: "See how an onboarding stands",
  description:
    "How an onboarding stands, by its id or by its repository (the latest one): phase, what is done, and what a person has to do. While it is pending or running ask again in ten seconds or so. " +
    "When it is waiting_auth, tell the person exactly what `login` says and call submit-oauth-code once they say it is done.",
  input: z.strictObject({ id: z.string().min(1).max(200).optional(), repository: repository.optional() }),
  output: onboarding,
  ask: async (call, { id, repository: named }) => {
    if (id !== undefined) return call("GET", `/onboard/${encodeURIComponent(id)}`);
    if (named !== undefined) return latestOf(call, named);
    return refused(said(400, "id-or-repository", "Give the onboarding's id, or its repository."));
  },
  text: asText,
});

export const submitOauthCode = defineTool({
  name: "submit-oauth-code",
  title: "Say that the login is done",
  description:
    "Says that the person has logged in at the vendor's own site, or pushed the key, so that the onboarding looks now instead of later. It takes the onboarding's id and nothing else: " +
    "a code is typed by the person at the vendor's site, an API key is pushed with `mesh credentials push` or on the dashboard. Never ask the person for a code, a key or a token here; it is refused.",
  role: "operator",
  destructive: false,
  idempotent: true,
  outside: true,
  input: z.looseObject({ id: z.string().min(1).max(200).describe("the onboarding's id") }),
  output: onboarding,
  ask: async (call, { id, ...rest }) => {
    const given = Object.keys(rest);
    if (given.length > 0) return refused(keptOut(given));
    const path = `/onboard/${encodeURIComponent(id)}`;
    const told = await call("POST", `${path}/auth-callback`, {});
    return told.ok ? call("GET", path) : told;
  },
  text: asText,
});

/** Arguments of tools are read by a model and kept in its conversation, so no secret may be one. Values are not looked at. */
function keptOut(names: readonly string[]): Problem {
  const issues = names.map((path) => ({ path, message: "not taken here" }));
  const detail =
    "No code, key or token passes through this tool: what it is given is read by a model and stays in its conversation. A code is typed at the vendor's own site; " +
    "an API key is pushed with `mesh credentials push` or on the dashboard; a subscription's token is never given to the mesh at all, by its vendor's terms. " +
    "If one was just given, the person should withdraw it at the vendor. Call this with the id alone.";
  return { ...said(400, "no-secrets-here", detail), issues };
}

function said(status: number, reason: string, detail: string): Problem {
  return { type: `urn:mesh-six:problem:${reason}`, title: status === 404 ? "Not Found" : "Bad Request", status, detail, reason };
}

/** The newest onboarding of a repository, among the latest 200. */
async function latestOf(call: CallRoute, name: string): Promise<Answer> {
  const listed = await call("GET", "/onboard?limit=200");
  if (!listed.ok) return listed;
  const { items } = z.object({ items: z.array(z.looseObject({ repository: z.string() })) }).parse(listed.value);
  const found = items.find((one) => one.repository === name.toLowerCase());
  return found ? { ok: true, value: found } : refused(said(404, "not-found", "This repository was not onboarded; use onboard-project."));
}

function asText(view: Onboarding): string {
  const head = `Onboarding ${view.id} of ${view.repository}: ${view.status}${view.activity ? ` (${view.phase}: ${view.activity})` : ""}. ${view.explain}`;
  const done = view.completed.map(({ activity: what, summary, at }) => `- done: ${what}, ${summary} (${readable(at)})`);
  const checks = view.permissions
    .filter(({ result }) => result !== "works")
    .map(({ name, result, detail, fix }) => `- permission ${name} ${result}: ${detail}${fix ? ` To mend it: ${fix}` : ""}`);
  const failed = view.error
    ? [`Failed in ${view.error.activity} (${view.error.reason}): ${view.error.message}`, `To go on: ${view.error.fix}`]
    : [];
  return [head, ...done, ...checks, ...failed, ...loginText(view)].join("\n");
}

function loginText({ status, login, repository: name }: Onboarding): string[] {
  if (status !== "waiting_auth" || !login) return [];
  if (login.mode === "device")
    return [`The person opens ${login.deviceUrl} and types the code ${login.userCode} there. Then call submit-oauth-code.`];
  if (login.mode === "runner")
    return [`On the machine of runner ${login.runner} the person runs: ${login.command} Then call submit-oauth-code.`];
  return [
    `The person pushes an API key: mesh credentials push ${name}, or on the dashboard. Never through this conversation. Then call submit-oauth-code.`,
  ];
}
